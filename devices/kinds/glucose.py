"""Glucose: each 2A18 with the 2A34 of the same sequence number, where the meter sent one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from devices.gatt.glucose import (
    CONTROL_SOLUTION_LOCATION,
    CONTROL_SOLUTION_SAMPLE,
    Concentration,
    Glucose,
)
from devices.gatt.glucose_context import KETONE_MEAL, GlucoseContext
from devices.gatt.quirks import KETONE_MEAL_6, UNSTABLE_SEQUENCE
from devices.ieee11073 import Numeric, Quantity, Special
from devices.reading import Flag, Kind, Meal
from devices.recorder import Finding, Found, Item, Recorder, only
from devices.units import canonical
from devices.visit import Packet

_STATUS_FLAGS = (
    Flag.BATTERY_LOW,
    Flag.SENSOR_MALFUNCTION,
    Flag.SAMPLE_INSUFFICIENT,
    Flag.STRIP_INSERTION_ERROR,
    Flag.STRIP_TYPE_ERROR,
    Flag.ABOVE_RANGE,
    Flag.BELOW_RANGE,
    Flag.STRIP_TOO_HOT,
    Flag.STRIP_TOO_COLD,
    Flag.READ_INTERRUPTED,
    Flag.GENERAL_FAULT,
    Flag.TIME_FAULT,
)
_MEALS = {1: Meal.BEFORE, 2: Meal.AFTER, 3: Meal.FASTING, 4: Meal.CASUAL, 5: Meal.BEDTIME}
_SPECIAL_FLAGS = {Special.ABOVE: Flag.ABOVE_RANGE, Special.BELOW: Flag.BELOW_RANGE}
_IDENTIFYING = slice(1, 10)  # sequence number and base time
_OUT_OF_RANGE = Flag.ABOVE_RANGE | Flag.BELOW_RANGE


def readings(found: Found, recorder: Recorder) -> Iterator[Item]:
    """One item a measurement; a context without its measurement gives nothing."""
    contexts = {context.sequence: (packet, context) for packet, context in only(found, GlucoseContext)}
    for packet, measured in only(found, Glucose):
        context_packet, context = contexts.get(measured.sequence, (None, None))
        packets = [packet, context_packet] if context_packet else [packet]
        yield _item(packets, measured, context, recorder)


def _item(packets: list[Packet], measured: Glucose, context: GlucoseContext | None, recorder: Recorder) -> Item:
    base = measured.base_time.naive()
    result = measured.concentration
    flags = _flags(measured)
    if result and (result.sample == CONTROL_SOLUTION_SAMPLE or result.location == CONTROL_SOLUTION_LOCATION):
        return recorder.unusable(packets[:1], "control_solution", base)
    if KETONE_MEAL_6 in recorder.visit.quirks and _may_be_ketone(measured, context):
        return recorder.unusable(packets, "unknown_metric", base)
    values = {} if flags & _OUT_OF_RANGE else _values(result)
    if not values and not flags & _OUT_OF_RANGE:
        return recorder.unusable(packets[:1], "not_a_number", base)
    return recorder.reading(
        Finding(
            kind=Kind.GLUCOSE,
            packets=packets,
            identifying=_identifying(packets[0].payload, measured, recorder.visit.quirks),
            stamp=measured.stamp(),
            base=base,
            values=values,
            flags=flags,
            meal=_MEALS.get(context.meal or 0) if context else None,
            live=False,
            undatable=bool(flags & Flag.TIME_FAULT) or measured.offset_lost() or measured.base_time.is_nonsense(),
        )
    )


def _may_be_ketone(measured: Glucose, context: GlucoseContext | None) -> bool:
    """Only the context tells; one that was announced and did not come could have told."""
    return context.meal == KETONE_MEAL if context else measured.context_follows


def _identifying(payload: bytes, measured: Glucose, quirks: Collection[str]) -> bytes:
    """A record is its sequence number and base time, whatever else changes when it is sent again.

    Without a date, or with a sequence number that moves, the result itself must tell records apart.
    """
    if UNSTABLE_SEQUENCE in quirks:
        return replace(measured, sequence=0, offset=None, context_follows=False).encode()
    return payload if measured.base_time.naive() is None else payload[_IDENTIFYING]


def _flags(measured: Glucose) -> Flag:
    status = measured.status or 0
    flags = Flag(0)
    for bit, flag in enumerate(_STATUS_FLAGS):
        if status >> bit & 1:
            flags |= flag
    return flags | range_flag(measured.concentration.value if measured.concentration else None)


def range_flag(value: Numeric | None) -> Flag:
    """HI or LO, where a meter says it by an infinity."""
    return _SPECIAL_FLAGS.get(value, Flag(0)) if isinstance(value, Special) else Flag(0)


def _values(result: Concentration | None) -> dict[str, float]:
    if result is None or not isinstance(result.value, Quantity):
        return {}
    if result.unit == "mol/L":
        return {"glucose": canonical("glucose", result.value.scaled(3).number(), "mmol/L")}
    return {"glucose": canonical("glucose", result.value.scaled(5).number(), "mg/dL")}
