-- Sessions, failed sign-ins, and the record of every look at a person.
create table care.session (
    token_hash  bytea primary key,           -- SHA-256 of the cookie
    staff_id    integer not null references care.staff,
    created_at  timestamptz not null,
    seen_at     timestamptz not null,
    expires_at  timestamptz not null
);

create table care.sign_in_failure (
    login    text not null,
    address  text not null,
    at       timestamptz not null
);
create index sign_in_failure_recent on care.sign_in_failure (at);

create table care.audit (
    audit_id     bigint generated always as identity primary key,
    at           timestamptz not null,
    staff_id     integer not null,
    resident_id  bigint,
    action       text not null,              -- e.g. resident.view, episode.close, held.release
    detail       jsonb not null default '{}'
);
create index audit_of_resident on care.audit (resident_id, at);
create rule audit_is_append_only_update as on update to care.audit do instead nothing;
create rule audit_is_append_only_delete as on delete to care.audit do instead nothing;
