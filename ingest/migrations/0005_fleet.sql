-- Further pseudonyms of residents, and the gateways: how each came in, by which certificate, with which settings.
create table care.person_token (
    token        uuid primary key,           -- as a card or a keyed hash gives it (ingest.identity.pseudonym)
    resident_id  bigint not null references care.resident,
    kind         text not null check (kind in ('card', 'id_number', 'phone'))
);
create index person_token_of_resident on care.person_token (resident_id);
create trigger roster_changed after insert or update or delete on care.person_token
    for each statement execute function care.roster_changed();

create schema fleet;

create table fleet.gateway (
    -- in topics and in its certificate; workers are known to the broker as ingest-1, ingest-2, …
    gateway     text primary key check (gateway ~ '^[A-Za-z0-9_-]{1,64}$' and gateway !~ '^ingest-'),
    station_id  integer not null references care.station,
    created_at  timestamptz not null,
    revoked_at  timestamptz
);

-- A code that lets one machine become this gateway, once. A later code replaces an earlier one.
create table fleet.enrolment (
    gateway     text primary key references fleet.gateway,
    code_hash   bytea not null,              -- SHA-256; the code has 79 random bits, so a fast hash is enough
    expires_at  timestamptz not null,
    claimed_at  timestamptz
);

create table fleet.certificate (
    serial       text primary key,           -- hexadecimal, as in the certificate
    gateway      text not null references fleet.gateway,
    fingerprint  bytea not null unique,      -- SHA-256 of the certificate
    issued_at    timestamptz not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz
);
create index certificate_of_gateway on fleet.certificate (gateway);

-- What a gateway shall set otherwise than its own file says (maixun.pushed). The latest version is the wanted one.
create table fleet.settings (
    gateway      text not null references fleet.gateway,
    version      integer not null check (version > 0),
    settings     jsonb not null,
    created_at   timestamptz not null,
    staff_id     integer not null references care.staff,
    kept_at      timestamptz,                -- the gateway came back with it
    refused_at   timestamptz,                -- it did not, or could not read it, and went back to what it had
    refused_why  text,
    primary key (gateway, version)
);
