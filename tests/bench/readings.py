"""Readings made of real packets, one for each number, and the meters they come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from devices import clock, visit
from devices.gatt.glucose import Concentration, Glucose
from devices.ieee11073 import DateTime, Quantity
from devices.interpret import interpret
from devices.reading import Reading
from maixun import configuration

PEOPLE = 20_000
_ZONE = ZoneInfo("Asia/Shanghai")
_POLICY = clock.parse_policy(configuration.load("devices/clock.yaml"))
NORMAL = 6.1  # mmol/L
DANGEROUS = 2.7  # mmol/L; opens an alert at once


def meter(person: int) -> str:
    """The address of one person's glucose meter."""
    return f"B0:00:00:00:{person >> 8:02X}:{person & 255:02X}"


def packet(number: int, at: datetime, mmol_per_litre: float = NORMAL) -> bytes:
    """A 2A18 packet that the meter stamps with the wall clock's time."""
    shown = at.astimezone(_ZONE)
    return Glucose(
        sequence=number % 65_536,
        base_time=DateTime(shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second),
        concentration=Concentration(unit="mol/L", value=Quantity(round(mmol_per_litre * 10), -4), sample=1, location=1),
    ).encode()


def glucose(number: int, people: Sequence[int] = range(PEOPLE)) -> Reading:
    """The number-th reading, normal, of these people in turn: each number another one."""
    received_at = datetime.now(UTC)
    taken_at = received_at - timedelta(minutes=1, seconds=number // len(people))
    contact = visit.Visit(
        device=meter(people[number % len(people)]),
        packets=(visit.Packet("2A18", packet(number, taken_at), received_at),),
        person=None,
        meter_clock=None,
        quirks=frozenset(),
        zone=_ZONE,
    )
    (reading,) = interpret(contact, _POLICY)
    assert isinstance(reading, Reading)
    return reading
