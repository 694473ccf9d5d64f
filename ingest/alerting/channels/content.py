"""What a claimed notice is about and where it goes, read from the database just before it is sent."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.alerting.channels.message import Content
from ingest.alerting.channels.outbox import Claimed
from ingest.alerting.channels.outcome import MendAddress
from ingest.alerting.store import Connection
from ingest.identity import unseal

_EPISODE = """
select e.state::text, e.tier, g.since, s.name, p.name_sealed, e.cause, null
from care.episode e join care.resident r using (resident_id) join care.station s using (station_id)
left join identity.person p using (resident_id)
join care.escalation g on g.matter = 'episode' and g.number = e.episode_id
where e.episode_id = %s"""
_INCIDENT = """
select i.state, i.tier, g.since, s.name, null, null, i.finding -> 'says' ->> 'zh'
from care.incident i left join care.station s using (station_id)
join care.escalation g on g.matter = 'incident' and g.number = i.incident_id
where i.incident_id = %s"""


def content(connection: Connection, claimed: Claimed, causes: Mapping[str, str], key: bytes) -> Content | None:
    """What to say; None if the matter is not open any more. `causes` are their names in words."""
    query = _EPISODE if claimed.matter == "episode" else _INCIDENT
    row = connection.execute(query, [claimed.number]).fetchone()
    if row is None or row[0] != "open":
        return None
    _, tier, since, station, name_sealed, cause, says = row
    return Content(
        notice_id=claimed.notice_id,
        kind=claimed.matter,
        number=claimed.number,
        tier=tier,
        level=claimed.level,
        since=since,
        station=station,
        name=unseal(bytes(name_sealed), key) if name_sealed else None,
        cause=causes.get(cause, cause) if cause else None,
        says=says,
        repeated=claimed.repeated,
    )


def address(connection: Connection, claimed: Claimed, kind: str | None, key: bytes) -> str:
    """Where the person is reached; empty where the channel needs none. Raises `MendAddress`."""
    if kind is None or claimed.staff_id is None:
        return ""
    query = "select address_sealed from identity.contact where staff_id = %s and kind = %s"
    row = connection.execute(query, [claimed.staff_id, kind]).fetchone()
    if row is None:
        raise MendAddress("the person has no contact of this kind")
    return unseal(bytes(row[0]), key)
