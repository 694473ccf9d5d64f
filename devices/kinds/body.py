"""Weight and body composition: each 2A9D with the 2A9C of the same measurement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devices.gatt.body_composition import BodyComposition
from devices.gatt.weight import Weight
from devices.ieee11073 import is_nonsense, naive
from devices.reading import Kind
from devices.recorder import Finding, Found, Item, Recorder
from devices.units import canonical
from devices.visit import Packet


@dataclass(slots=True)
class _Measurement:
    """What belongs together; at least one of the two is there."""

    position: int
    packets: list[Packet]
    weight: Weight | None = None
    composition: BodyComposition | None = None


def readings(found: Found, recorder: Recorder) -> Iterator[Item]:
    """One item a measurement, one a failed or placeholder packet."""
    measurements = [
        _Measurement(position, [packet], weight=sent)
        for position, (packet, sent) in enumerate(found)
        if isinstance(sent, Weight)
    ]
    for position, packets, composition in _whole(found):
        if composition.is_placeholder():
            yield recorder.unusable(packets, "placeholder")
        else:
            _join(_Measurement(position, packets, composition=composition), measurements)
    for measurement in sorted(measurements, key=lambda each: each.position):
        yield _item(measurement, recorder)


def _whole(found: Found) -> Iterator[tuple[int, list[Packet], BodyComposition]]:
    """Compositions with their position, the two halves of split ones put together."""
    half: tuple[int, Packet, BodyComposition] | None = None
    for position, (packet, sent) in enumerate(found):
        if not isinstance(sent, BodyComposition):
            continue
        if not sent.multiple:
            yield position, [packet], sent
        elif half is None:
            half = (position, packet, sent)
        else:
            yield half[0], [half[1], packet], half[2].merged(sent)
            half = None
    if half is not None:
        yield half[0], [half[1]], half[2]


def _join(new: _Measurement, measurements: list[_Measurement]) -> None:
    """Add a composition to its weighing: the last possible one before it, else the next, else it stands alone."""
    free = [each for each in measurements if each.composition is None and _may_belong(each.weight, new.composition)]
    before = [each for each in free if each.position < new.position]
    if not free:
        measurements.append(new)
        return
    home = before[-1] if before else free[0]
    home.composition = new.composition
    home.packets += new.packets


def _may_belong(weight: Weight | None, composition: BodyComposition | None) -> bool:
    """Never one of another user or with another stamp."""
    if weight is None or weight.weight is None or composition is None:
        return False
    if None not in (weight.time, composition.time) and weight.time != composition.time:
        return False
    return None in (weight.user, composition.user) or weight.user == composition.user


def _item(measurement: _Measurement, recorder: Recorder) -> Item:
    weight, composition = measurement.weight, measurement.composition
    sources = [source for source in (weight, composition) if source]
    time = next((source.time for source in sources if source.time), None)
    values = (_of_composition(composition, weight) if composition else {}) | (_of_weight(weight) if weight else {})
    if not values:
        return recorder.unusable(measurement.packets, "not_a_number", naive(time))
    return recorder.reading(
        Finding(
            kind=Kind.BODY,
            packets=measurement.packets,
            identifying=measurement.packets[0].payload,
            stamp=naive(time),
            values=values,
            user=next((source.user for source in sources if source.user is not None), None),
            undatable=is_nonsense(time),
        )
    )


def _of_weight(sent: Weight) -> dict[str, float]:
    """Canonical values; scales send 0 for a BMI or height they do not know."""
    if sent.weight is None:
        return {}
    values = {"weight": canonical("weight", sent.weight, sent.unit)}
    if sent.bmi:
        values["bmi"] = sent.bmi
    if sent.height:
        values["height"] = canonical("height", sent.height, "m" if sent.unit == "kg" else "inch")
    return values


def _of_composition(sent: BodyComposition, weighed: Weight | None) -> dict[str, float]:
    """Canonical values; a 0 is what the scale did not measure."""
    weight = sent.weight or (weighed.weight if weighed and weighed.unit == sent.unit else None)
    muscle = sent.muscle_percentage
    if not muscle and sent.muscle_mass and weight:
        muscle = round(100 * sent.muscle_mass / weight, 1)
    given = {
        "weight": sent.weight and canonical("weight", sent.weight, sent.unit),
        "height": sent.height and canonical("height", sent.height, "m" if sent.unit == "kg" else "inch"),
        "body_fat": sent.fat_percentage,
        "muscle": muscle,
        "body_water": sent.water_mass and canonical("body_water", sent.water_mass, sent.unit),
        "impedance": sent.impedance,
        "basal_metabolism": sent.basal_metabolism,
    }
    return {name: value for name, value in given.items() if value}
