-- Who is there: leave with a deputy, standing deputies, duty out of hours, and where staff can be reached.

-- A doctor's standing deputy: asked when the doctor does not answer in time. During leave the leave's own deputy counts.
create table care.deputy (
    staff_id    integer primary key references care.staff,
    deputy_id   integer not null references care.staff,
    check (deputy_id <> staff_id)
);

-- Leave. While it lasts the deputy sees the residents and gets the alerts. Never deleted: taken back with a time.
create table care.leave (
    leave_id     bigint generated always as identity primary key,
    staff_id     integer not null references care.staff,
    deputy_id    integer not null references care.staff,
    starts_at    timestamptz not null,
    ends_at      timestamptz not null check (ends_at > starts_at),
    entered_by   integer not null references care.staff,
    entered_at   timestamptz not null,
    cancelled_at timestamptz,
    cancelled_by integer references care.staff,
    check (deputy_id <> staff_id)
);
create index leave_in_force on care.leave (ends_at) where cancelled_at is null;

-- Duty (值班) of a station outside working hours: first line (一线) is told first, second line (二线) when it does not answer.
create table care.duty (
    duty_id      bigint generated always as identity primary key,
    station_id   integer not null references care.station,
    staff_id     integer not null references care.staff,
    line         smallint not null check (line in (1, 2)),
    starts_at    timestamptz not null,
    ends_at      timestamptz not null check (ends_at > starts_at),
    entered_by   integer not null references care.staff,
    entered_at   timestamptz not null,
    cancelled_at timestamptz,
    cancelled_by integer references care.staff
);
create index duty_in_force on care.duty (station_id, ends_at) where cancelled_at is null;

-- Where a member of staff is reached: sealed like a name, the key lies outside the database.
create table identity.contact (
    staff_id        integer not null references care.staff,
    kind            text not null check (kind ~ '^[a-z_]{2,20}$'),   -- mail, mobile, or what a channel asks for
    address_sealed  bytea not null,
    changed_at      timestamptz not null,
    primary key (staff_id, kind)
);
