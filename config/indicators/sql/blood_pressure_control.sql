-- The latest blood pressure taken at a visit in the window, against the limits for the age on that day. A visit that found
-- nobody (失访) after it counts as not controlled. Home and kiosk readings never enter.
with managed as materialized ({managed}),
bounds as materialized (
    select * from jsonb_to_recordset(%(limits)s) as l(from_age integer, below_age integer, systolic integer, diastolic integer)
),
latest as (
    select distinct on (v.resident_id) v.resident_id, v.visited_at, v.systolic, v.diastolic, v.lost_why
    from care.visit_now v
    where v.resident_id in (select m.resident_id from managed m) and v.programme = %(condition)s
      and v.visited_at >= %(begin_at)s and v.visited_at < %(until_at)s
      and (v.lost_why is not null or (v.mode = any(%(modes)s) and v.systolic is not null and v.diastolic is not null))
    order by v.resident_id, v.visited_at desc, v.visit_id desc
),
aged as materialized (
    select m.resident_id, m.station_id, m.out_why, v.resident_id as visited, v.lost_why, v.systolic, v.diastolic,
        reporting.age_on(m.birth_date, reporting.local(v.visited_at)::date) as age
    from managed m left join latest v using (resident_id)
),
judged as materialized (
    select a.resident_id, a.station_id, a.out_why, coalesce(a.out_why, case
        when a.visited is null then 'no_measurement'
        when a.lost_why is not null then 'lost'
        when exists (select from bounds l
            where a.age >= coalesce(l.from_age, 0) and a.age < coalesce(l.below_age, 1000)
              and a.systolic {boundary} l.systolic and a.diastolic {boundary} l.diastolic) then 'controlled'
        else 'not_controlled' end) as why
    from aged a
)
select resident_id, station_id, null::text as slice,
    (out_why is null and (why <> 'lost' or %(lost_counts)s))::integer as denominator,
    (why = 'controlled')::integer as numerator, why
from judged
