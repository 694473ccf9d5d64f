-- Who is under management: the numerator alone; the denominator is the expected number of patients.
select m.resident_id, m.station_id, null::text as slice, 0 as denominator,
    (m.out_why is null)::integer as numerator, coalesce(m.out_why, 'managed') as why
from ({managed}) m
