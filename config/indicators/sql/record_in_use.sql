-- Records with a service entry (a visit) within so many months before the window's end. The denominator is records.
with served as (
    select distinct v.resident_id from care.visit_now v
    where v.visited_at < %(until_at)s and v.visited_at >= %(until_at)s - make_interval(months => %(months)s)
      and v.lost_why is null and v.resident_id in (select r.resident_id from {residents} r)
),
judged as (
    select r.resident_id, r.station_id, case
        {left}
        when r.record_opened_on is null or r.record_opened_on >= %(until)s then 'no_record'
        when s.resident_id is null then 'record_unused'
        else 'record_used' end as why
    from {residents} r left join served s using (resident_id)
)
select resident_id, station_id, null::text as slice, (why in ('record_unused', 'record_used'))::integer as denominator,
    (why = 'record_used')::integer as numerator, why
from judged
