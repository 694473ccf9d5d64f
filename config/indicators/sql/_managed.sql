-- Everybody with the condition %(condition)s, and why somebody is not under management (在管) on the window's last day.
-- `out_why` null: counts in the denominator.
select r.resident_id, r.station_id, r.birth_date, k.managed_from,
    case
        {left}
        when k.managed_from is null or k.managed_from >= %(until)s then 'not_managed'
        when k.managed_until < %(until)s and not coalesce(k.managed_until >= r.left_on, false) then 'management_ended'
    end as out_why
from {residents} r join care.condition k using (resident_id)
where k.condition = %(condition)s
