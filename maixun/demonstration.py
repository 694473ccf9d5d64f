"""The demonstration's kiosk: which virtual meters stand in it, and somebody who can identify there."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from psycopg import Connection

from devices.simulator.simulation import Simulation
from gateway.kiosk.names import Measurement
from ingest import identity, registry
from ingest.seed import SINCE
from maixun import endpoints, kiosk, secret_file

STATION = 0
PHONE, PIN = "10000000001", "2468"  # no mobile number begins so: it is nobody's

_DOCTORS = """
with doctor as (
    select staff_id, station_id, row_number() over (partition by station_id order by staff_id) as turn,
        count(*) over (partition by station_id) as doctors
    from care.staff where role = 'doctor' and active and station_id is not null)
"""
_DUTIES = f"""{_DOCTORS}
insert into care.duty (station_id, staff_id, line, starts_at, ends_at, entered_by, entered_at)
select d.station_id, d.staff_id, 1, t.day, t.day + interval '1 day', d.staff_id, %(now)s
from generate_series(date_trunc('day', %(now)s), %(now)s + interval '14 days', interval '1 day')
    with ordinality t (day, number)
join doctor d on d.turn = t.number %% d.doctors + 1
where not exists (
    select from care.duty x where x.station_id = d.station_id and x.line = 1 and x.cancelled_at is null
        and x.starts_at < t.day + interval '1 day' and x.ends_at > t.day)"""  # noqa: S608 - our own words
_DEPUTIES = f"""{_DOCTORS}
insert into care.deputy (staff_id, deputy_id)
select d.staff_id, n.staff_id from doctor d
join doctor n on n.station_id = d.station_id and n.turn = d.turn % d.doctors + 1 and n.staff_id <> d.staff_id
on conflict do nothing"""  # noqa: S608 - our own words


def register(connection: Connection[Any], simulation: Simulation, doctor: str) -> None:
    """Enter the kiosk's own devices and the phone of one of the doctor's residents; again changes nothing."""
    gateway = simulation.county.stations[STATION].gateway
    cuff = kiosk.instruments(simulation, STATION)[Measurement.BLOOD_PRESSURE]
    station_id = _number(
        connection,
        "select station_id from care.assignment join care.device using (device_id) where address = %s limit 1",
        cuff,
    )
    for name, model in ((f"kiosk:{gateway}", "kiosk"), (f"lipids:{gateway}", "simulated-lipids")):
        device_id = registry.register_device(connection, address=name, model=model, at=SINCE)
        held = registry.NewAssignment(
            device_id=device_id, valid_from=SINCE, resident_id=None, setting="kiosk", station_id=station_id
        )
        registry.assign(connection, held)
    visitor = next(one for one in simulation.county.residents if one.doctor == doctor and one.left_on is None)
    resident_id = _number(connection, "select resident_id from care.resident where token = %s", visitor.token)
    token = identity.pseudonym(f"{PHONE}:{PIN}", identity.load_key())
    registry.add_token(connection, token=token, resident_id=resident_id, kind="phone")


def fill_rota(connection: Connection[Any], now: datetime) -> None:
    """Two weeks of duty, a day each in turn, and every doctor the next one's deputy; what is entered stays."""
    connection.execute(_DUTIES.encode(), {"now": now})
    connection.execute(_DEPUTIES.encode())


def write_key() -> None:
    """Leave the key that a real kiosk gets when its gateway is enrolled."""
    key = base64.b64encode(identity.pseudonym_key(identity.load_key()))
    secret_file.write_once(endpoints.secrets_folder() / "pseudonym.key", key)


def _number(connection: Connection[Any], query: str, key: object) -> int:
    row = connection.execute(query.encode(), [key]).fetchone()
    if row is None:
        raise LookupError("the county is not registered: fill it in first")
    return int(row[0])
