"""The wire's two ends fit together, the published schema is the real one, and no bytes make opening a message fail."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import ClockQuality, Flag, Kind, Meal, Reading, Unusable
from gateway import wire
from ingest import envelope
from ingest.envelope import ClockName, KindName, MealName, flag_bits, json_schema, open_message, read_item
from ingest.pipeline import Answer
from ingest.reason import Outcome, Reason, Settled
from ingest.receipts import MOST_IN_A_MESSAGE, receipts
from tests.ingest.county import NOW, TOKEN, pressure

PUBLISHED = Path(__file__).parents[2] / "docs" / "envelope-1.schema.json"
REWRITE = """python -c 'import json, ingest.envelope as e; print(json.dumps(e.json_schema(), indent=2))' > docs/…"""

READING = Reading(
    reading_id=UUID("019a9d2c-1f40-8a11-9c53-0d9a6f2b7e10"),
    kind=Kind.GLUCOSE,
    device="A4:C1:38:00:00:01",
    user_slot=2,
    person=TOKEN,
    measured_at=NOW - timedelta(minutes=3),
    clock=ClockQuality.CORRECTED,
    received_at=NOW,
    flags=Flag.BATTERY_LOW | Flag.STRIP_TOO_HOT,
    meal=Meal.AFTER,
    values={"glucose": 7.1},
    raw="2A18:0b0100+2A34:02",
)
UNUSABLE = Unusable(
    reading_id=READING.reading_id, device="A4:C1:38:00:00:01", received_at=NOW, reason="not_a_number", raw="2A35:1e"
)


def test_the_published_schema_is_up_to_date() -> None:
    assert json.loads(PUBLISHED.read_text()) == json_schema(), f"write it anew: {REWRITE}"


@pytest.mark.parametrize("entry", [READING, UNUSABLE])
def test_what_a_gateway_writes_ingest_reads_and_the_schema_allows(entry: Reading | Unusable) -> None:
    payload = wire.message("gw-1", [wire.item(entry)], NOW)
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(payload))
    opened = open_message("gw-1", payload)
    assert (opened.spoilt, opened.refused, opened.unknown_fields) == ([], None, 0)
    [item] = opened.items
    assert (item["id"], item["device"], item["raw"]) == (str(entry.reading_id), entry.device, entry.raw)
    if isinstance(entry, Unusable):
        assert item["unusable"] == entry.reason
        return
    assert (item["kind"], item["clock"], item["meal"]) == (entry.kind, entry.clock, entry.meal)
    assert (item["measured_at"], item["received_at"]) == (entry.measured_at, entry.received_at)
    assert (item["user"], item["person"], item["values"]) == (2, str(TOKEN), entry.values)
    assert flag_bits(item["flags"]) == entry.flags


def test_both_ends_call_a_message_by_the_same_digest() -> None:
    assert envelope.digest(b"a message") == wire.digest(b"a message")


def test_the_names_on_the_wire_are_those_of_the_data_model() -> None:
    assert set(get_args(KindName)) == set(Kind)
    assert set(get_args(ClockName)) == set(ClockQuality)
    assert set(get_args(MealName)) == set(Meal)


def test_an_item_kept_as_json_reads_back_the_same() -> None:
    payload = wire.message("gw-1", [wire.item(READING)], NOW)
    [item] = open_message("gw-1", payload).items
    assert read_item(envelope.item_json(item)) == item


@given(st.binary(max_size=200))
def test_no_bytes_make_opening_fail(payload: bytes) -> None:
    opened = open_message("gw-1", payload)
    assert opened.refused in (Reason.MALFORMED, Reason.UNKNOWN_VERSION)
    assert UUID(envelope.message_id(payload)).variant == UUID(int=2 << 62).variant


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [*envelope.Item.__annotations__, "of_a_later_version"]


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4), min_size=1, max_size=4), st.booleans())
def test_every_item_of_a_message_is_opened_spoilt_or_refused(changes: list[dict[str, Any]], whole: bool) -> None:
    items = [(pressure("A4", number) if whole else {}) | change for number, change in enumerate(changes)]
    body = {"v": 1, "gateway": "gw-1", "sent_at": NOW.isoformat(), "readings": items}
    opened = open_message("gw-1", json.dumps(body).encode())
    named = len(opened.items) + len(opened.spoilt)
    assert named == len(items) or opened.refused is Reason.MALFORMED
    for item in opened.items:
        assert read_item(envelope.item_json(item)) == item


def test_receipts_are_json_in_messages_of_bounded_size() -> None:
    held = Settled(Outcome.QUARANTINED, Reason.UNKNOWN_DEVICE)
    ids = [str(UUID(int=number)) for number in range(MOST_IN_A_MESSAGE + 1)]
    answer = Answer([(key, Settled(Outcome.ACCEPTED, None)) for key in ids[1:]] + [(ids[0], held)], [("ab", held)])
    first, second, third = (json.loads(payload) for payload in receipts(answer))
    assert [entry["id"] for entry in first["receipts"] + second["receipts"]] == [*ids[1:], ids[0]]
    assert first["receipts"][0] == {"id": ids[1], "outcome": "accepted"}
    assert second["receipts"][0] == {"id": ids[0], "outcome": "quarantined", "reason": "unknown_device"}
    assert third == {"v": 1, "messages": [{"digest": "ab", "outcome": "quarantined", "reason": "unknown_device"}]}
