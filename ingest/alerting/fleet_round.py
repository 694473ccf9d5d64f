"""One look at gateways and meters: what is known of them read, judged, and settled with the incidents there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from devices.reading import Flag
from ingest.alerting import incidents
from ingest.alerting.fleet_watch import CAUSES, SeenGateway, SeenMeter, troubles
from ingest.alerting.store import Connection
from ingest.fleet_settings import Troubles
from ingest.reason import Reason

FAILED = (Reason.NOT_A_NUMBER, Reason.UNDECODABLE, Reason.NOT_READABLE)
UNDATED = (Reason.CLOCK_UNUSABLE, Reason.IN_FUTURE, Reason.TOO_OLD)
FAULTS = Flag.SENSOR_MALFUNCTION | Flag.GENERAL_FAULT
LATELY = timedelta(days=1)  # readings that could not be used are counted over so long
REMEMBERED = timedelta(days=14)  # a flag in a meter's latest reading counts for so long, if the meter then rests

_GATEWAYS = """
select g.gateway, g.station_id, s.seen_at from telemetry.gateway_status s join fleet.gateway g using (gateway)
where g.revoked_at is null"""

_SAID = "select status -> 'meters', status -> 'failing' from telemetry.gateway_status"

_HELD = """
select device, reason, count(*) from telemetry.held
where received_at > %s and reason = any(%s) and device is not null group by device, reason"""

# Served by the partial index `reading_with_fault`. A later reading of the same holder without the flag ends it.
_FLAGGED = """
select d.address, bit_or(r.flags) from telemetry.reading r join care.device d using (device_id)
where r.measured_at > %(since)s and r.flags & 65728 <> 0
    and not exists (select 1 from telemetry.reading later where later.resident_id = r.resident_id
                    and later.measured_at > r.measured_at and later.device_id = r.device_id
                    and later.flags & 65728 = 0)
group by d.address"""

_STATIONS = """
select distinct on (d.device_id) d.address, a.station_id from care.device d join care.assignment a using (device_id)
where d.address = any(%s) and a.valid_from <= %s order by d.device_id, a.valid_from desc"""


def look(connection: Connection, now: datetime, *, limits: Troubles) -> int:
    """Returns how many incidents changed. Any number of processes may look at once."""
    with connection.transaction():
        gateways = [SeenGateway(name=n, station_id=s, seen_at=at) for n, s, at in connection.execute(_GATEWAYS)]
        found = list(troubles(gateways, _meters(connection, now), limits, now))
        return incidents.settle(connection, found, causes=CAUSES, now=now)


def _meters(connection: Connection, now: datetime) -> list[SeenMeter]:
    known: dict[str, dict[str, Any]] = defaultdict(dict)
    visited: dict[str, datetime] = {}
    for meters, failing in connection.execute(_SAID):
        for meter in meters or ():
            at = datetime.fromisoformat(meter["last_visit"])
            if meter["device"] not in visited or at > visited[meter["device"]]:  # of two gateways, the later
                visited[meter["device"]] = at
                known[meter["device"]] |= _visit(meter)
        for meter in failing or ():
            known[meter["device"]]["failures"] = meter["failures"]
    reasons = [reason.value for reason in (*FAILED, *UNDATED)]
    for device, reason, count in connection.execute(_HELD, [now - LATELY, reasons]):
        what = "failed" if reason in FAILED else "undated"
        known[device][what] = known[device].get(what, 0) + count
    for device, flags in connection.execute(_FLAGGED, {"since": now - REMEMBERED}):
        known[device] |= {"battery_flag": bool(flags & Flag.BATTERY_LOW), "fault_flag": bool(flags & FAULTS)}
    stations = dict(connection.execute(_STATIONS, [sorted(known), now]).fetchall())
    return [SeenMeter(address=each, station_id=stations.get(each), **about) for each, about in known.items()]


def _visit(meter: Mapping[str, Any]) -> dict[str, Any]:
    left = meter.get("clock_left")
    return {"battery": meter.get("battery"), "clock_error": meter.get("clock_error") if left is None else left}
