-- The mean of all blood pressures at home in the window, for whoever has enough of them. Never mixed with visits.
with managed as materialized ({managed}),
home as (
    select p.resident_id, sum(p.pressures) as n, sum(p.systolic_sum) as systolic, sum(p.diastolic_sum) as diastolic
    from reporting.person_month p
    where p.month >= %(begin)s and p.month < %(until)s and p.kind = 'blood_pressure' and p.setting = 'home'
      and p.resident_id in (select m.resident_id from managed m)
    group by 1
),
judged as (
    select m.resident_id, m.station_id, m.out_why, coalesce(m.out_why, case
        when coalesce(h.n, 0) = 0 then 'not_measured'
        when h.n < %(readings)s then 'measured_too_little'
        when h.systolic {boundary} h.n * 10 * %(systolic)s and h.diastolic {boundary} h.n * 10 * %(diastolic)s then 'controlled'
        else 'not_controlled' end) as why
    from managed m left join home h using (resident_id)
)
select resident_id, station_id, null::text as slice, (why in ('controlled', 'not_controlled'))::integer as denominator,
    (why = 'controlled')::integer as numerator, why
from judged
