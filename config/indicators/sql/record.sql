-- A health record (居民健康档案) opened before the window's end, for everybody who has lived here for six months (常住).
with judged as (
    select r.resident_id, r.station_id, case
        {left}
        when r.resident_since > %(until)s::date - make_interval(months => %(months_of_residence)s) then 'not_resident_yet'
        when r.record_opened_on is null or r.record_opened_on >= %(until)s then 'no_record'
        else 'record' end as why
    from {residents} r
)
select resident_id, station_id, null::text as slice, 0 as denominator, (why = 'record')::integer as numerator, why
from judged
