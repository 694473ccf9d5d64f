-- Among people never diagnosed, measured where screening happens and not suspect: those with at least one value that puts
-- them at high risk (高危). Whoever is suspect is counted by suspected.sql and is nobody's risk here, so that the two add up.
with bounds as materialized (
    select * from jsonb_to_recordset(%(limits)s) as l(setting telemetry.setting, systolic real, diastolic real, fasting real,
        risk_systolic real, risk_diastolic real, risk_fasting real)
),
measured as (
    select p.resident_id,
        bool_or(p.systolic_max >= l.systolic or p.diastolic_max >= l.diastolic or p.fasting_max >= l.fasting) as suspect,
        bool_or(p.systolic_max {boundary} l.risk_systolic or p.diastolic_max {boundary} l.risk_diastolic
            or p.fasting_max {boundary} l.risk_fasting) as at_risk
    from reporting.person_month p join bounds l using (setting)
    where p.month >= %(begin)s and p.month < %(until)s and p.kind = %(kind)s::telemetry.kind
      and (p.pressures > 0 or p.fasting > 0)
    group by 1
),
judged as (
    select r.resident_id, r.station_id, case
        when exists (select from care.condition k where k.resident_id = r.resident_id and k.condition = %(condition)s
            and coalesce(k.diagnosed_on, k.managed_from, '-infinity') < %(begin)s) then 'diagnosed_before'
        {left}
        when reporting.age_on(r.birth_date, %(until)s::date - 1) < %(from_age)s then 'too_young'
        when coalesce(m.suspect, false) then 'suspected'
        when coalesce(m.at_risk, false) then 'high_risk'
        else 'not_high_risk' end as why
    from measured m join {residents} r using (resident_id)
)
select resident_id, station_id, null::text as slice, (why in ('high_risk', 'not_high_risk'))::integer as denominator,
    (why = 'high_risk')::integer as numerator, why
from judged
