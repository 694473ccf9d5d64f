-- Health management of the elderly: a record, and a complete yearly form at a face-to-face visit at which they were old enough.
with examined as (
    select v.resident_id, bool_or(v.complete) as complete,
        bool_or(v.complete and reporting.age_on(r.birth_date, reporting.local(v.visited_at)::date) >= %(from_age)s) as counts
    from care.visit_now v join {residents} r using (resident_id)
    where v.programme = 'elderly' and v.visited_at >= %(begin_at)s and v.visited_at < %(until_at)s
      and v.mode = any(%(modes)s) and v.lost_why is null
    group by 1
),
judged as (
    select r.resident_id, r.station_id, case
        {left}
        when reporting.age_on(r.birth_date, %(until)s::date - 1) < %(from_age)s then 'too_young'
        when r.record_opened_on is null or r.record_opened_on >= %(until)s then 'no_record'
        when e.resident_id is null then 'no_visit'
        when not e.complete then 'form_incomplete'
        when not e.counts then 'too_young'
        else 'examined' end as why
    from {residents} r left join examined e using (resident_id)
)
select resident_id, station_id, null::text as slice, 0 as denominator, (why = 'examined')::integer as numerator, why
from judged
