-- What is wrong with something that is not a person: a meter, a gateway, a station's counts, an empty rota. One not-closed
-- incident per subject and cause, every change a row. Whom it is for is a role; nothing here names or describes a person.
create table care.incident (
    incident_id   bigint generated always as identity primary key,
    subject_kind  text not null check (subject_kind in ('gateway', 'device', 'station', 'rota')),
    subject       text not null,             -- gateway name, meter address, station id
    cause         text not null,             -- e.g. gateway_silent, battery_low, clock_wrong, fever_cluster, nobody_on_duty
    audience      care.role not null,        -- technician, cdc, station_lead, admin
    station_id    integer references care.station,
    tier          smallint not null check (tier between 1 and 4),
    state         text not null check (state in ('open', 'acknowledged', 'closed')),
    revision      integer not null default 1,          -- compare-and-set, as with episodes
    opened_at     timestamptz not null,
    changed_at    timestamptz not null,
    returns_at    timestamptz,               -- an acknowledgement ends then
    finding       jsonb not null,            -- {says: {zh, en}, …}: what is wrong, the figures behind it, what to do
    staff_id      integer references care.staff,       -- acknowledged by
    outcome       text
);
create unique index one_incident_per_cause on care.incident (subject_kind, subject, cause) where state <> 'closed';
create index incident_not_closed on care.incident (audience, tier, opened_at) where state <> 'closed';

create table care.incident_event (
    incident_id  bigint not null,
    revision     integer not null,
    at           timestamptz not null,
    actor        text not null,              -- "engine" or "staff:<id>"
    from_state   text,
    to_state     text not null,
    note         text,
    finding      jsonb,
    primary key (incident_id, revision)
);

-- Changes reach the screens and the senders through NOTIFY on channel `incident`: "<incident_id> <revision>".
create function care.incident_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('incident', new.incident_id || ' ' || new.revision);
    return null;
end $$;
create trigger incident_changed after insert or update on care.incident
    for each row execute function care.incident_changed();
