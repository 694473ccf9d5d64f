-- An alert is an episode: one not-closed episode per resident and cause, every change a row that says who, when and why.
create type care.episode_state as enum ('confirming', 'open', 'acknowledged', 'shelved', 'closed');

create table care.episode (
    resident_id  bigint not null references care.resident,
    episode_id   bigint generated always as identity unique,
    cause        text not null,              -- e.g. blood_pressure_high
    tier         smallint not null check (tier between 1 and 4),
    state        care.episode_state not null,
    revision     integer not null default 1, -- compare-and-set: every change asks for the revision it saw
    began_at     timestamptz not null,       -- when the first reading was measured
    opened_at    timestamptz,                -- when a doctor could first see it
    changed_at   timestamptz not null,
    due_at       timestamptz,                -- the engine must look again then
    returns_at   timestamptz,                -- an acknowledgement or a shelf ends then, and the episode is open again
    finding      jsonb not null,             -- the explanation: rule, readings, threshold, document, sentences
    doctor_id    integer,                    -- acknowledged by
    outcome      text,
    primary key (resident_id, episode_id)
);
create unique index one_episode_per_cause on care.episode (resident_id, cause) where state <> 'closed';
create index episode_due on care.episode (due_at) where due_at is not null;
create index episode_not_closed on care.episode (state, tier, opened_at) where state <> 'closed';

create table care.episode_event (
    resident_id  bigint not null,
    episode_id   bigint not null,
    revision     integer not null,
    at           timestamptz not null,
    actor        text not null,              -- "engine" or "staff:<id>"
    from_state   care.episode_state,
    to_state     care.episode_state not null,
    why          text not null,
    note         text,
    finding      jsonb,
    primary key (resident_id, episode_id, revision)
);

-- Changes reach the screens through NOTIFY on channel `episode`: the payload is "<resident_id> <episode_id> <revision>".
create function care.episode_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('episode', new.resident_id || ' ' || new.episode_id || ' ' || new.revision);
    return null;
end $$;
create trigger episode_changed after insert or update on care.episode
    for each row execute function care.episode_changed();
