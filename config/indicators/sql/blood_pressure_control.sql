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
judged as (
    select m.resident_id, m.station_id, coalesce(m.out_why, case
        when v.resident_id is null then 'no_measurement'
        when v.lost_why is not null then 'lost'
        when exists (select from bounds l
            where reporting.age_on(m.birth_date, reporting.local(v.visited_at)::date) >= coalesce(l.from_age, 0)
              and reporting.age_on(m.birth_date, reporting.local(v.visited_at)::date) < coalesce(l.below_age, 1000)
              and v.systolic {boundary} l.systolic and v.diastolic {boundary} l.diastolic) then 'controlled'
        else 'not_controlled' end) as why, m.out_why
    from managed m left join latest v using (resident_id)
)
select resident_id, station_id, null::text as slice,
    (out_why is null and (why <> 'lost' or %(lost_counts)s))::integer as denominator,
    (why = 'controlled')::integer as numerator, why
from judged
