-- Questions about data quality (数据质量), as last looked for: one look replaces the one before. Read by supervision.
create table reporting.question (
    question_id  bigint generated always as identity primary key,
    asked_at     timestamptz not null,
    pattern      text not null,              -- ingest.authenticity.question.Pattern
    station_id   integer not null references care.station,
    staff_id     integer references care.staff,      -- null: the station as a whole
    records      integer not null,
    estimate     double precision not null,
    low          double precision not null,  -- 95 % interval
    high         double precision not null,
    expected     double precision not null,
    keys         text[] not null             -- "visit:<id>", "reading:<uuid>": what is behind it, for who may see it
);

create table reporting.question_look (
    looked_at  timestamptz primary key,
    questions  integer not null
);
