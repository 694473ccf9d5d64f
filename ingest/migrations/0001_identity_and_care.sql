-- People, staff, stations, meters: who a reading belongs to and who must act on it.
create schema identity;   -- names and keyed hashes; only the API reads it
create schema care;
create schema telemetry;

create table care.station (
    station_id   integer generated always as identity primary key,
    name         text not null unique,
    township     text not null,
    region_code  text not null check (region_code ~ '^[0-9]{12}$')   -- 统计用区划代码
);

create type care.role as enum ('doctor', 'station_lead', 'cdc', 'technician', 'admin');

create table care.staff (
    staff_id       integer generated always as identity primary key,
    login          text not null unique check (login ~ '^[a-z0-9._-]{2,40}$'),
    display_name   text not null,
    role           care.role not null,
    station_id     integer references care.station,
    password_hash  text not null,            -- argon2id
    active         boolean not null default true
);

create table care.resident (
    resident_id   bigint generated always as identity primary key,
    token         uuid not null unique default gen_random_uuid(),  -- the pseudonym that travels
    birth_date    date not null,
    sex           text not null check (sex in ('female', 'male', 'unknown')),  -- FHIR administrative-gender
    station_id    integer not null references care.station,
    doctor_id     integer references care.staff,                   -- the contracted family doctor (签约家庭医生)
    hypertension  boolean not null default false,
    diabetes      boolean not null default false,
    lives_alone   boolean not null default false
);
create index resident_of_doctor on care.resident (doctor_id);

create table identity.person (
    resident_id     bigint primary key references care.resident,
    name_sealed     bytea not null,          -- AES-GCM; the key lies outside the database
    id_number_hash  bytea unique             -- HMAC-SHA256; the number itself is never stored
);

create table care.device (
    device_id      integer generated always as identity primary key,
    address        text not null unique,     -- as on the wire: Bluetooth address or serial number
    model          text not null,
    registered_at  timestamptz not null
);

create type telemetry.setting as enum ('home', 'kiosk', 'station', 'school', 'enterprise');

-- Who held a meter (or one memory slot of it) from when on. The row in force at t is the latest with valid_from <= t,
-- so a history is never ambiguous and an end is a row without a resident. A shared meter (kiosk) never has a resident:
-- there the reading itself names its person. user_slot null: the whole meter.
create table care.assignment (
    device_id    integer not null references care.device,
    user_slot    smallint,
    valid_from   timestamptz not null,
    resident_id  bigint references care.resident,
    setting      telemetry.setting not null,
    station_id   integer not null references care.station,
    unique nulls not distinct (device_id, user_slot, valid_from)
);

-- One number that grows with every change to devices, assignments or tokens; ingest compares it once a batch.
create table care.roster_version (
    singleton  boolean primary key default true check (singleton),
    version    bigint not null default 0
);
insert into care.roster_version default values;

create function care.roster_changed() returns trigger language plpgsql as $$
begin
    update care.roster_version set version = version + 1;
    return null;
end $$;
create trigger roster_changed after insert or update or delete on care.device
    for each statement execute function care.roster_changed();
create trigger roster_changed after insert or update or delete on care.assignment
    for each statement execute function care.roster_changed();
create trigger roster_changed after insert or update of token or delete on care.resident
    for each statement execute function care.roster_changed();
