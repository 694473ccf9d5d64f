-- What became of somebody never diagnosed whose readings are suspect or at high risk: decided by a doctor, never changed.
create table care.screening_decision (
    decision_id   bigint generated always as identity primary key,
    resident_id   bigint not null references care.resident,
    condition     text not null check (condition in ('hypertension', 'diabetes')),
    outcome       text not null check (outcome in ('referred', 'diagnosed', 'not_confirmed', 'advised')),
    decided_at    timestamptz not null,
    staff_id      integer not null references care.staff,
    diagnosed_on  date check ((outcome = 'diagnosed') = (diagnosed_on is not null)),
    note          text not null check (note <> '')
);
create index screening_decision_of_resident on care.screening_decision (resident_id, condition, decided_at);
create rule screening_decision_is_append_only_update as on update to care.screening_decision do instead nothing;
create rule screening_decision_is_append_only_delete as on delete to care.screening_decision do instead nothing;
