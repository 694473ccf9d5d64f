"""Registers the synthetic county: stations, staff, residents with sealed names, meters and who holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from devices.simulator.county import County, Resident, Staff
from devices.simulator.fleet import Meter
from devices.simulator.names import COUNTY_CODE
from ingest.accounts import NewStaff, Role, create_staff, hash_password
from ingest.identity import seal
from ingest.registry import (
    NewAssignment,
    NewResident,
    assign,
    register_device,
    register_resident,
    register_station,
)

SINCE = datetime(2020, 1, 1, tzinfo=UTC)  # from when on everybody holds their meters: before any history we fill
NO_PASSWORD = "!"  # noqa: S105 - no argon2 hash, so nobody signs in until an administrator sets a password
OTHER_ACCOUNTS = (
    NewStaff(login="admin", display_name="管理员", role=Role.ADMIN),
    NewStaff(login="technician", display_name="设备技术员", role=Role.TECHNICIAN),
    NewStaff(login="cdc", display_name="示例县疾控", role=Role.CDC, region_prefix=COUNTY_CODE),
)


class OtherCounty(Exception):
    """The database holds another county; the message says what to do."""


@dataclass(frozen=True, slots=True)
class _Ids:
    """What the database calls them: by station number, login and resident number."""

    stations: dict[int, int]
    staff: dict[str, int]
    residents: dict[int, int]


def register(
    connection: Connection[Any],
    county: County,
    meters: tuple[Meter, ...],
    *,
    key: bytes,
    passwords: Mapping[str, str],
) -> None:
    """Register everything and the accounts of no station in one transaction. `key` seals the names.

    `passwords` by login: whoever has none cannot sign in. ID numbers are not invented: a made-up one could be
    somebody's. Call `is_registered` first.
    """
    with connection.transaction():
        stations = _register_stations(connection, county)
        accounts = [*(_account(member, stations) for member in county.staff), *OTHER_ACCOUNTS]
        staff = {account.login: _create(connection, account, passwords) for account in accounts}
        ids = _Ids(stations, staff, {})
        _register_gateways(connection, county, stations)
        for resident in county.residents:
            ids.residents[resident.number] = _register_resident(connection, resident, ids, key)
        for meter in meters:
            _register_meter(connection, meter, ids)


def is_registered(connection: Connection[Any], county: County) -> bool:
    """Whether this very county is in the database. Raises `OtherCounty` when another one is."""
    first, last = county.residents[0].token, county.residents[-1].token
    known = connection.execute("select count(*) from care.resident where token in (%s, %s)", (first, last)).fetchone()
    if known == (2,):
        return True
    logins = [member.login for member in county.staff]
    taken = connection.execute("select 1 from care.staff where login = any(%s) limit 1", [logins]).fetchone()
    if taken:
        raise OtherCounty(
            f"the database holds another county than that of seed {county.seed} with {len(county.residents)} residents:"
            " use the seed it was filled with, or another database"
        )
    return False


def _register_stations(connection: Connection[Any], county: County) -> dict[int, int]:
    return {
        station.number: register_station(
            connection, name=station.name, township=station.township, region_code=station.region_code
        )
        for station in county.stations
    }


def _register_gateways(connection: Connection[Any], county: County, stations: Mapping[int, int]) -> None:
    for station in county.stations:
        connection.execute(
            "insert into fleet.gateway (gateway, station_id, created_at) values (%s, %s, %s) on conflict do nothing",
            (station.gateway, stations[station.number], SINCE),
        )


def _account(member: Staff, stations: Mapping[int, int]) -> NewStaff:
    role = Role.STATION_LEAD if member.lead else Role.DOCTOR
    return NewStaff(login=member.login, display_name=member.name, role=role, station_id=stations[member.station])


def _create(connection: Connection[Any], account: NewStaff, passwords: Mapping[str, str]) -> int:
    password = passwords.get(account.login)
    return create_staff(connection, account, password_hash=hash_password(password) if password else NO_PASSWORD)


def _register_resident(connection: Connection[Any], resident: Resident, ids: _Ids, key: bytes) -> int:
    return register_resident(
        connection,
        NewResident(
            birth_date=resident.birth_date,
            sex=resident.sex,
            station_id=ids.stations[resident.station],
            doctor_id=ids.staff[resident.doctor],
            conditions=[name for name in ("hypertension", "diabetes") if getattr(resident, name)],
            lives_alone=resident.lives_alone,
            token=resident.token,
            name_sealed=seal(resident.name, key),
        ),
    )


def _register_meter(connection: Connection[Any], meter: Meter, ids: _Ids) -> None:
    device_id = register_device(connection, address=meter.address, model=meter.model, at=SINCE)
    holders: list[tuple[int | None, int | None]] = [
        (meter.slot_of(user), ids.residents[user]) for user in meter.users
    ] or [(None, None)]
    for slot, resident_id in holders:
        assign(
            connection,
            NewAssignment(
                device_id=device_id,
                valid_from=SINCE,
                resident_id=resident_id,
                setting=meter.setting,
                station_id=ids.stations[meter.station],
                user_slot=slot,
            ),
        )
