"""An ECG on the wire and into the database: its curve beside its reading, once, in one transaction."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from typing import Any

import jsonschema
import pytest

from devices.ecg.interpret import interpret
from devices.reading import Flag
from devices.waveform import Waveform, unpack
from gateway import wire
from ingest import envelope, held
from ingest.reason import Outcome, Reason, Settled
from ingest.registry import register_device
from tests.ecg.made import ARRIVAL, CRITERIA, POLICY, fibrillation, recording, sinus
from tests.ecg.synthetic import Signal
from tests.ingest.county import CATALOGUE, NOW, TOKEN, County, Ingest, hand_over, message

ACCEPTED = Settled(Outcome.ACCEPTED, None)


def item(device: str, signal: Signal, **changes: Any) -> dict[str, Any]:
    """The wire form of a recording by this device, as a gateway makes it."""
    made = replace(recording(signal), device=device)
    arrival = replace(ARRIVAL, received_at=NOW)
    found: dict[str, Any] = json.loads(wire.item(interpret(made, arrival, policy=POLICY, criteria=CRITERIA)))
    return found | changes


def curves(ingest: Ingest) -> list[Waveform]:
    rows = ingest.connection.execute("select sampling_rate, samples, microvolts from telemetry.waveform").fetchall()
    found = [unpack(rate, bytes(packed)) for rate, _, packed in rows]
    assert [samples for _, samples, _ in rows] == [len(curve.microvolts) for curve in found]
    return found


def test_a_recording_becomes_a_reading_and_its_curve(ingest: Ingest, county: County) -> None:
    sent = item(county.cuff, fibrillation())
    assert ingest(message([sent])).counts == {ACCEPTED: 1}
    row = ingest.connection.execute(
        "select r.kind::text, r.pulse, r.flags, r.clock::text, w.resident_id from telemetry.reading r"
        " join telemetry.waveform w using (resident_id, reading_id)"
    ).fetchone()
    assert row is not None
    assert row == ("ecg", pytest.approx(95, abs=6), Flag.POSSIBLE_AF, "assumed", county.resident)
    assert curves(ingest) == [recording(fibrillation()).waveform]


def test_the_envelope_published_for_others_takes_it(county: County) -> None:
    payload = message([item(county.cuff, sinus())]).payload
    jsonschema.Draft202012Validator(envelope.json_schema()).validate(json.loads(payload))
    opened = envelope.open_message("gw-1", payload)
    assert (len(opened.items), opened.spoilt, opened.unknown_fields) == (1, [], 0)


def test_the_longest_and_wildest_curve_fits_the_envelope(ingest: Ingest, county: County) -> None:
    wild = Waveform(sampling_rate=1000.0, microvolts=tuple((n * 40503 % 65536) - 32768 for n in range(60_000)))
    curve = {"sampling_rate": 1000.0, "packed": b64encode(wild.pack()).decode()}
    assert ingest(message([item(county.cuff, sinus(), waveform=curve)])).counts == {ACCEPTED: 1}
    assert curves(ingest) == [wild]


def test_the_same_recording_again_is_a_duplicate_with_one_curve(ingest: Ingest, county: County) -> None:
    sent = item(county.cuff, sinus())
    ingest(message([sent]))
    again = ingest(message([sent, item(county.cuff, sinus(2))], gateway="gw-2"))
    assert again.counts == {Settled(Outcome.DUPLICATE, None): 1, ACCEPTED: 1}
    assert len(curves(ingest)) == 2


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        ({"sampling_rate": 250.0, "packed": b64encode(b"no curve").decode()}, Reason.UNDECODABLE),
        ({"sampling_rate": 250.0, "packed": ""}, Reason.UNDECODABLE),
        ({"sampling_rate": 250.0, "packed": "AAA"}, Reason.UNDECODABLE),
        ({"sampling_rate": 0, "packed": "AAAA"}, Reason.MALFORMED),
        ({"sampling_rate": 250.0, "packed": "A" * 165_001}, Reason.MALFORMED),
        ({"packed": "AAAA"}, Reason.MALFORMED),
    ],
)
def test_a_spoilt_curve_is_held_and_harms_no_neighbour(
    ingest: Ingest, county: County, curve: dict[str, Any], reason: Reason
) -> None:
    processed = ingest(message([item(county.cuff, sinus(), waveform=curve), item(county.cuff, sinus(2))]))
    assert processed.counts == {ACCEPTED: 1, Settled(reason.outcome, reason): 1}
    assert curves(ingest) == [recording(sinus(2)).waveform]


def test_a_recording_that_cannot_be_read_is_kept_and_is_no_reading(ingest: Ingest, county: County) -> None:
    sent = item(county.cuff, sinus()[:2500])
    assert sent["unusable"] == "not_readable"
    assert ingest(message([sent])).counts == {Settled(Outcome.REJECTED, Reason.NOT_READABLE): 1}
    assert ingest.tally() == {"ledger": 1, "reading": 0, "held": 1}
    assert curves(ingest) == []
    kept = ingest.connection.execute("select item -> 'waveform' from telemetry.held").fetchone()
    assert kept == (sent["waveform"],)


def test_what_waited_for_its_device_is_released_with_its_curve(ingest: Ingest, county: County) -> None:
    sent = item("ECG-0001", sinus(), person=str(TOKEN))
    assert ingest(message([sent])).counts == {Settled(Outcome.QUARANTINED, Reason.UNKNOWN_DEVICE): 1}
    device = register_device(ingest.connection, address="ECG-0001", model="portable ecg", at=NOW)
    hand_over(ingest.connection, device, recording_day(), None, county.station, setting="station")
    assert held.release(ingest.connection, sent["id"], staff_id=1, now=NOW, catalogue=CATALOGUE) is None
    assert curves(ingest) == [recording(sinus()).waveform]
    assert ingest.tally() == {"ledger": 1, "reading": 1, "held": 0}


def recording_day() -> datetime:
    """Before the recording was made."""
    return NOW.replace(day=1)
