-- Tasks whose day has passed within the window, and how many of them were done by its end. A person counts once a task.
with task as (
    select f.resident_id, f.programme, count(*) as due,
        count(*) filter (where f.state = 'done' and f.ended_at < %(until_at)s) as done
    from care.follow_up f
    where f.due_on >= %(begin)s and f.due_on < %(until)s and f.state <> 'cancelled' and f.programme = any(%(programmes)s)
    group by 1, 2
),
judged as (
    select r.resident_id, r.station_id, t.programme as slice, t.due, t.done, case
        {left} end as out_why
    from task t join {residents} r using (resident_id)
)
select resident_id, station_id, slice, case when out_why is null then due else 0 end as denominator,
    case when out_why is null then done else 0 end as numerator,
    coalesce(out_why, case when done = due then 'tasks_done' else 'tasks_left' end) as why
from judged
