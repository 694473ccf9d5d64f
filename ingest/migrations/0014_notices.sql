-- Escalation and its outbox. A matter is an episode or an incident that somebody must take up.

-- Appended by triggers in the transaction of the change, consumed by `maixun notify`: nobody waits for anybody's row lock.
create table care.escalation_work (
    work_id  bigint generated always as identity primary key,
    matter   text not null check (matter in ('episode', 'incident')),
    number   bigint not null                  -- episode_id or incident_id
);

-- How far the escalation of a matter is. A round begins when the matter opens, comes back, or becomes more severe.
create table care.escalation (
    matter    text not null check (matter in ('episode', 'incident')),
    number    bigint not null,
    round     integer not null default 0,     -- the matter's revision with which the round began; 0: not looked at yet
    tier      smallint not null default 4,
    since     timestamptz,                    -- time limits count from here
    level     smallint not null default 0,    -- steps done
    unanswered boolean not null default false, -- all steps are done and nobody took it up
    due_at    timestamptz,                    -- the next step; null: nothing to come
    primary key (matter, number)
);
create index escalation_due on care.escalation (due_at) where due_at is not null;

create function care.matter_changed() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'episode' then
        insert into care.escalation_work (matter, number) values ('episode', new.episode_id);
    else
        insert into care.escalation_work (matter, number) values ('incident', new.incident_id);
    end if;
    return null;
end $$;
create trigger episode_opens after insert on care.episode
    for each row when (new.state = 'open') execute function care.matter_changed();
create trigger episode_moves after update on care.episode
    for each row when (new.state <> old.state or new.tier <> old.tier) execute function care.matter_changed();
create trigger incident_opens after insert on care.incident
    for each row when (new.state = 'open') execute function care.matter_changed();
create trigger incident_moves after update on care.incident
    for each row when (new.state <> old.state or new.tier <> old.tier) execute function care.matter_changed();

-- What waits since before there was an escalation is taken up too.
insert into care.escalation_work (matter, number) select 'episode', episode_id from care.episode where state = 'open';
insert into care.escalation_work (matter, number) select 'incident', incident_id from care.incident where state = 'open';

-- The outbox, and for good the log: who was told what, when, by which channel. Never deleted.
create table care.notice (
    notice_id    bigint generated always as identity primary key,
    matter       text not null check (matter in ('episode', 'incident')),
    number       bigint not null,
    round        integer not null,
    level        smallint not null,
    staff_id     integer references care.staff,   -- null: a group
    resident_id  bigint,
    entitles     boolean not null default false,  -- told, and not the family doctor: may see the resident until it is closed
    channel      text not null,               -- a name in config/channels.yaml
    state        text not null default 'waiting' check (state in ('waiting', 'claimed', 'sent', 'failed', 'cancelled')),
    not_before   timestamptz not null,
    attempts     smallint not null default 0,
    lease_until  timestamptz,                 -- claimed: when somebody else may take it over
    repeated     boolean not null default false,  -- its sender vanished between claim and mark: it may have arrived twice
    sent_at      timestamptz,
    error        text,                        -- why it failed, or why it is tried again
    created_at   timestamptz not null,
    check ((state = 'sent') = (sent_at is not null)),
    unique nulls not distinct (matter, number, round, level, staff_id, channel)
);
create index notice_to_send on care.notice (channel, not_before) where state in ('waiting', 'claimed');
create index notice_entitles on care.notice (staff_id) where entitles;
create index notice_of_staff on care.notice (staff_id, created_at);

-- Every attempt: the rate limits count these, over all processes.
create table care.notice_attempt (
    notice_id  bigint not null references care.notice,
    attempt    smallint not null,
    channel    text not null,
    began_at   timestamptz not null,
    ended_at   timestamptz,
    outcome    text check (outcome in ('sent', 'temporary', 'permanent', 'recipient')),
    error      text,
    primary key (notice_id, attempt)
);
create index notice_attempt_recent on care.notice_attempt (channel, began_at);

alter table care.incident drop constraint incident_subject_kind_check;
alter table care.incident add constraint incident_subject_kind_check
    check (subject_kind in ('gateway', 'device', 'station', 'rota', 'channel'));
