-- Every reading ever received, once, and what became of it.
create type telemetry.outcome as enum ('accepted', 'quarantined', 'rejected');
create type telemetry.kind as enum
    ('blood_pressure', 'glucose', 'continuous_glucose', 'body', 'temperature', 'oximetry', 'heart_rate', 'lipids', 'ecg');
create type telemetry.clock as enum ('exact', 'corrected', 'assumed', 'unusable');
create type telemetry.meal as enum ('fasting', 'before_meal', 'after_meal', 'casual', 'bedtime');

-- Invariant: accepted = rows of reading; quarantined, rejected = rows of held. Ids are time-ordered (devices.identity).
create table telemetry.ledger (
    reading_id   uuid primary key,
    outcome      telemetry.outcome not null,
    reason       text,
    gateway      text not null,
    received_at  timestamptz not null
);

-- One measurement a row, canonical units (config/metrics.yaml); a hypertable by measured_at where TimescaleDB is there.
-- No foreign key leaves this table: it must be able to become a hypertable or a distributed table.
create table telemetry.reading (
    resident_id   bigint not null,
    measured_at   timestamptz not null,
    reading_id    uuid not null,
    received_at   timestamptz not null,      -- by the gateway
    kind          telemetry.kind not null,
    setting       telemetry.setting not null,
    clock         telemetry.clock not null check (clock <> 'unusable'),
    meal          telemetry.meal,
    flags         integer not null default 0,  -- devices.reading.Flag
    device_id     integer not null,
    station_id    integer not null,
    systolic real, diastolic real, mean_arterial real, pulse real,
    glucose real,
    weight real, height real, bmi real, waist real, body_fat real, muscle real, body_water real, impedance real, basal_metabolism real,
    temperature real,
    spo2 real,
    total_cholesterol real, hdl real, ldl real, triglycerides real,
    raw           text not null,             -- "<characteristic>:<hex>[+…]" as the meter sent it
    primary key (resident_id, measured_at, reading_id)
);

-- What is not a reading: quarantined may yet become one, rejected holds no usable measurement. Nothing is thrown away.
create table telemetry.held (
    reading_id   uuid primary key,
    outcome      telemetry.outcome not null check (outcome <> 'accepted'),
    reason       text not null,
    gateway      text not null,
    device       text,
    item         jsonb,                      -- the reading as it came, where it could be read at all
    payload      bytea,                      -- else the message's own bytes
    received_at  timestamptz not null
);
create index held_by_reason on telemetry.held (reason, received_at);
create index held_by_device on telemetry.held (device);

-- Who has something new to evaluate. Only appended to by ingest, so that it never waits for the alerting engine.
create table telemetry.work (
    work_id      bigint generated always as identity primary key,
    resident_id  bigint not null
);
create index work_of_resident on telemetry.work (resident_id);

create table telemetry.gateway_status (
    gateway  text primary key,
    online   boolean not null,
    seen_at  timestamptz not null,
    status   jsonb not null
);
