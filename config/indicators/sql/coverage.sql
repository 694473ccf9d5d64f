-- Whoever is under management and measured what the condition asks for, anywhere, at least so often in the window.
with kinds as (select * from jsonb_to_recordset(%(kinds)s) as k(condition text, kind telemetry.kind)),
managed as (
    select r.resident_id, r.station_id, w.kind, case
        {left}
        when k.managed_from is null or k.managed_from >= %(until)s then 'not_managed'
        when k.managed_until < %(until)s and not coalesce(k.managed_until >= r.left_on, false) then 'management_ended' end as out_why
    from {residents} r join care.condition k using (resident_id) join kinds w using (condition)
),
measured as (
    select p.resident_id, p.kind, sum(p.readings) as readings from reporting.person_month p
    where p.month >= %(begin)s and p.month < %(until)s and p.kind in (select kind from kinds)
      and p.resident_id in (select r.resident_id from {residents} r)
    group by 1, 2
)
select m.resident_id, m.station_id, m.kind::text as slice, (m.out_why is null)::integer as denominator,
    (m.out_why is null and coalesce(n.readings, 0) >= %(readings)s)::integer as numerator,
    coalesce(m.out_why, case when coalesce(n.readings, 0) >= %(readings)s then 'measured'
        when n.readings is null then 'not_measured' else 'measured_too_little' end) as why
from managed m left join measured n using (resident_id, kind)
