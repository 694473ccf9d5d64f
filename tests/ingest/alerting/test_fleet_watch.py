"""Trouble with meters and gateways reaches the technician as one incident each, and no doctor ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from devices.reading import Flag
from ingest.alerting import fleet_round
from ingest.alerting.fleet_watch import SeenGateway, SeenMeter, troubles
from ingest.fleet_settings import FleetSettings
from maixun.configuration import settings
from tests.ingest.alerting.people import DAY, MINUTE, NOON
from tests.ingest.alerting.town import Town

LIMITS = settings(FleetSettings, "fleet").troubles
METER = "A4:C1:38:00:00:01"


def wrong_with(**about: Any) -> list[str]:
    found = troubles([], [SeenMeter(address=METER, **about)], LIMITS, NOON)
    return [trouble.subject.cause for trouble in found]


@pytest.mark.parametrize(("minutes", "tier"), [(15, None), (16, 4), (30, 4), (31, 3)])
def test_a_silent_gateway(minutes: int, tier: int | None) -> None:
    gateway = SeenGateway(name="gw-0001", station_id=1, seen_at=NOON - minutes * MINUTE)
    found = list(troubles([gateway], [], LIMITS, NOON))
    assert [trouble.tier for trouble in found] == ([tier] if tier else [])
    assert all(trouble.audience == "technician" for trouble in found)


def test_each_trouble_of_a_meter_at_its_limit() -> None:
    assert wrong_with() == []
    assert wrong_with(battery=21, clock_error=300.0, failures=2, failed=2, undated=2) == []
    assert wrong_with(battery=20) == ["battery_low"]
    assert wrong_with(battery_flag=True) == ["battery_low"]
    assert wrong_with(clock_error=-301.0) == ["clock_wrong"]
    assert wrong_with(undated=3) == ["clock_wrong"]
    assert wrong_with(failures=3) == ["meter_failing"]
    assert wrong_with(failed=3) == ["meter_failing"]
    assert wrong_with(fault_flag=True) == ["meter_failing"]


# On a database, with the engine's rights


def look(town: Town) -> int:
    town.connection.execute("set role maixun_alerting")
    try:
        return fleet_round.look(town.connection, town.now, limits=LIMITS)
    finally:
        town.connection.execute("reset role")


def incidents(town: Town) -> dict[tuple[str, str], tuple[str, int, int | None]]:
    rows = town.connection.execute("select subject, cause, state, tier, station_id from care.incident").fetchall()
    return {(subject, cause): (state, tier, station) for subject, cause, state, tier, station in rows}


def heard(town: Town, at: datetime, **status: Any) -> None:
    town.connection.execute(
        "insert into fleet.gateway (gateway, station_id, created_at) values ('gw-0001', %s, %s) on conflict do nothing",
        [town.station, at],
    )
    town.connection.execute(
        "insert into telemetry.gateway_status values ('gw-0001', true, %s, %s)"
        " on conflict (gateway) do update set seen_at = excluded.seen_at, status = excluded.status",
        [at, Jsonb(status)],
    )


def meter(town: Town, resident: int) -> None:
    """The town's readings are of meter 1."""
    town.connection.execute(
        "insert into care.device (address, model, registered_at) values (%s, 'm', %s)", [METER, town.now - 90 * DAY]
    )
    town.connection.execute(
        "insert into care.assignment values (1, null, %s, %s, 'home', %s)",
        [town.now - 90 * DAY, resident, town.station],
    )


def test_a_gateway_falls_silent_grows_graver_and_comes_back(town: Town) -> None:
    heard(town, town.now)
    assert look(town) == 0
    town.now += 16 * MINUTE
    assert look(town) == 1
    assert incidents(town) == {("gw-0001", "gateway_silent"): ("open", 4, town.station)}
    town.now += 10 * MINUTE
    assert look(town) == 0
    town.now += 10 * MINUTE
    assert look(town) == 1
    assert incidents(town)[("gw-0001", "gateway_silent")][:2] == ("open", 3)
    heard(town, town.now)
    assert look(town) == 1
    assert incidents(town)[("gw-0001", "gateway_silent")][0] == "closed"
    assert town.states() == []


def test_a_revoked_gateway_is_not_missed(town: Town) -> None:
    heard(town, town.now)
    town.connection.execute("update fleet.gateway set revoked_at = %s", [town.now])
    town.now += DAY
    assert look(town) == 0


def test_what_a_gateway_says_of_its_meters(town: Town) -> None:
    visited = town.now.isoformat()
    visit = {"device": METER, "model": "m", "last_visit": visited, "battery": 12, "clock_error": 900, "clock_left": 0}
    heard(town, town.now, meters=[visit], failing=[{"device": "B0:00:00:00:00:07", "failures": 5, "reason": "timeout"}])
    assert look(town) == 2
    assert set(incidents(town)) == {(METER, "battery_low"), ("B0:00:00:00:00:07", "meter_failing")}


def test_a_battery_flag_in_a_reading_is_the_technicians_until_a_reading_without_it(town: Town) -> None:
    resident = town.resident()
    meter(town, resident)
    town.pressure(resident, 120, 75, flags=Flag.BATTERY_LOW)
    town.look()
    assert look(town) == 1
    assert incidents(town) == {(METER, "battery_low"): ("open", 4, town.station)}
    assert town.states() == []
    town.now += DAY
    town.pressure(resident, 121, 75)
    assert look(town) == 1
    assert incidents(town)[(METER, "battery_low")][0] == "closed"


def test_three_failed_measurements_of_a_day_and_three_nobody_can_date(town: Town) -> None:
    for number, reason in enumerate(["not_a_number"] * 3 + ["clock_unusable"] * 3 + ["implausible"] * 9):
        town.connection.execute(
            "insert into telemetry.held (reading_id, outcome, reason, gateway, device, received_at)"
            " values (gen_random_uuid(), 'quarantined', %s, 'gw-0001', %s, %s)",
            [reason, METER, town.now - number * MINUTE],
        )
    assert look(town) == 2
    assert set(incidents(town)) == {(METER, "meter_failing"), (METER, "clock_wrong")}
    town.now += DAY + timedelta(hours=1)
    assert look(town) == 2
    assert {state for state, _, _ in incidents(town).values()} == {"closed"}
