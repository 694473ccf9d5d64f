-- What stands in a resident's health record and is neither a measurement nor an alert: conditions under management,
-- contracts, face-to-face visits and the tasks that ask for them. Indicators count these, never home or kiosk readings.

-- One row a person and condition. Managed (在管) on a day: managed_from <= day and (managed_until is null or day < managed_until).
create table care.condition (
    resident_id    bigint not null references care.resident,
    condition      text not null check (condition in ('hypertension', 'diabetes', 'heart_failure', 'copd')),
    diagnosed_on   date,
    managed_from   date,                     -- null: known, and not in the programme
    managed_until  date check (managed_until > managed_from),
    primary key (resident_id, condition)
);
insert into care.condition (resident_id, condition)
    select resident_id, 'hypertension' from care.resident where hypertension
    union all select resident_id, 'diabetes' from care.resident where diabetes;

alter table care.resident
    drop column hypertension,
    drop column diabetes,
    add column record_opened_on date,        -- 建档日期; null: no health record (居民健康档案) yet
    add column resident_since date,          -- living here since; null: always. 常住 is six months and more
    add column left_on date,                 -- from this day on not counted any more …
    add column left_why text check (left_why in ('died', 'moved')),
    add constraint leaving_has_a_reason check ((left_on is null) = (left_why is null));

-- 家庭医生签约. `package` is one of config/packages.yaml; the basic contract is the package "basic".
create table care.contract (
    contract_id  bigint generated always as identity primary key,
    resident_id  bigint not null references care.resident,
    package      text not null,
    doctor_id    integer not null references care.staff,
    signed_on    date not null,
    ends_on      date not null check (ends_on > signed_on),   -- the first day it no longer holds
    unique (resident_id, package, signed_on)
);

-- A follow-up visit (随访) as the doctor recorded it, in the fields and codes of the national form. Never changed: a
-- correction is the next version with its reason. Only these rows are visits; a home or kiosk reading never is.
create table care.visit (
    visit_id        bigint not null,
    version         integer not null check (version > 0),
    resident_id     bigint not null references care.resident,
    programme       text not null check (programme in ('hypertension', 'diabetes', 'elderly', 'high_risk', 'package')),
    visited_at      timestamptz not null,
    mode            text not null check (mode in ('clinic', 'home', 'phone')),   -- 门诊 / 家庭 / 电话; face to face: the first two
    staff_id        integer not null references care.staff,
    station_id      integer not null references care.station,
    systolic        smallint,                -- mmHg
    diastolic       smallint,
    pulse           smallint,                -- /min
    fasting_glucose real,                    -- mmol/L; only this enters 血糖控制率
    after_meal_glucose real,                 -- mmol/L, two hours after a meal
    hba1c           real,                    -- %
    weight          real,                    -- kg
    height          real,                    -- cm
    waist           real,                    -- cm
    classification  text check (classification in ('controlled', 'uncontrolled', 'adverse_reaction', 'complication')),
    lost_why        text,                    -- 失访原因: nobody was seen; no measurement then
    complete        boolean not null,        -- every field the form requires is filled in
    form            jsonb not null,          -- the whole form: symptoms, lifestyle, medication, where each value came from …
    next_due_on     date,
    recorded_by     integer not null references care.staff,
    recorded_at     timestamptz not null,
    amended_why     text check ((version = 1) = (amended_why is null)),
    entered_in_error boolean not null default false,   -- this version says: there was no such visit
    primary key (visit_id, version)
);
create index visit_of_resident on care.visit (resident_id, programme, visited_at);
create sequence care.visit_number as bigint owned by care.visit.visit_id;
create rule visit_is_append_only_update as on update to care.visit do instead nothing;
create rule visit_is_append_only_delete as on delete to care.visit do instead nothing;

-- The visits as they stand: the latest version of each that has not been taken back.
create view care.visit_now as
    select v.* from care.visit v
    where not v.entered_in_error
      and not exists (select 1 from care.visit later where later.visit_id = v.visit_id and later.version > v.version);

-- A task somebody has to do for a resident by a day (随访任务).
create table care.follow_up (
    follow_up_id   bigint generated always as identity primary key,
    resident_id    bigint not null references care.resident,
    programme      text not null check (programme in ('hypertension', 'diabetes', 'elderly', 'high_risk', 'package')),
    reason         text not null,            -- quarterly, unsatisfactory, referred, emergency, half_yearly, yearly, package:<item>
    due_on         date not null,
    dispatched_at  timestamptz not null,
    doctor_id      integer references care.staff,   -- who shall do it; null: nobody was there to take it, the station lead sees it
    station_id     integer not null references care.station,
    state          text not null default 'open' check (state in ('open', 'done', 'cancelled')),
    revision       integer not null default 1,      -- compare-and-set
    visit_id       bigint,                   -- the visit that did it
    ended_at       timestamptz,
    ended_why      text,
    check ((state = 'open') = (ended_at is null))
);
create unique index one_open_follow_up on care.follow_up (resident_id, programme, reason) where state = 'open';
create index follow_up_of_doctor on care.follow_up (doctor_id, due_on) where state = 'open';
create index follow_up_of_resident on care.follow_up (resident_id, due_on);

create schema reporting;

-- 常住人口 of a station's area by year, from the statistics office: the denominators that no list of residents can give.
create table reporting.population (
    station_id    integer not null references care.station,
    year          smallint not null,
    residents     integer not null check (residents >= 0),
    aged_35       integer not null check (aged_35 between 0 and residents),   -- 35 and over
    aged_65       integer not null check (aged_65 between 0 and aged_35),     -- 65 and over
    source        text not null,
    imported_at   timestamptz not null,
    primary key (station_id, year)
);

-- Whose figures a member of the CDC sees: the region's code without its trailing zeros, e.g. 330108 for a county.
alter table care.staff
    add column region_prefix text check (region_prefix ~ '^[0-9]{2,12}$'),
    add constraint a_region_is_the_cdcs check (region_prefix is null or role = 'cdc');
