-- Figures that have left the person level, made by `maixun figures` alone. Pages, files and the API for everybody who may
-- not look at people read `shown`, in which hidden numbers are empty; `exact` serves a station's lead with the own station,
-- and remembers what readers saw.
create table reporting.figure_release (
    ends        date primary key,            -- the first day after its periods
    revision    integer not null,            -- grows with every change of a number
    counted_at  timestamptz not null,
    periods     text[] not null,             -- "2026-09", "2026Q3", "2026Q3-ytd"
    shown       jsonb not null,              -- as api.reporting.released writes it
    exact       jsonb not null
);
