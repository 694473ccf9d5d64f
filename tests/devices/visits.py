"""Visits for tests: packets a meter sends at a fixed moment, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime

from devices.clock import MeterClock
from devices.gatt.blood_pressure import BloodPressure
from devices.gatt.glucose import Concentration, Glucose
from devices.ieee11073 import DateTime, Numeric, Quantity, Special
from devices.interpret import Packet, Visit, interpret
from devices.reading import Reading, Unusable
from tests.devices.policy import POLICY, SHANGHAI

NOW = datetime(2026, 11, 21, 0, 0, 0, tzinfo=UTC)
SHOWN = datetime(2026, 11, 21, 8, 0, 0)
TIME = DateTime(2026, 11, 20, 7, 30, 15)
MEASURED = datetime(2026, 11, 19, 23, 30, 15, tzinfo=UTC)
METER = "A4:C1:38:00:00:01"
OTHER_USER = 2
SYSTOLIC, DIASTOLIC, GLUCOSE = Quantity(128, 0), Quantity(82, 0), Quantity(55, -4)


def visit(
    *sent: tuple[str, bytes], at: datetime = NOW, clock: datetime | None = None, quirks: frozenset[str] = frozenset()
) -> list[Reading | Unusable]:
    packets = tuple(Packet(characteristic, payload, at) for characteristic, payload in sent)
    meter_clock = MeterClock(clock, at) if clock else None
    return interpret(Visit(METER, packets, None, meter_clock, quirks, SHANGHAI), POLICY)


def one(*sent: tuple[str, bytes], quirks: frozenset[str] = frozenset()) -> Reading:
    (item,) = visit(*sent, quirks=quirks)
    assert isinstance(item, Reading)
    return item


def refused(*sent: tuple[str, bytes], quirks: frozenset[str] = frozenset()) -> str:
    (item,) = visit(*sent, quirks=quirks)
    assert isinstance(item, Unusable)
    return item.reason


def cuff(systolic: Numeric = SYSTOLIC, *, diastolic: Numeric = DIASTOLIC, time: DateTime | None = TIME) -> bytes:
    return BloodPressure(systolic=systolic, diastolic=diastolic, mean_arterial=Special.NAN, time=time).encode()


def glucose(value: Numeric = GLUCOSE, **more: int | bool) -> bytes:
    sample, location = int(more.pop("sample", 1)), int(more.pop("location", 1))
    result = Concentration(unit="mol/L", value=value, sample=sample, location=location)
    fields = {"sequence": 7} | more
    return Glucose(base_time=TIME, concentration=result, **fields).encode()  # type: ignore[arg-type]
