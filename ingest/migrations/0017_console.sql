-- What the console needs: notes on a resident, who is looking at whom, and the ways its lists are read.
create index resident_of_station on care.resident (station_id);

-- A note on a resident. Never changed: an edit is the next version, and what was written before stays readable.
create table care.note (
    note_id      bigint not null,
    version      integer not null check (version > 0),
    resident_id  bigint not null references care.resident,
    written_at   timestamptz not null,
    staff_id     integer not null references care.staff,
    text         text not null check (text <> ''),
    primary key (note_id, version)
);
create index note_of_resident on care.note (resident_id, written_at);
create sequence care.note_number as bigint owned by care.note.note_id;
create rule note_is_append_only_update as on update to care.note do instead nothing;
create rule note_is_append_only_delete as on delete to care.note do instead nothing;

-- The notes as they stand: the latest version of each, with when and by whom it was first written.
create view care.note_now as
    select n.note_id, n.version, n.resident_id, n.text, n.staff_id, n.written_at,
           f.written_at as first_written_at, f.staff_id as first_staff_id
    from care.note n join care.note f on f.note_id = n.note_id and f.version = 1
    where not exists (select 1 from care.note later where later.note_id = n.note_id and later.version > n.version);

-- Who has a resident's page or alert on the screen right now, so that two do not do the same work. Not worth keeping:
-- after a crash the screens say it again within half a minute.
create unlogged table care.looking (
    resident_id  bigint not null,
    staff_id     integer not null references care.staff,
    seen_at      timestamptz not null,
    primary key (resident_id, staff_id)
);

-- Changes reach the screens through NOTIFY: on channel `looking` and, when a task ends, on channel `resident`, with the
-- resident's id as payload. New tasks are dispatched in bulk and are not announced: lists read them when they open.
create function care.looking_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('looking', coalesce(new.resident_id, old.resident_id)::text);
    return null;
end $$;
create trigger looking_changed after insert or delete on care.looking
    for each row execute function care.looking_changed();

create function care.follow_up_ended() returns trigger language plpgsql as $$
begin
    perform pg_notify('resident', new.resident_id::text);
    return null;
end $$;
create trigger follow_up_ended after update of state on care.follow_up
    for each row when (old.state is distinct from new.state) execute function care.follow_up_ended();
