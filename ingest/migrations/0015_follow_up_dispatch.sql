-- Follow-up tasks are dispatched by a plan that may run any number of times: each occasion (a period's first day, the
-- visit whose result asks for another, an alert) gives one row, and that row says what became of it.
alter table care.follow_up add column occasion text;      -- null: set by hand
create unique index one_follow_up_an_occasion on care.follow_up (resident_id, programme, reason, occasion);

-- The local day a resident was last planned for; everybody is planned once a day, and at once when something changed.
create table care.follow_up_planned (
    resident_id bigint primary key references care.resident,
    planned_on  date not null
);

-- Something changed that the plan looks at. Appended to by whoever changes it, consumed by the dispatcher.
create table care.follow_up_work (
    work_id     bigint generated always as identity primary key,
    resident_id bigint not null
);

create function care.follow_up_asked() returns trigger language plpgsql as $$
begin
    insert into care.follow_up_work (resident_id) values (new.resident_id);
    return null;
end $$;
create trigger follow_up_asked after insert on care.visit
    for each row execute function care.follow_up_asked();
create trigger follow_up_asked after insert or update on care.condition
    for each row execute function care.follow_up_asked();
create trigger follow_up_asked after insert or update on care.contract
    for each row execute function care.follow_up_asked();
create trigger follow_up_asked after update of doctor_id, station_id, left_on, birth_date on care.resident
    for each row execute function care.follow_up_asked();
create trigger follow_up_asked after insert or update of state, tier on care.episode
    for each row when (new.tier = 1 and new.state <> 'confirming') execute function care.follow_up_asked();

-- A doctor who leaves: all residents are planned anew.
create function care.staff_left() returns trigger language plpgsql as $$
begin
    insert into care.follow_up_work (resident_id)
        select resident_id from care.resident where doctor_id = new.staff_id;
    return null;
end $$;
create trigger staff_left after update of active on care.staff
    for each row when (old.active is distinct from new.active) execute function care.staff_left();
