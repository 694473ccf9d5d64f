-- Figures that have left the person level, made by `maixun figures` alone. Pages, files and the API for everybody who may
-- not look at people read this and nothing else; hidden numbers are empty.
create table reporting.figure_release (
    ends        date primary key,            -- the first day after its periods
    revision    integer not null,            -- grows with every change of a number
    counted_at  timestamptz not null,
    periods     text[] not null,             -- "2026-09", "2026Q3", "2026Q3-ytd"
    shown       jsonb not null               -- as api.reporting.released writes it
);

-- What readers were last shown of a period, and what it was counted to be: so that the next release uncovers nothing. Kept
-- by period: a month moves from the release of its quarter to one of its own. No process but `maixun figures` reads it.
create table reporting.figure_memory (
    period      text primary key,
    shown       jsonb not null,
    exact       jsonb not null
);
