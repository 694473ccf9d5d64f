-- Standard management as counted earlier: as many visits as whole stretches of so many days under management in the window.
with managed as materialized ({managed}),
seen as (
    select v.resident_id, count(*) as visits
    from care.visit_now v
    where v.resident_id in (select m.resident_id from managed m) and v.programme = %(condition)s
      and v.visited_at >= %(begin_at)s and v.visited_at < %(until_at)s
      and v.mode = any(%(modes)s) and v.lost_why is null
    group by 1
),
judged as (
    select m.*, coalesce(s.visits, 0) as visits,
        (%(until)s::date - greatest(m.managed_from, %(begin)s::date)) / %(days_a_visit)s as owed
    from managed m left join seen s using (resident_id)
)
select resident_id, station_id, null::text as slice, (out_why is null)::integer as denominator,
    (out_why is null and visits >= owed)::integer as numerator,
    coalesce(out_why, case when visits >= owed then 'visited_often_enough' else 'too_few_visits' end) as why
from judged
