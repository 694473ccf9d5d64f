"""The envelope as the server reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import blake2b
from uuid import UUID

import pytest

from devices.reading import ClockQuality, Flag, Meal, Unusable
from gateway import wire
from ingest.envelope import digest, flag_bits, open_message
from tests.gateway.made import T0, reading

SAID_ALL = replace(
    reading(1),
    user_slot=2,
    person=UUID("00000000-0000-4000-8000-000000000001"),
    flags=Flag.IRREGULAR_PULSE | Flag.BODY_MOVEMENT,
    meal=Meal.FASTING,
)
UNDATED = replace(reading(2), measured_at=None, clock=ClockQuality.UNUSABLE)
NO_VALUE = Unusable(
    reading_id=reading(3).reading_id, device="d", received_at=T0, reason="not_a_number", raw="2A35:0207"
)


def test_a_message_is_what_the_contract_says() -> None:
    items = [wire.item(entry) for entry in (reading(1), SAID_ALL, UNDATED, NO_VALUE)]
    body = json.loads(wire.message("gw-0001", items, T0))
    assert (body["v"], body["gateway"], body["sent_at"]) == (1, "gw-0001", "2026-11-21T08:00:00.000Z")
    plain, said_all, undated, no_value = body["readings"]
    assert plain == {
        "id": str(reading(1).reading_id),
        "device": "A4:C1:38:00:00:01",
        "received_at": "2026-11-21T08:00:01.000Z",
        "raw": reading(1).raw,
        "kind": "blood_pressure",
        "measured_at": "2026-11-21T08:00:01.000Z",
        "clock": "exact",
        "values": {"systolic": 128.0, "diastolic": 82.0},
    }
    assert said_all == plain | {
        "flags": ["body_movement", "irregular_pulse"],
        "user": 2,
        "person": "00000000-0000-4000-8000-000000000001",
        "meal": "fasting",
    }
    assert (undated["measured_at"], undated["clock"]) == (None, "unusable")
    assert set(no_value) == {"id", "device", "received_at", "raw", "unusable"}


def test_the_server_reads_everything_in_it() -> None:
    items = [wire.item(entry) for entry in (reading(1), SAID_ALL, UNDATED, NO_VALUE)]
    payload = wire.message("gw-0001", items, T0)
    opened = open_message("gw-0001", payload)
    assert (len(opened.items), opened.spoilt, opened.refused, opened.unknown_fields) == (4, [], None, 0)
    assert [item["id"] for item in opened.items] == [json.loads(item)["id"] for item in items]
    assert flag_bits(opened.items[1]["flags"]) == SAID_ALL.flags
    assert digest(payload) == wire.digest(payload)


def test_user_slot_zero_is_a_user() -> None:
    assert json.loads(wire.item(replace(reading(1), user_slot=0)))["user"] == 0


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_number_ever_leaves_as_nan(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        wire.item(replace(reading(1), values={"systolic": number}))


def test_a_message_is_named_by_its_digest() -> None:
    payload = wire.message("gw-0001", [], T0)
    assert wire.digest(payload) == blake2b(payload, digest_size=16).hexdigest()


def test_the_edge_needs_nothing_of_the_server() -> None:
    """`maixun[gateway]` runs where psycopg and fastapi are not installed."""
    program = (
        "import sys; import gateway.edge, gateway.replay, maixun.commands.gateway, maixun.commands.replay_packets; "
        "print([m for m in ('ingest', 'api', 'psycopg', 'fastapi', 'jinja2', 'numpy') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"
