"""A recording becomes a reading: heart rate, the curve, and at most the request that a doctor reads it.

The rhythm of one lead is no diagnosis. All this says is "possible atrial fibrillation, needs a doctor's reading" or
nothing; a recording that cannot be read says "not readable, record again".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import blake2b
from uuid import UUID

from devices.clock import ClockPolicy, place
from devices.ecg.criteria import Criteria
from devices.ecg.quality import Trouble, trouble
from devices.ecg.r_peaks import r_peaks
from devices.ecg.recording import Recording
from devices.ecg.rhythm import Rhythm, rhythm
from devices.identity import reading_id
from devices.reading import Flag, Kind, Reading, Unusable
from devices.waveform import Waveform

CHARACTERISTIC = "ecg"
NOT_READABLE = "not_readable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How the recording came: when, of whom (the token of whoever identified), and where its device's clock is set."""

    received_at: datetime
    zone: tzinfo
    person: UUID | None = None
    started_at: datetime | None = None  # aware: somebody's word, which is believed instead of the device's


def examine(waveform: Waveform, criteria: Criteria) -> Rhythm | Trouble:
    """The rhythm of a recording, or why it cannot be read."""
    peaks = r_peaks(waveform.microvolts, waveform.sampling_rate)
    wrong = trouble(waveform, peaks, criteria.quality)
    return wrong or rhythm(peaks, waveform.sampling_rate, criteria.rhythm.irregular)


def interpret(recording: Recording, arrival: Arrival, *, policy: ClockPolicy, criteria: Criteria) -> Reading | Unusable:
    """The reading. Its id is made of device, curve and the device's own stamp, so another import of it is the same."""
    content = _content(recording.waveform)
    identity = reading_id(recording.device, CHARACTERISTIC, content, recording.started_at)
    raw = f"{CHARACTERISTIC}:{content.hex()}"
    found = examine(recording.waveform, criteria)
    if isinstance(found, Trouble):
        return Unusable(
            reading_id=identity,
            device=recording.device,
            received_at=arrival.received_at,
            reason=NOT_READABLE,
            raw=raw,
            waveform=recording.waveform,
        )
    placed = place(
        _stamp(recording, arrival), received_at=arrival.received_at, meter_clock=None, zone=arrival.zone, policy=policy
    )
    return Reading(
        reading_id=identity,
        kind=Kind.ECG,
        device=recording.device,
        user_slot=None,
        person=arrival.person,
        measured_at=placed.measured_at,
        clock=placed.quality,
        received_at=arrival.received_at,
        flags=Flag.POSSIBLE_AF if found.is_irregular else Flag(0),
        meal=None,
        values={"pulse": round(found.heart_rate, 1)},
        raw=raw,
        waveform=recording.waveform,
    )


def _stamp(recording: Recording, arrival: Arrival) -> datetime | None:
    """When it began, on the wall clock of the place."""
    told = arrival.started_at
    return told.astimezone(arrival.zone).replace(tzinfo=None) if told else recording.started_at


def _content(waveform: Waveform) -> bytes:
    """What makes the curve this one: a digest of its rate and samples."""
    values = waveform.microvolts
    return blake2b(struct.pack(f"<d{len(values)}h", waveform.sampling_rate, *values), digest_size=16).digest()
