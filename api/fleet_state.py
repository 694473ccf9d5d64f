"""How gateways and meters are, read from what they said and what is registered. Nobody's name or value is in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field


class Pushed(BaseModel):
    """The settings last wanted of a gateway."""

    version: int
    state: Literal["waiting", "kept", "invalid", "not_heard", "restarted"]


class Gateway(BaseModel):
    """One gateway. What it has not told is null."""

    gateway: str
    station_id: int | None = None
    station: str | None
    revoked: bool
    heard_since_revoked: bool = Field(default=False, description="the broker still takes its certificate")
    online: bool
    seen_at: datetime | None = Field(description="when it last spoke for itself")
    version: str | None
    queued: int | None = Field(description="readings that wait for the server's receipt")
    refused: int | None = Field(description="readings in messages that the server could not open")
    clock_offset: float | None = Field(description="seconds, positive when its clock is ahead of the server's")
    adapter: str | None = Field(description="well, absent, off or silent")
    adapter_says: str | None = Field(description="what the gateway itself says of its adapter, while it is not well")
    settings_in_force: int | None = Field(description="version; 0: its own file")
    settings: Pushed | None
    certificate_until: datetime | None


class Meter(BaseModel):
    """One meter, registered or only heard of, as its last visit left it."""

    address: str
    model: str | None
    registered: bool
    station_id: int | None = None
    station: str | None
    setting: str | None
    gateway: str | None = Field(description="which visited it last")
    last_visit: datetime | None
    battery: int | None = Field(description="per cent")
    clock_error: float | None = Field(description="seconds its clock was ahead when it was last read")
    clock_left: float | None = Field(description="the same after it was set and read back")
    failures: int = Field(description="visits in a row that failed")
    failing_for: str | None = Field(description="what the last of these failed for, as the gateway says")


class WithoutHolder(BaseModel):
    """A meter, or a memory slot of one, that sent readings while it was nobody's; they are held."""

    address: str
    slot: int | None
    reason: str
    gateway: str
    held: int
    last_received: datetime
    earliest: datetime | None = Field(description="when the earliest of them was measured")


_GATEWAYS = """
select gateway, g.station_id, st.name as station, g.revoked_at is not null as revoked,
    coalesce(s.online and s.seen_at > g.revoked_at, false) as heard_since_revoked,
    coalesce(s.online, false) as online, s.seen_at,
    coalesce(s.status, '{}') as status, c.until, w.version, w.kept_at, w.refused_at, w.refused_why
from fleet.gateway g full join telemetry.gateway_status s using (gateway)
left join care.station st using (station_id)
left join lateral (select max(expires_at) as until from fleet.certificate
    where certificate.gateway = g.gateway and revoked_at is null) c on true
left join lateral (select version, kept_at, refused_at, refused_why from fleet.settings
    where settings.gateway = g.gateway order by version desc limit 1) w on true
order by revoked, gateway
"""
_METERS = """
select d.address, d.model, p.station_id, p.station, p.setting::text from care.device d
left join lateral (select station_id, st.name as station, a.setting from care.assignment a
    join care.station st using (station_id) where a.device_id = d.device_id and a.valid_from <= %s
    order by a.valid_from desc limit 1) p on true
"""
_WITHOUT_HOLDER = """
select device as address, case when reason = 'unknown_slot' then (item ->> 'user')::integer end as slot, reason,
    max(gateway) as gateway, count(*) as held, max(received_at) as last_received,
    min((item ->> 'measured_at')::timestamptz) as earliest
from telemetry.held where reason in ('unknown_device', 'unassigned', 'unknown_slot') and device is not null
group by 1, 2, 3 order by last_received desc limit %s
"""


def gateways(connection: Connection[DictRow]) -> list[Gateway]:
    """Every gateway that was enrolled or has spoken; revoked ones last."""
    return [_gateway(row) for row in connection.execute(_GATEWAYS)]


def meters(connection: Connection[DictRow], now: datetime) -> list[Meter]:
    """Every registered meter, and those that gateways visited without their being registered."""
    seen = _visited(connection)
    known = {row["address"]: row for row in connection.execute(_METERS, [now])}
    return [_meter(address, known.get(address), seen.get(address, {})) for address in known.keys() | seen.keys()]


def without_holder(connection: Connection[DictRow], limit: int) -> list[WithoutHolder]:
    """What is held because nobody held the meter or the slot, latest first."""
    return [WithoutHolder(**row) for row in connection.execute(_WITHOUT_HOLDER, [limit])]


def _gateway(row: DictRow) -> Gateway:
    said: Mapping[str, Any] = row["status"]
    return Gateway(
        gateway=row["gateway"],
        station_id=row["station_id"],
        station=row["station"],
        revoked=bool(row["revoked"]),
        heard_since_revoked=row["heard_since_revoked"],
        online=row["online"],
        seen_at=row["seen_at"],
        version=said.get("version"),
        queued=said.get("queued"),
        refused=said.get("refused"),
        clock_offset=said.get("clock_offset"),
        adapter=said.get("adapter"),
        adapter_says=said.get("adapter_says") if said.get("adapter") != "well" else None,
        settings_in_force=said.get("settings"),
        settings=_pushed(row),
        certificate_until=row["until"],
    )


def _pushed(row: DictRow) -> Pushed | None:
    if row["version"] is None:
        return None
    if row["refused_at"] is not None:
        return Pushed(version=row["version"], state=row["refused_why"])
    return Pushed(version=row["version"], state="waiting" if row["kept_at"] is None else "kept")


def _visited(connection: Connection[DictRow]) -> dict[str, dict[str, Any]]:
    """By address, what the gateway that visited it last says; for one never read, what fails."""
    seen: dict[str, dict[str, Any]] = {}
    query = "select gateway, status -> 'meters' as meters, status -> 'failing' as failing from telemetry.gateway_status"
    for row in connection.execute(query):
        failing = {str(each["device"]): {**each, "gateway": row["gateway"]} for each in row["failing"] or ()}
        for meter in row["meters"] or ():
            address = str(meter["device"])
            visit = {**meter, "gateway": row["gateway"], "last_visit": datetime.fromisoformat(meter["last_visit"])}
            known = seen.get(address, {}).get("last_visit")
            if known is None or known < visit["last_visit"]:
                seen[address] = visit | failing.get(address, {})
        for address, failure in failing.items():
            seen.setdefault(address, failure)
    return seen


def _meter(address: str, known: DictRow | None, visit: Mapping[str, Any]) -> Meter:
    return Meter(
        address=address,
        model=known["model"] if known else visit.get("model"),
        registered=known is not None,
        station_id=known["station_id"] if known else None,
        station=known["station"] if known else None,
        setting=known["setting"] if known else None,
        gateway=visit.get("gateway"),
        last_visit=visit.get("last_visit"),
        battery=visit.get("battery"),
        clock_error=visit.get("clock_error"),
        clock_left=visit.get("clock_left"),
        failures=visit.get("failures", 0),
        failing_for=visit.get("reason"),
    )
