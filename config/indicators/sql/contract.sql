-- A family doctor's contract in force on the window's last day, among everybody who lives here; the denominator is the
-- population, not the list of residents.
with signed as (
    select distinct c.resident_id from care.contract c where c.signed_on < %(until)s and c.ends_on >= %(until)s
      and c.resident_id in (select r.resident_id from {residents} r)
),
judged as (
    select r.resident_id, r.station_id, case
        {left}
        when r.resident_since > %(until)s::date - make_interval(months => %(months_of_residence)s) then 'not_resident_yet'
        when s.resident_id is null then 'no_contract'
        else 'contract' end as why
    from {residents} r left join signed s using (resident_id)
)
select resident_id, station_id, null::text as slice, 0 as denominator, (why = 'contract')::integer as numerator, why
from judged
