-- When somebody's weeks of readings are looked at next: some minutes after a reading, and when an agreed measurement would
-- be missing. One row a person; while a review is under way `due_at` lies a lease ahead, so a crash repeats it.
create table care.review (
    resident_id  bigint primary key references care.resident,
    due_at       timestamptz                 -- null: only a new reading asks for one
);
create index review_due on care.review (due_at) where due_at is not null;
insert into care.review (resident_id, due_at) select distinct resident_id, now() from care.contract;

-- A doctor's own limits for one resident. They win over the rule's for readings of these days, and end by themselves. One a
-- rule; setting another ends the one before. Rows are ended, never changed or deleted.
create table care.threshold_override (
    override_id  bigint generated always as identity primary key,
    resident_id  bigint not null references care.resident,
    rule         text not null,              -- a name of config/rules/
    limits       jsonb not null,             -- {metric: limit}, canonical units
    reason       text not null check (reason <> ''),
    valid_from   date not null,
    ends_on      date not null check (ends_on > valid_from),   -- the first day it no longer holds
    staff_id     integer not null references care.staff,
    made_at      timestamptz not null,
    ended_at     timestamptz,
    ended_by     integer references care.staff,
    ended_why    text,
    check ((ended_at is null) = (ended_by is null))
);
create unique index one_override_per_rule on care.threshold_override (resident_id, rule) where ended_at is null;
