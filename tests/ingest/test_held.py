"""Nothing that is held is lost: it can be released once its reason is cured, or when a person vouches for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from ingest import database as connecting
from ingest import envelope
from ingest.accounts import NewStaff, Role, create_staff
from ingest.held import CannotVouch, NotHeld, Vouch, release
from ingest.pipeline import Message
from ingest.reason import Reason
from ingest.registry import register_device
from tests.ingest.county import CATALOGUE, NOW, County, Ingest, hand_over, message, pressure


@pytest.fixture
def staff(connection: psycopg.Connection[Any]) -> int:
    """A doctor's account."""
    return create_staff(connection, NewStaff(login="dr.li", display_name="李", role=Role.DOCTOR), password_hash="-")


@pytest.fixture
def page(database: str) -> Any:
    """A connection as the web pages have it: their own role, rows as dictionaries."""
    connection = connecting.connect(database, "maixun_api")
    connection.row_factory = dict_row
    yield connection
    connection.close()


def released(page: psycopg.Connection[Any], item: dict[str, Any], staff: int, vouch: Vouch | None = None) -> Any:
    """Release an item as a page does."""
    return release(page, UUID(item["id"]), staff_id=staff, now=NOW, catalogue=CATALOGUE, vouch=vouch)


def measured(ingest: Ingest) -> list[tuple[datetime, str]]:
    """What became readings: when, and with which clock."""
    return ingest.connection.execute("select measured_at, clock::text from telemetry.reading").fetchall()


def test_a_meter_registered_afterwards_sets_its_readings_free(
    ingest: Ingest, county: County, staff: int, page: psycopg.Connection[Any]
) -> None:
    item = pressure("A4:C1:38:00:00:99", 1)
    ingest(message([item]))
    assert released(page, item, staff) is Reason.UNKNOWN_DEVICE
    device = register_device(ingest.connection, address=item["device"], model="late", at=NOW)
    assert released(page, item, staff) is Reason.UNASSIGNED
    assert ingest.count("telemetry.held where reason = 'unassigned'") == 1
    assert ingest.count("telemetry.ledger where reason = 'unassigned'") == 1
    hand_over(ingest.connection, device, NOW - timedelta(days=1), county.resident, county.station)
    assert released(page, item, staff) is None
    assert measured(ingest) == [(NOW, "exact")]
    assert ingest.tally() == {"ledger": 1, "reading": 1, "held": 0}
    assert ingest.count("telemetry.ledger where outcome = 'accepted' and reason is null") == 1
    assert ingest.count("telemetry.work") == 1
    assert ingest.count("care.audit where action = 'held.release'") == 3
    assert ingest.count(f"care.audit where resident_id = {county.resident}") == 1
    with pytest.raises(NotHeld):
        released(page, item, staff)


def test_a_doctor_vouches_for_a_value_no_rule_expects(
    ingest: Ingest, county: County, staff: int, page: psycopg.Connection[Any]
) -> None:
    item = pressure(county.cuff, 1, values={"systolic": 310, "diastolic": 190})
    ingest(message([item]))
    assert released(page, item, staff) is Reason.IMPLAUSIBLE
    assert released(page, item, staff, Vouch()) is None
    assert measured(ingest) == [(NOW, "exact")]


@pytest.mark.parametrize("at", [None, NOW + timedelta(days=300)])
def test_a_reading_whose_clock_was_wrong_needs_a_time_that_has_passed(
    ingest: Ingest, county: County, staff: int, page: psycopg.Connection[Any], at: datetime | None
) -> None:
    item = pressure(county.cuff, 1, at=at)
    ingest(message([item]))
    for wrong in (None, NOW + timedelta(hours=1)):
        with pytest.raises(CannotVouch):
            released(page, item, staff, Vouch(measured_at=wrong))
    assert released(page, item, staff, Vouch(measured_at=NOW - timedelta(hours=2))) is None
    assert measured(ingest) == [(NOW - timedelta(hours=2), "assumed")]


def test_nobody_can_vouch_for_whose_a_reading_is(
    ingest: Ingest, county: County, staff: int, page: psycopg.Connection[Any]
) -> None:
    item = pressure(county.kiosk, 1)
    ingest(message([item]))
    with pytest.raises(CannotVouch):
        released(page, item, staff, Vouch())
    assert ingest.tally() == {"ledger": 1, "reading": 0, "held": 1}


def test_what_is_malformed_stays_held(
    ingest: Ingest, county: County, staff: int, page: psycopg.Connection[Any]
) -> None:
    item = pressure(county.cuff, 1, kind="astrology")
    ingest(message([item]), Message("gw-1", b"?"))
    assert released(page, item, staff) is Reason.MALFORMED
    assert released(page, {"id": envelope.message_id(b"?")}, staff) is Reason.MALFORMED
    assert ingest.tally() == {"ledger": 2, "reading": 0, "held": 2}


def test_a_message_that_a_later_version_can_read_gives_way_to_its_readings(
    ingest: Ingest, county: County, staff: int, page: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = message([pressure(county.cuff, number) for number in range(3)])
    refuse = envelope.Opened([], [], Reason.UNKNOWN_VERSION, 0)
    with monkeypatch.context() as earlier:
        earlier.setattr(envelope, "open_message", lambda *_: refuse)
        ingest(whole)
    held = {"id": envelope.message_id(whole.payload)}
    assert ingest.tally() == {"ledger": 1, "reading": 0, "held": 1}
    assert released(page, held, staff) is None
    assert ingest.tally() == {"ledger": 3, "reading": 3, "held": 0}


def test_what_the_database_refused_is_released_when_it_no_longer_does(
    ingest: Ingest, county: County, staff: int, page: psycopg.Connection[Any]
) -> None:
    item = pressure(county.cuff, 1)
    ingest.connection.execute("alter table telemetry.reading add constraint no_128 check (systolic <> 128)")
    ingest(message([item]))
    assert released(page, item, staff) is Reason.REFUSED
    ingest.connection.execute("alter table telemetry.reading drop constraint no_128")
    assert released(page, item, staff) is None
    assert ingest.tally() == {"ledger": 1, "reading": 1, "held": 0}
