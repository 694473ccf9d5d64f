-- Standard management (规范管理): enough visits in every quarter of the window that has ended. Somebody taken into management
-- during a quarter owes it nothing yet; while no quarter has ended, the running one counts. At least one visit in all.
with managed as materialized ({managed}),
quarter as (
    select q::date as begins, (q + interval '3 months')::date as ends
    from generate_series(%(begin)s::timestamp, %(until)s::timestamp - interval '1 day', interval '3 months') q
),
owed as (
    select begins from quarter where ends <= %(until)s
    union all
    select max(begins) from quarter having not bool_or(ends <= %(until)s)
),
seen as (
    select v.resident_id, date_trunc('quarter', reporting.local(v.visited_at))::date as begins, count(*) as visits
    from care.visit_now v
    where v.resident_id in (select m.resident_id from managed m) and v.programme = %(condition)s
      and v.visited_at >= %(begin_at)s and v.visited_at < %(until_at)s
      and v.mode = any(%(modes)s) and v.lost_why is null
    group by 1, 2
),
kept as (
    select s.resident_id, sum(s.visits) as visits,
        count(*) filter (where s.visits >= %(visits_a_quarter)s and s.begins in (select begins from owed)) as quarters,
        array_agg(s.begins) filter (where s.visits >= %(visits_a_quarter)s) as met
    from seen s group by 1
),
judged as materialized (
    select m.*, coalesce(k.visits, 0) as visits,
        (select count(*) from owed o where o.begins >= m.managed_from and not o.begins = any(coalesce(k.met, '{{}}'))) as missing
    from managed m left join kept k using (resident_id)
)
select resident_id, station_id, null::text as slice, (out_why is null)::integer as denominator,
    (out_why is null and visits > 0 and missing = 0)::integer as numerator,
    coalesce(out_why, case when visits = 0 then 'no_visit' when missing > 0 then 'quarter_missed' else 'visited_each_quarter' end) as why
from judged
