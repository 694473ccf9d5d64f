"""Whatever arrives, it is kept with its bytes and its reason, a person can see it, and the line goes on."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from gateway import wire
from ingest import envelope
from tests.ingest.line import Gateway
from tests.journeys import messages
from tests.journeys.town import Town

GATEWAY = "gw-malformed"
METER = "A4:C1:38:0D:00:05"
SHOWN = 2048  # bytes of a message nobody can read that are shown


class Wrong(NamedTuple):
    """What is published; the reason it must be held for, the id it is held under, and the bytes a person must see."""

    payload: bytes
    reason: str
    outcome: str
    reading_id: str
    shown: str


def whole(payload: bytes, reason: str = "malformed", outcome: str = "rejected") -> Wrong:
    """Nobody can say which readings it held: it is held itself."""
    try:
        shown = payload[:SHOWN].decode()
    except UnicodeDecodeError:
        shown = payload[:SHOWN].hex()
    return Wrong(payload, reason, outcome, envelope.message_id(payload), shown)


def single(reason: str, outcome: str = "quarantined", **changes: Any) -> Wrong:
    """One reading that is read, and not believed."""
    raw = f"2A35:{uuid4().hex}"
    item = messages.item(**{"device": METER, "raw": raw} | changes)
    return Wrong(messages.message(GATEWAY, item), reason, outcome, item["id"], raw)


def spoilt(**changes: Any) -> Wrong:
    """One reading whose id can be read and the rest cannot: its whole text is shown."""
    item = messages.item(METER, **changes)
    text = json.dumps(item, separators=(",", ":"), ensure_ascii=False)
    return Wrong(messages.message(GATEWAY, item), "malformed", "rejected", item["id"], text[:SHOWN])


def everything() -> dict[str, Wrong]:
    """Each sort of wrong, by a name for people."""
    quiet = messages.item(METER)
    return {
        "no JSON": whole(b"\xff\xfe\x00" + uuid4().bytes),
        "cut off": whole(messages.message(GATEWAY, quiet)[:-40]),
        "empty": whole(b""),
        "a list": whole(json.dumps([str(uuid4())]).encode()),
        "huge": whole(json.dumps([str(uuid4())] * 50_000).encode()),
        "deep": whole(b"[" * 100_000 + b"]" * 100_000),
        "NaN": whole(messages.message(GATEWAY, messages.item(METER, values={"systolic": float("nan")}))),
        "later version": whole(messages.message(GATEWAY, quiet, v=2), "unknown_version", "quarantined"),
        "no readings": whole(messages.message(GATEWAY, readings=str(uuid4()))),
        "somebody else's name": whole(messages.message("gw-other", quiet)),
        "a reading without id": whole(messages.message(GATEWAY, {"device": str(uuid4())})),
        "text for a number": spoilt(values={"systolic": "high"}),
        "no time of day": spoilt(measured_at="yesterday"),
        "NUL": spoilt(raw="2A35:\u0000"),
        "endless raw bytes": spoilt(raw="2A35:" + "00" * 10_000),
        "dead pressure": single("implausible", values={"systolic": 3000, "diastolic": 80}),
        "beyond any number": single("implausible", values={"systolic": 1e308, "diastolic": 80}),
        "year 2000": single("too_old", measured_at="2000-01-01T08:00:00Z"),
        "year 2099": single("in_future", measured_at="2099-01-01T08:00:00Z"),
        "year 1": single("too_old", measured_at="0001-01-01T00:00:00Z"),
        "no usable clock": single("clock_unusable", measured_at=None, clock="unusable"),
        "nobody's meter": single("unknown_device", device="A4:C1:38:0D:FF:FF"),
        "stones and cubits": single("unknown_unit", units={"systolic": "cubit"}),
        "a failed measurement": single("not_a_number", "rejected", unusable="not_a_number"),
        "bytes nobody could decode": single("undecodable", unusable="undecodable"),
        "a person nobody knows": single("unknown_person", person=str(uuid4())),
    }


def test_nothing_that_arrives_is_lost_or_stops_the_line(town: Town) -> None:
    resident_id = town.world.resident("陈静", "dr.wang", "青河卫生站")
    town.world.meter(METER, resident_id, "青河卫生站")
    wrong = everything()
    last = messages.item(METER)
    with Gateway(town.line.mosquitto.url, GATEWAY) as gateway:
        for each in wrong.values():
            gateway.publish(each.payload)
        gateway.publish(messages.message(GATEWAY, last))
        answered = gateway.wait(last["id"], *map(_receipt, wrong.values()))
    assert answered.pop(last["id"]) == "accepted"
    assert {name: answered[_receipt(each)] for name, each in wrong.items()} == {
        name: each.outcome for name, each in wrong.items()
    }
    held = _held(town)
    for name, each in wrong.items():
        item = held.pop(each.reading_id, None)
        assert item is not None, f"{name} is not among what is held"
        assert (name, item["reason"], item["outcome"]) == (name, each.reason, each.outcome)
        assert item["raw"] == each.shown, name
    assert held == {}
    stored = town.rows("select systolic from telemetry.reading where resident_id = %s", resident_id)
    assert stored == [(120,)]
    ledger = town.rows("select count(*) from telemetry.ledger where gateway = %s", GATEWAY)
    assert ledger == [(len(wrong) + 1,)]


def _receipt(wrong: Wrong) -> str:
    """What the gateway is told it by: the reading's id, or the message's digest."""
    is_whole = wrong.reading_id == envelope.message_id(wrong.payload)
    return wire.digest(wrong.payload) if is_whole else wrong.reading_id


def _held(town: Town) -> dict[str, dict[str, Any]]:
    """All that is held of this gateway, page by page, as an administrator sees it."""
    found: dict[str, dict[str, Any]] = {}
    with town.desk("admin") as admin:
        page = admin.read("/held", limit=10)
        while True:
            found |= {item["reading_id"]: item for item in page["items"] if item["gateway"] == GATEWAY}
            if page["next"] is None:
                return found
            page = admin.read("/held", limit=10, before=page["next"])


@pytest.mark.parametrize("path", ["/held?reason=nonsense", "/held?before=nonsense", "/held/nonsense", "/alerts/0"])
def test_a_wrong_question_is_answered_not_crashed_on(town: Town, path: str) -> None:
    with town.desk("lead.qinghe") as desk:
        assert desk.client.get(f"/api/v1{path}").status_code in (404, 422)
