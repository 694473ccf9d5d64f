-- Screening yield: among people never diagnosed who were measured where screening happens, those with at least one value
-- that makes them suspect (疑似). From the rollup's maxima: "one or more" needs no more than the highest.
with bounds as materialized (
    select * from jsonb_to_recordset(%(limits)s) as l(setting telemetry.setting, systolic real, diastolic real, fasting real)
),
measured as (
    select p.resident_id,
        bool_or(p.systolic_max {boundary} l.systolic or p.diastolic_max {boundary} l.diastolic
            or p.fasting_max {boundary} l.fasting) as suspect
    from reporting.person_month p join bounds l using (setting)
    where p.month >= %(begin)s and p.month < %(until)s and p.kind = %(kind)s::telemetry.kind
      and (p.pressures > 0 or p.fasting > 0) and p.resident_id in (select r.resident_id from {residents} r)
    group by 1
),
judged as (
    select r.resident_id, r.station_id, case
        when exists (select from care.condition k where k.resident_id = r.resident_id and k.condition = %(condition)s
            and coalesce(k.diagnosed_on, k.managed_from, '-infinity') < %(begin)s) then 'diagnosed_before'
        {left}
        when reporting.age_on(r.birth_date, %(until)s::date - 1) < %(from_age)s then 'too_young'
        when coalesce(m.suspect, false) then 'suspected'
        else 'not_suspected' end as why
    from measured m join {residents} r using (resident_id)
)
select resident_id, station_id, null::text as slice, (why in ('suspected', 'not_suspected'))::integer as denominator,
    (why = 'suspected')::integer as numerator, why
from judged
