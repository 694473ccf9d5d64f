-- The quarterly report (基本公共卫生季报表): a frozen snapshot with the people behind it. What was closed never changes again; a
-- correction is the next version with its reason.
create table reporting.report (
    report_id      integer generated always as identity primary key,
    region_prefix  text not null check (region_prefix ~ '^[0-9]{2,12}$'),
    year           smallint not null,
    quarter        smallint not null check (quarter between 1 and 4),
    version        integer not null check (version > 0),
    state          text not null default 'draft' check (state in ('draft', 'checked', 'closed')),
    revision       integer not null default 1,         -- compare-and-set
    taken_at       timestamptz not null,               -- when the figures were taken
    tables         jsonb not null,                     -- as api.reporting.table writes them
    definitions    jsonb not null,                     -- every definition version the figures follow, in full
    reason         text check ((version = 1) = (reason is null)),   -- why a closed report is corrected
    made_at        timestamptz not null,
    made_by        integer not null references care.staff,
    checked_at     timestamptz,
    checked_by     integer references care.staff,
    closed_at      timestamptz,
    closed_by      integer references care.staff,
    unique (region_prefix, year, quarter, version),
    check ((state = 'draft') = (checked_at is null)),
    check ((state = 'closed') = (closed_at is not null))
);
create unique index one_report_in_work on reporting.report (region_prefix, year, quarter) where state <> 'closed';

-- Who stands behind a figure: pseudonyms of everybody who was looked at, by station and by how and why they count.
create table reporting.report_basis (
    report_id    integer not null references reporting.report on delete cascade,
    span         text not null check (span in ('quarter', 'year_to_date')),
    indicator    text not null,
    station_id   integer not null references care.station,
    why          text not null,
    denominator  smallint not null,
    numerator    smallint not null,
    persons      uuid[] not null,
    primary key (report_id, span, indicator, station_id, why, denominator, numerator)
);

-- What comparing a station's own ledger with our records gave: numbers only, so that the CDC can see them.
create table reporting.reconciliation (
    reconciliation_id  integer generated always as identity primary key,
    report_id      integer not null references reporting.report on delete cascade,
    span           text not null check (span in ('quarter', 'year_to_date')),
    indicator      text not null,
    station_id     integer references care.station,     -- null: the whole region's ledger
    at             timestamptz not null,
    staff_id       integer not null references care.staff,
    on_both        integer not null,
    ledger_only    integer not null,
    records_only   integer not null,
    unknown        integer not null,
    denominator    integer not null
);
create index reconciliation_of_report on reporting.reconciliation (report_id, at);

create function reporting.closed_stays_closed() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'report' then
        if old.state = 'closed' then
            raise exception 'report % is closed: make a correction', old.report_id using errcode = 'restrict_violation';
        end if;
    elsif exists (select from reporting.report r
                  where r.report_id = coalesce(new.report_id, old.report_id) and r.state <> 'draft') then
        raise exception 'the figures of a report that was checked are fixed' using errcode = 'restrict_violation';
    end if;
    return coalesce(new, old);
end $$;
create trigger closed_stays_closed before update or delete on reporting.report
    for each row execute function reporting.closed_stays_closed();
create trigger closed_stays_closed before insert or update or delete on reporting.report_basis
    for each row execute function reporting.closed_stays_closed();
