-- Everybody under management, a programme each: was a follow-up task dispatched that is due in the window?
with programme as (select unnest(%(conditions)s::text[]) as condition),
managed as (
    select r.resident_id, r.station_id, k.condition, case
        {left}
        when k.managed_from is null or k.managed_from >= %(until)s then 'not_managed'
        when k.managed_until < %(until)s and not coalesce(k.managed_until >= r.left_on, false) then 'management_ended' end as out_why
    from {residents} r join care.condition k using (resident_id) join programme using (condition)
),
task as (
    select distinct f.resident_id, f.programme from care.follow_up f
    where f.due_on >= %(begin)s and f.due_on < date_trunc('quarter', %(until)s::date - 1) + interval '3 months' and f.state <> 'cancelled' and f.dispatched_at < %(until_at)s
)
select m.resident_id, m.station_id, m.condition as slice, (m.out_why is null)::integer as denominator,
    (m.out_why is null and t.resident_id is not null)::integer as numerator,
    coalesce(m.out_why, case when t.resident_id is null then 'no_task' else 'task_dispatched' end) as why
from managed m left join task t on t.resident_id = m.resident_id and t.programme = m.condition
