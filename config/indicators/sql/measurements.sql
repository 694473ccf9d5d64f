-- How much is measured, by kind: readings of a person count at the person's own station.
select r.resident_id, r.station_id, p.kind::text as slice, 0 as denominator, sum(p.readings)::integer as numerator,
    'measured' as why
from reporting.person_month p join {residents} r using (resident_id)
where p.month >= %(begin)s and p.month < %(until)s
group by 1, 2, 3
