-- A report's tables for whoever sees no person: what the release of its quarter tells of their numbers, fixed when the figures
-- are taken. A report closed before this shows them nothing; its correction does.
alter table reporting.report
    add shown jsonb not null default '[]',       -- as api.reporting.table writes them
    add waits boolean not null default true;     -- for a release that is made together with it
