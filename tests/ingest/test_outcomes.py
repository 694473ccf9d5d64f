"""Every outcome and every reason, told by the messages that lead to it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.reading import Kind
from ingest.pipeline import Message
from ingest.reason import Outcome, Reason, Settled
from tests.ingest.county import NOW, TOKEN, County, Ingest, digest, message, pressure, unusable

ACCEPTED = Settled(Outcome.ACCEPTED, None)
DUPLICATE = Settled(Outcome.DUPLICATE, None)


def held(reason: Reason) -> Settled:
    """What an item held for this reason is settled as."""
    return Settled(reason.outcome, reason)


def test_a_reading_is_stored_once_with_its_person_place_and_bytes(ingest: Ingest, county: County) -> None:
    item = pressure(county.cuff, 1, flags=["irregular_pulse", "from_a_later_version"], meal="fasting")
    processed = ingest(message([item]))
    assert processed.counts == {ACCEPTED: 1}
    assert processed.answers["gw-1"].readings == [(item["id"], ACCEPTED)]
    row = ingest.connection.execute(
        "select resident_id, measured_at, kind::text, setting::text, clock::text, meal::text, flags, station_id,"
        " systolic, diastolic, pulse, glucose, raw, reading_id::text from telemetry.reading"
    ).fetchone()
    assert row == (
        *(county.resident, NOW, "blood_pressure", "home", "exact", "fasting", 4, county.station),
        *(128.0, 82.0, 71.0, None, "2A35:0000000000000001", item["id"]),
    )
    assert ingest.count(f"telemetry.work where resident_id = {county.resident}") == 1
    assert ingest.tally() == {"ledger": 1, "reading": 1, "held": 0}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"values": {"systolic": 12, "diastolic": 8}}, Reason.IMPLAUSIBLE),
        ({"values": {"systolic": 80, "diastolic": 90}}, Reason.IMPLAUSIBLE),
        ({"values": {"systolic": 128, "diastolic": 82}, "units": {"systolic": "furlong"}}, Reason.UNKNOWN_UNIT),
        ({"values": {}}, Reason.NOT_A_NUMBER),
        ({"values": {"of_a_later_version": 1.0}}, Reason.NOT_A_NUMBER),
        ({"device": "FF:FF:FF:FF:FF:FF"}, Reason.UNKNOWN_DEVICE),
        ({"person": "00000000-0000-4000-8000-000000000000"}, Reason.UNKNOWN_PERSON),
        ({"measured_at": None, "clock": "unusable"}, Reason.CLOCK_UNUSABLE),
        ({"measured_at": None}, Reason.CLOCK_UNUSABLE),
        ({"measured_at": (NOW + timedelta(hours=1)).isoformat()}, Reason.IN_FUTURE),
        ({"measured_at": "9999-12-31T23:59:59Z"}, Reason.IN_FUTURE),
        ({"measured_at": "2019-01-01T00:00:00Z"}, Reason.TOO_OLD),
        ({"measured_at": "0001-01-01T00:00:00+14:00"}, Reason.TOO_OLD),
        ({"measured_at": (NOW - timedelta(days=400)).isoformat()}, Reason.UNKNOWN_SLOT),
        ({"values": {"systolic": "128"}}, Reason.MALFORMED),
        ({"kind": "astrology"}, Reason.MALFORMED),
        ({"device": "A4\u0000"}, Reason.MALFORMED),
        ({"received_at": "yesterday"}, Reason.MALFORMED),
        ({"user": -1}, Reason.MALFORMED),
    ],
)
def test_what_cannot_be_a_reading_is_held_with_its_reason(
    ingest: Ingest, county: County, changes: dict[str, Any], reason: Reason
) -> None:
    spoilt = pressure(county.cuff, 1) | changes
    good = pressure(county.cuff, 2)
    processed = ingest(message([good, spoilt]))
    assert processed.counts == {ACCEPTED: 1, held(reason): 1}
    assert dict(processed.answers["gw-1"].readings) == {good["id"]: ACCEPTED, spoilt["id"]: held(reason)}
    rows = ingest.connection.execute(
        "select h.outcome::text, h.reason, h.item is not null or h.payload is not null, l.outcome::text, l.reason"
        " from telemetry.held h join telemetry.ledger l using (reading_id)"
    ).fetchall()
    assert rows == [(reason.outcome, reason, True, reason.outcome, reason)]
    assert ingest.tally() == {"ledger": 2, "reading": 1, "held": 1}


@pytest.mark.parametrize(
    "said", ["undecodable", "not_a_number", "placeholder", "control_solution", "unknown_metric", "of_a_later_version"]
)
def test_what_the_gateway_could_not_use_is_kept_with_the_meters_bytes(
    ingest: Ingest, county: County, said: str
) -> None:
    reason = Reason(said) if said in set(Reason) else Reason.UNDECODABLE
    processed = ingest(message([unusable(county.cuff, 1, said)]))
    assert processed.counts == {held(reason): 1}
    row = ingest.connection.execute("select device, item ->> 'raw' from telemetry.held").fetchone()
    assert row == (county.cuff, "2A35:0000000000000001")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"\xff\xfe\x00", Reason.MALFORMED),
        (b"[" * 100_000, Reason.MALFORMED),
        (b"[]", Reason.MALFORMED),
        (b'{"v":1}', Reason.MALFORMED),
        (b'{"v":1,"gateway":"gw-1","sent_at":"2026-11-21T08:00:00Z","readings":[{"id":"no"}]}', Reason.MALFORMED),
        (b'{"v":1,"gateway":"gw-2","sent_at":"2026-11-21T08:00:00Z","readings":[]}', Reason.MALFORMED),
        (b'{"v":2,"gateway":"gw-1","sent_at":"2026-11-21T08:00:00Z","readings":[]}', Reason.UNKNOWN_VERSION),
        (b'{"v":1,"gateway":"gw-1","sent_at":"2026-11-21T08:00:00Z","readings":[NaN]}', Reason.MALFORMED),
    ],
)
def test_a_message_nobody_can_read_is_kept_whole_and_answered_by_its_digest(
    ingest: Ingest, payload: bytes, reason: Reason
) -> None:
    processed = ingest(Message("gw-1", payload))
    assert processed.counts == {held(reason): 1}
    assert processed.answers["gw-1"].messages == [(digest(payload), held(reason))]
    assert ingest.connection.execute("select payload from telemetry.held").fetchone() == (payload,)
    again = ingest(Message("gw-1", payload))
    assert again.counts == {DUPLICATE: 1}
    assert again.answers["gw-1"].messages == [(digest(payload), held(reason))]
    assert ingest.tally() == {"ledger": 1, "reading": 0, "held": 1}


def test_a_meter_that_shows_hi_has_measured(ingest: Ingest, county: County) -> None:
    item = pressure(county.cuff, 1, kind="glucose", values={}, flags=["above_range"])
    assert ingest(message([item])).counts == {ACCEPTED: 1}


def test_values_in_another_known_unit_are_converted(ingest: Ingest, county: County) -> None:
    item = pressure(county.cuff, 1, kind="glucose", values={"glucose": 126}, units={"glucose": "mg/dL"})
    assert ingest(message([item])).counts == {ACCEPTED: 1}
    assert ingest.connection.execute("select glucose from telemetry.reading").fetchone() == (7.0,)


def test_unknown_fields_are_counted_and_dropped(ingest: Ingest, county: County) -> None:
    plausible = pressure(county.cuff, 1, colour="blue")
    implausible = pressure(county.cuff, 2, colour="blue", values={"systolic": 1})
    processed = ingest(message([plausible, implausible], weather="rain"))
    assert processed.unknown_fields == 3
    assert ingest.connection.execute("select item ? 'colour' from telemetry.held").fetchone() == (False,)


JSON = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
VALUES = st.dictionaries(st.sampled_from(["systolic", "glucose", "weight"]), st.floats(-1e300, 1e300), max_size=2)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(Kind) | JSON,
        "values": VALUES | JSON,
        "units": st.dictionaries(st.sampled_from(["systolic", "glucose"]), st.sampled_from(["kPa", "mg/dL", "?"])),
        "measured_at": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | JSON,
        "received_at": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | JSON,
        "user": st.integers(0, 255) | JSON,
        "person": st.uuids().map(str) | JSON,
        "raw": st.text(max_size=9),
        "unusable": st.sampled_from(Reason) | JSON,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(CHANGES, min_size=1, max_size=20))
def test_no_item_makes_the_pipeline_fail_and_none_is_lost(
    ingest: Ingest, county: County, changes: list[dict[str, Any]]
) -> None:
    before = ingest.count("telemetry.ledger")
    items = [pressure(county.cuff, before + number) | change for number, change in enumerate(changes)]
    processed = ingest(message(items))
    assert sum(processed.counts.values()) == len(items)
    assert {key for key, _ in processed.answers["gw-1"].readings} == {item["id"] for item in items}
    tally = ingest.tally()
    assert tally["ledger"] == before + len(items) == tally["reading"] + tally["held"]


def test_the_counts_add_up_to_what_was_received(ingest: Ingest, county: County) -> None:
    first = [pressure(county.cuff, number) for number in range(6)]
    second = [
        *first[:2],
        pressure(county.cuff, 100, values={"systolic": 1}),
        unusable(county.cuff, 101, "not_a_number"),
        {"id": pressure(county.cuff, 102)["id"]},
        pressure(county.kiosk, 103, person=str(TOKEN)),
    ]
    total: Counter[Settled] = Counter()
    for batch in ([message(first)], [message(second), Message("gw-1", b"?"), message(first[:3], gateway="gw-2")]):
        total += ingest(*batch).counts
    assert sum(total.values()) == len(first) + len(second) + 1 + 3
    by_outcome: Counter[Outcome] = Counter()
    for settled, number in total.items():
        by_outcome[settled.outcome] += number
    assert by_outcome == {"accepted": 7, "duplicate": 5, "quarantined": 1, "rejected": 3}
    assert ingest.tally() == {"ledger": 11, "reading": 7, "held": 4}
