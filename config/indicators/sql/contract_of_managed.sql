-- A family doctor's contract (签约) in force on the window's last day, among those under management.
with managed as materialized ({managed}),
signed as (
    select distinct c.resident_id from care.contract c where c.signed_on < %(until)s and c.ends_on >= %(until)s
      and c.resident_id in (select m.resident_id from managed m)
)
select m.resident_id, m.station_id, null::text as slice, (m.out_why is null)::integer as denominator,
    (m.out_why is null and s.resident_id is not null)::integer as numerator,
    coalesce(m.out_why, case when s.resident_id is null then 'no_contract' else 'contract' end) as why
from managed m left join signed s using (resident_id)
