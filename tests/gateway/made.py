"""Readings and packets for the tests, told apart by a number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

from devices.clock import ClockPolicy
from devices.identity import reading_id
from devices.reading import ClockQuality, Flag, Kind, Reading
from gateway.outbox import Limits, Outbox
from gateway.receipts import Outcome, Receipt, Receipts
from gateway.settings import GatewaySettings
from maixun import configuration

CUFF = "A4:C1:38:00:00:01"
ZONE = timezone(timedelta(hours=8))
T0 = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
POLICY = ClockPolicy(
    tolerance=timedelta(seconds=60),
    slack=timedelta(seconds=60),
    max_future=timedelta(minutes=5),
    epoch=datetime(2015, 1, 1, tzinfo=UTC),
)


def reading(number: int) -> Reading:
    """A blood pressure, number seconds after T0."""
    at = T0 + timedelta(seconds=number)
    packet = blood_pressure(number)
    return Reading(
        reading_id=reading_id(CUFF, "2A35", packet, at.replace(tzinfo=None)),
        kind=Kind.BLOOD_PRESSURE,
        device=CUFF,
        user_slot=None,
        person=None,
        measured_at=at,
        clock=ClockQuality.EXACT,
        received_at=at,
        flags=Flag(0),
        meal=None,
        values={"systolic": 128.0, "diastolic": 82.0},
        raw=f"2A35:{packet.hex()}",
    )


def blood_pressure(number: int) -> bytes:
    """A 2A35 packet: 128/82 mmHg, mean 97, stamped number seconds after 2026-11-21 16:00 of the meter's wall clock."""
    at = datetime(2026, 11, 21, 16, 0) + timedelta(seconds=number)
    stamp = at.year.to_bytes(2, "little") + bytes([at.month, at.day, at.hour, at.minute, at.second])
    return b"\x02" + b"".join(value.to_bytes(2, "little") for value in (128, 82, 97)) + stamp


def glucose(sequence: int) -> bytes:
    """A 2A18 packet: 5.5 mmol/L (mol/L, SFLOAT 55e-4), record number as given."""
    stamp = (2026).to_bytes(2, "little") + bytes([11, 21, 7, sequence // 60 % 60, sequence % 60])
    return b"\x06" + sequence.to_bytes(2, "little") + stamp + (55 | 0xC000).to_bytes(2, "little") + b"\x11"


def accepted(*ids: UUID) -> Receipts:
    """The server's receipt for these."""
    return Receipts(receipts=tuple(Receipt(id=one, outcome=Outcome.ACCEPTED) for one in ids))


def outbox(folder: Path, **limits: float) -> Outbox:
    """An outbox in that folder."""
    return Outbox(folder / "outbox.sqlite3", Limits(**limits))  # type: ignore[arg-type]


def settings(**changed: object) -> GatewaySettings:
    """The shipped settings, with some changed."""
    return configuration.settings(GatewaySettings, "gateway").model_copy(update=changed)
