-- Everybody a programme owes a regular follow-up: under management, a condition each, and of the age of the yearly exam.
-- Was a task dispatched that is due in the window (the exam's: in its year)? One that nobody did was dispatched too.
with mine as materialized ({residents}),
span as (
    select %(begin)s::date as begin, date_trunc('year', %(until)s::date - 1)::date as year,
        (date_trunc('quarter', %(until)s::date - 1) + interval '3 months')::date as quarter_ends,
        (date_trunc('year', %(until)s::date - 1) + interval '1 year')::date as year_ends
),
owed as (
    select r.resident_id, r.station_id, k.condition as programme, case
        {left}
        when k.managed_from is null or k.managed_from >= %(until)s then 'not_managed'
        when k.managed_until < %(until)s and not coalesce(k.managed_until >= r.left_on, false) then 'management_ended'
        when k.managed_from + %(joined_days)s >= s.quarter_ends then 'joined_lately' end as out_why
    from mine r join care.condition k using (resident_id) cross join span s
    where k.condition = any(%(conditions)s)
    union all
    select r.resident_id, r.station_id, 'elderly', case
        {left} end
    from mine r
    where reporting.age_on(r.birth_date, %(until)s::date - 1) >= %(from_age)s
),
task as (
    select distinct f.resident_id, f.programme from mine join care.follow_up f using (resident_id) cross join span s
    where f.due_on >= case f.programme when 'elderly' then s.year else s.begin end
      and f.due_on < case f.programme when 'elderly' then s.year_ends else s.quarter_ends end
      and (f.state <> 'cancelled' or f.ended_why = 'missed') and f.dispatched_at < %(until_at)s
      and f.resident_id in (select o.resident_id from owed o)
)
select o.resident_id, o.station_id, o.programme as slice, (o.out_why is null)::integer as denominator,
    (o.out_why is null and t.resident_id is not null)::integer as numerator,
    coalesce(o.out_why, case when t.resident_id is null then 'no_task' else 'task_dispatched' end) as why
from owed o left join task t on t.resident_id = o.resident_id and t.programme = o.programme
