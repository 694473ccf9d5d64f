-- How much is measured, by kind: readings of a person count at the person's own station.
with measured as (
    select p.resident_id, p.kind, sum(p.readings)::integer as readings from reporting.person_month p
    where p.month >= %(begin)s and p.month < %(until)s and p.resident_id in (select r.resident_id from {residents} r)
    group by 1, 2
)
select r.resident_id, r.station_id, m.kind::text as slice, 0 as denominator, m.readings as numerator, 'measured' as why
from measured m join {residents} r using (resident_id)
