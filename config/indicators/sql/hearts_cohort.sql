-- Simple's quarterly cohort: whoever was registered in the quarter before, and what became of them in the window's last quarter.
with quarter as (
    select date_trunc('quarter', %(until)s::date - 1)::date as begins
),
cohort as (
    select r.resident_id, r.station_id, r.left_on, r.left_why
    from {residents} r join care.condition k using (resident_id), quarter
    where k.condition = %(condition)s and k.managed_from >= begins - interval '3 months' and k.managed_from < begins
),
visit as (
    select v.*, reporting.local(v.visited_at) as at from care.visit_now v, quarter
    where v.resident_id in (select c.resident_id from cohort c) and v.lost_why is null
      and v.visited_at >= begins::timestamp at time zone 'Asia/Shanghai' and v.visited_at < %(until_at)s
),
pressure as (
    select distinct on (resident_id) resident_id, systolic, diastolic from visit
    where systolic is not null and diastolic is not null order by resident_id, visited_at desc, visit_id desc
),
judged as (
    select c.resident_id, c.station_id, case
        when c.left_on < %(until)s and c.left_why = 'died' then 'died'
        when c.left_on < %(until)s and c.left_why = 'moved' and not %(moved_counts)s then 'moved'
        when not exists (select from visit v where v.resident_id = c.resident_id) then 'missed_visit'
        when p.resident_id is null then 'visited_no_bp'
        when p.systolic {boundary} %(systolic)s and p.diastolic {boundary} %(diastolic)s then 'controlled'
        else 'uncontrolled' end as why
    from cohort c left join pressure p using (resident_id)
)
select resident_id, station_id, null::text as slice, (why not in ('died', 'moved'))::integer as denominator,
    (why = %(outcome)s)::integer as numerator, why
from judged
