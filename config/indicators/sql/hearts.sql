-- Simple / HEARTS360: everybody ever registered; months are differences of calendar months from the window's last month.
-- The order of the CASE is the definition: missed visit before no measurement before controlled before uncontrolled.
with reference as (
    select (extract(year from %(until)s::date - 1) * 12 + extract(month from %(until)s::date - 1))::integer as month
),
registered as (
    select r.resident_id, r.station_id, r.left_on, r.left_why,
        (select month from reference) - (extract(year from k.managed_from) * 12 + extract(month from k.managed_from))::integer
            as months_since_registration
    from {residents} r join care.condition k using (resident_id)
    where k.condition = %(condition)s and k.managed_from < %(until)s
),
visit as (
    select v.resident_id, max(reporting.local(v.visited_at)) as last
    from care.visit_now v
    where v.resident_id in (select g.resident_id from registered g) and v.visited_at < %(until_at)s and v.lost_why is null
    group by 1
),
pressure as (
    select distinct on (v.resident_id) v.resident_id, reporting.local(v.visited_at) as at, v.systolic, v.diastolic
    from care.visit_now v
    where v.resident_id in (select g.resident_id from registered g) and v.visited_at < %(until_at)s
      and v.systolic is not null and v.diastolic is not null
    order by v.resident_id, v.visited_at desc, v.visit_id desc
),
aged as (
    select g.*, b.systolic, b.diastolic,
        (select month from reference) - (extract(year from v.last) * 12 + extract(month from v.last))::integer as months_since_visit,
        (select month from reference) - (extract(year from b.at) * 12 + extract(month from b.at))::integer as months_since_bp
    from registered g left join visit v using (resident_id) left join pressure b using (resident_id)
),
judged as (
    select resident_id, station_id, months_since_registration, case
        when left_on < %(until)s and left_why = 'died' then 'died'
        when left_on < %(until)s and left_why = 'moved' and not %(moved_counts)s then 'moved'
        when months_since_registration < 12 or months_since_visit < 12 then 'under_care'
        else 'lost_to_follow_up' end as care,
        case
        when months_since_visit is null or months_since_visit >= 3 then 'missed_visit'
        when months_since_bp is null or months_since_bp >= 3 then 'visited_no_bp'
        when systolic {boundary} %(systolic)s and diastolic {boundary} %(diastolic)s then 'controlled'
        else 'uncontrolled' end as outcome
    from aged
)
select resident_id, station_id, null::text as slice,
    (case when %(outcome)s = 'under_care' then care in ('under_care', 'lost_to_follow_up')
          else care = 'under_care' and months_since_registration >= 3 end)::integer as denominator,
    (case when %(outcome)s = 'under_care' then care = 'under_care'
          else care = 'under_care' and months_since_registration >= 3 and outcome = %(outcome)s end)::integer as numerator,
    case when %(outcome)s = 'under_care' or care <> 'under_care' then care
         when months_since_registration < 3 then 'registered_lately' else outcome end as why
from judged
