"""From what was heard to readings for the outbox, and from readings to what the visit is told. Pure.

A metric that the instrument showed as HI or LO becomes a reading of its own, flagged above or below range, so that a
flag never speaks for a neighbour. Its value is the bound that the instrument named, "above 7.34" being 7.34 and the
flag; without a bound it has no value, as with a glucose meter's HI.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from uuid import UUID

from devices.clock import ClockPolicy, place
from devices.identity import reading_id
from devices.metrics import Catalogue
from devices.reading import Flag, Kind, Reading
from gateway.kiosk.heard import KINDS, METRICS, Heard
from gateway.kiosk.names import Measurement
from gateway.kiosk.outcome import Beyond, Take

_FLAGS = {Beyond.ABOVE: Flag.ABOVE_RANGE, Beyond.BELOW: Flag.BELOW_RANGE}


def readings(heard: Heard, *, person: UUID | None, zone: tzinfo, policy: ClockPolicy) -> list[Reading]:
    """The readings of one measurement: the same bytes from the same instrument give the same ids."""
    placed = place(heard.stamp, received_at=heard.received_at, meter_clock=None, zone=zone, policy=policy)
    return [
        Reading(
            reading_id=reading_id(
                heard.device, heard.channel, heard.identifying + part.encode(), heard.stamp or heard.received_at
            ),
            kind=KINDS[heard.measurement],
            device=heard.device,
            user_slot=None,
            person=person,
            measured_at=placed.measured_at,
            clock=placed.quality,
            received_at=heard.received_at,
            flags=heard.flags | flag,
            meal=heard.meal,
            values=values,
            raw=f"{heard.channel}:{(heard.told or heard.identifying).hex()}",
        )
        for part, flag, values in _parts(heard.take)
    ]


def _parts(take: Take) -> Iterator[tuple[str, Flag, Mapping[str, float]]]:
    """Name, flag and values: first what lies in range, then each metric beyond it."""
    inside = {metric: value for metric, value in take.values.items() if metric not in take.beyond}
    if inside:
        yield "", Flag(0), inside
    for metric, side in take.beyond.items():
        bound = take.values.get(metric)
        yield metric, _FLAGS[side], {} if bound is None else {metric: bound}


def measurement_of(reading: Reading) -> Measurement | None:
    """What a reading from the radio measures; None for kinds the kiosk does not offer."""
    return _OF_KIND.get(reading.kind)


def take_of(reading: Reading, catalogue: Catalogue) -> Take:
    """What the visit is told of one reading: only what its measurement asks for, at the metric's resolution."""
    measurement = _OF_KIND[reading.kind]
    metrics = METRICS[measurement]
    values = {
        metric: round(reading.values[metric], catalogue[metric].decimals)
        for metric in metrics
        if metric in reading.values
    }
    sides = [side for side, flag in _FLAGS.items() if flag in reading.flags]
    if not sides:
        return Take(values=values)
    beyond: Sequence[str] = tuple(values) or metrics[:1]
    return Take(values=values, beyond=dict.fromkeys(beyond, sides[0]))


_OF_KIND: Mapping[Kind, Measurement] = {
    kind: measurement for measurement, kind in KINDS.items() if measurement is not Measurement.WAIST
}
