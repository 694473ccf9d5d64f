-- Readings folded by person and month, so that a county's year answers in milliseconds. Ingest marks what a batch touched
-- in the batch's own transaction; `maixun rollup` folds the marked person-months anew from the readings, so late data is exact.

-- The zone of every figure: a day, a month and a quarter are those of the country, wherever the server stands.
create function reporting.local(at timestamptz) returns timestamp
    language sql immutable parallel safe return at at time zone 'Asia/Shanghai';
create function reporting.month_of(at timestamptz) returns date
    language sql immutable parallel safe return date_trunc('month', at at time zone 'Asia/Shanghai')::date;
create function reporting.age_on(birth_date date, day date) returns integer   -- completed years
    language sql immutable parallel safe return extract(year from age(day, birth_date))::integer;

-- Appended to by ingest, emptied by the folder. No index: nobody looks for a row, and a writer never waits for another.
create table reporting.dirty (
    resident_id  bigint not null,
    month        date not null
);

-- Sums are whole numbers of tenths (0.1 mmHg, 0.1 mmol/L), so that a mean on the limit does not depend on the order of adding.
create table reporting.person_month (
    resident_id    bigint not null,
    month          date not null,
    kind           telemetry.kind not null,
    setting        telemetry.setting not null,
    station_id     integer not null,         -- where it was measured, or whose meter it was
    readings       integer not null,
    pressures      integer not null,         -- readings with both values
    systolic_sum   integer not null,
    diastolic_sum  integer not null,
    systolic_max   real,
    diastolic_max  real,
    fasting        integer not null,         -- glucose readings that say they are fasting
    fasting_sum    integer not null,
    fasting_max    real,                     -- rounded to 0.1 mmol/L
    slots          smallint[] not null,      -- one a reading: (ISO weekday - 1) * 24 + hour
    primary key (resident_id, month, kind, setting, station_id)
);
create index person_month_of_month on reporting.person_month (month);

-- When in the week people measure: kept in step with `slots` in the same transaction.
create table reporting.rhythm (
    station_id  integer not null,
    month       date not null,
    kind        telemetry.kind not null,
    slot        smallint not null check (slot between 0 and 167),
    readings    integer not null,
    primary key (month, station_id, kind, slot)
);

insert into reporting.dirty select distinct resident_id, reporting.month_of(measured_at) from telemetry.reading;
