"""A recording's way into the outbox: interpreted, and on disk when `keep` returns."""

from __future__ import annotations

from devices.clock import ClockPolicy
from devices.ecg.criteria import Criteria
from devices.ecg.interpret import Arrival, interpret
from devices.ecg.recording import Recording
from devices.reading import Reading, Unusable
from gateway.outbox import Outbox


def keep(
    recording: Recording, arrival: Arrival, outbox: Outbox, *, policy: ClockPolicy, criteria: Criteria
) -> Reading | Unusable:
    """What the recording says, kept; the same recording again is kept once. Raises `OutboxFull`, `OutboxDamaged`."""
    entry = interpret(recording, arrival, policy=policy, criteria=criteria)
    outbox.put([entry])
    return entry
