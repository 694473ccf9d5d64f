-- Tasks whose day has passed within the window, those nobody did among them, and how many were done by its end: on the
-- day of the visit, whenever it was written down. Without late ones only those done by their own day count as done.
with mine as materialized ({residents}),
task as (
    select f.resident_id, f.programme, count(*) as due,
        count(*) filter (where f.state = 'done' and d.done_at < %(until_at)s
            and (%(late_counts)s or reporting.local(d.done_at)::date <= f.due_on)) as done
    from mine join care.follow_up f using (resident_id)
        left join care.visit_now v on v.visit_id = f.visit_id
        cross join lateral (select coalesce(v.visited_at, f.ended_at) as done_at) d
    where f.due_on >= %(begin)s and f.due_on < %(until)s and f.programme = any(%(programmes)s)
      and f.resident_id in (select r.resident_id from {residents} r)
      and (f.state <> 'cancelled' or f.ended_why = 'missed')
    group by 1, 2
),
judged as (
    select r.resident_id, r.station_id, t.programme as slice, t.due, t.done, case
        {left} end as out_why
    from task t join mine r using (resident_id)
)
select resident_id, station_id, slice, case when out_why is null then due else 0 end as denominator,
    case when out_why is null then done else 0 end as numerator,
    coalesce(out_why, case when done = due then 'tasks_done' else 'tasks_left' end) as why
from judged
