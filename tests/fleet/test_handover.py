"""An entry made later: what was held for want of a holder goes to whoever held the slot at the reading's own time."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from ingest import database as connecting
from ingest.accounts import NewStaff, Role, create_staff
from ingest.handover import Entry, hand_over, name_person
from ingest.reason import Reason
from ingest.registry import NewAssignment, TokenTaken, add_token, register_device
from ingest.roster import Roster
from tests.ingest.county import CATALOGUE, NOW, County, Ingest, message, pressure

METER = "A4:C1:38:00:00:77"
DAY = timedelta(days=1)


@pytest.fixture
def entry(connection: psycopg.Connection[Any]) -> Entry:
    """An administrator at work."""
    account = NewStaff(login="admin", display_name="管理员", role=Role.ADMIN)
    return Entry(staff_id=create_staff(connection, account, password_hash="-"), now=NOW, catalogue=CATALOGUE)


def holds(device: int, county: County, resident: int | None, since: datetime, slot: int | None) -> NewAssignment:
    """An assignment at home."""
    return NewAssignment(
        device_id=device,
        valid_from=since,
        resident_id=resident,
        setting="home",
        station_id=county.station,
        user_slot=slot,
    )


def owners(ingest: Ingest) -> dict[str, int]:
    """Reading → resident."""
    return dict(ingest.connection.execute("select reading_id::text, resident_id from telemetry.reading").fetchall())


def test_a_slot_that_changed_hands_releases_each_reading_to_its_holder_then(
    ingest: Ingest,
    county: County,
    entry: Entry,
) -> None:
    device = register_device(ingest.connection, address=METER, model="late", at=NOW)
    hand_over(ingest.connection, holds(device, county, county.resident, NOW - 300 * DAY, 1), entry)
    early, late, before, other = (
        pressure(METER, 1, at=NOW - 20 * DAY, user=2),
        pressure(METER, 2, at=NOW - 5 * DAY, user=2),
        pressure(METER, 3, at=NOW - 60 * DAY, user=2),
        pressure(METER, 4, at=NOW - 5 * DAY, user=3),
    )
    ingest(message([early, late, before, other]))
    assert ingest.count("telemetry.held where reason = 'unknown_slot'") == 4
    became = hand_over(ingest.connection, holds(device, county, county.resident, NOW - 30 * DAY, 2), entry)
    assert became == {None: 2, Reason.UNKNOWN_SLOT: 2}
    assert owners(ingest) == {early["id"]: county.resident, late["id"]: county.resident}
    assert ingest.tally() == {"ledger": 4, "reading": 2, "held": 2}
    assert ingest.count(f"telemetry.work where resident_id = {county.resident}") == 2
    assert ingest.count("care.audit where action = 'device.assign' and detail ->> 'released' = '2'") == 1
    assert ingest.count(f"care.audit where action = 'held.release' and resident_id = {county.resident}") == 2


def test_two_holders_entered_together_each_get_their_own(ingest: Ingest, county: County, entry: Entry) -> None:
    """Whoever enters the later holder first loses nothing: what was before stays held until the earlier is entered."""
    device = register_device(ingest.connection, address=METER, model="late", at=NOW)
    first, second = pressure(METER, 1, at=NOW - 20 * DAY), pressure(METER, 2, at=NOW - 5 * DAY)
    ingest(message([first, second]))
    assert hand_over(ingest.connection, holds(device, county, county.second, NOW - 10 * DAY, None), entry) == {
        None: 1,
        Reason.UNASSIGNED: 1,
    }
    assert hand_over(ingest.connection, holds(device, county, county.resident, NOW - 30 * DAY, None), entry) == {
        None: 1
    }
    assert owners(ingest) == {first["id"]: county.resident, second["id"]: county.second}


def test_the_pages_own_rights_are_enough(ingest: Ingest, county: County, entry: Entry, database: str) -> None:
    ingest(message([pressure(METER, 1)]))
    page = connecting.connect(database, "maixun_api")
    page.row_factory = dict_row
    try:
        device = page.execute(
            "insert into care.device (address, model, registered_at) values (%s, 'late', now()) returning device_id",
            [METER],
        ).fetchone()
        assert device is not None
        assert hand_over(page, holds(device["device_id"], county, county.resident, NOW - DAY, None), entry)[None] == 1
    finally:
        page.close()


def test_a_second_pseudonym_names_the_same_resident(ingest: Ingest, county: County, entry: Entry) -> None:
    card, number = uuid4(), uuid4()
    waiting = pressure(county.kiosk, 1, person=str(card))
    ingest(message([waiting]))
    assert ingest.count("telemetry.held where reason = 'unknown_person'") == 1
    became = name_person(ingest.connection, token=card, resident_id=county.second, kind="card", entry=entry)
    assert became == {None: 1}
    name_person(ingest.connection, token=number, resident_id=county.second, kind="id_number", entry=entry)
    later = pressure(county.kiosk, 2, person=str(number))
    ingest(message([later]))
    assert owners(ingest) == {waiting["id"]: county.second, later["id"]: county.second}
    with pytest.raises(TokenTaken):
        add_token(ingest.connection, token=card, resident_id=county.resident, kind="card")


def test_no_batch_holds_a_reading_behind_the_change_s_back(
    ingest: Ingest,
    county: County,
    entry: Entry,
    database: str,
) -> None:
    """It has read the roster and not yet committed: the change of hands waits for it, then releases its item."""
    device = register_device(ingest.connection, address=METER, model="late", at=NOW)
    became: list[Any] = []

    def change() -> None:
        with psycopg.connect(database, autocommit=True) as own:
            became.append(hand_over(own, holds(device, county, county.resident, NOW - DAY, None), entry))

    changing = threading.Thread(target=change)
    with ingest.connection.transaction():
        Roster().refresh(ingest.connection, [METER], [])
        changing.start()
        _until_somebody_waits(database)
        ingest(message([pressure(METER, 1)]))
    changing.join(20)
    assert became == [{None: 1}]


def _until_somebody_waits(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as own:
        for _ in range(2000):
            if own.execute("select 1 from pg_locks where locktype = 'advisory' and not granted").fetchone():
                return
            own.execute("select pg_sleep(0.01)")
    raise AssertionError("nobody waits for the roster")
