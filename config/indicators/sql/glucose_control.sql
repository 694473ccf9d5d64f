-- The latest glucose of one kind (%(measure)s: fasting or after_meal) taken at a visit in the window, rounded to the meters'
-- 0.1 mmol/L before it is compared: 126 mg/dL = 6.994 is 7.0. A visit that found nobody after it counts as not controlled.
with managed as materialized ({managed}),
measured as (
    select v.resident_id, v.visited_at, v.visit_id, v.lost_why, v.mode,
        round((case %(measure)s when 'fasting' then v.fasting_glucose else v.after_meal_glucose end)::numeric, 1) as glucose
    from care.visit_now v
    where v.resident_id in (select m.resident_id from managed m) and v.programme = %(condition)s
      and v.visited_at >= %(begin_at)s and v.visited_at < %(until_at)s
),
latest as (
    select distinct on (resident_id) resident_id, glucose, lost_why
    from measured where lost_why is not null or (mode = any(%(modes)s) and glucose is not null)
    order by resident_id, visited_at desc, visit_id desc
),
judged as (
    select m.resident_id, m.station_id, coalesce(m.out_why, case
        when v.resident_id is null then 'no_measurement'
        when v.lost_why is not null then 'lost'
        when v.glucose {boundary} %(limit)s::numeric then 'controlled'
        else 'not_controlled' end) as why, m.out_why
    from managed m left join latest v using (resident_id)
)
select resident_id, station_id, null::text as slice,
    (out_why is null and (why <> 'lost' or %(lost_counts)s))::integer as denominator,
    (why = 'controlled')::integer as numerator, why
from judged
