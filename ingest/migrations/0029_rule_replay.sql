-- Replays of candidate rules that somebody asked for on the page, and what came of them. One runs at a time.
create table care.rule_replay (
    replay_id    bigint generated always as identity primary key,
    asked_by     integer not null references care.staff,
    asked_at     timestamptz not null,
    station_id   integer references care.station,   -- null: the whole county
    first_day    date not null,
    until_day    date not null check (until_day > first_day),   -- the first day left out
    file_name    text,                       -- of the candidate; null: the current rules alone
    candidate    text check ((candidate is null) = (file_name is null)),   -- its YAML
    state        text not null default 'running' check (state in ('running', 'done', 'failed')),
    done         integer not null default 0, -- people so far …
    people       integer not null default 0, -- … of all
    seen_at      timestamptz not null default clock_timestamp(),   -- while it runs: the last sign of life
    why          text,                       -- of a failure
    report       jsonb,
    ended_at     timestamptz
);
create unique index one_replay_at_a_time on care.rule_replay ((true)) where state = 'running';
create index rule_replay_of_station on care.rule_replay (station_id, asked_at);
