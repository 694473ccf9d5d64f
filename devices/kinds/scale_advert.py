"""Weight from Xiaomi scales, which advertise the same weighing many times until the next one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from devices.gatt import short_name
from devices.gatt.xiaomi_scale import BodyScaleAdvert, ScaleAdvert
from devices.reading import Kind, Reading
from devices.recorder import Finding, Found, Recorder
from devices.units import canonical
from devices.visit import Packet

_Advert: TypeAlias = ScaleAdvert | BodyScaleAdvert


def readings(found: Found, recorder: Recorder) -> Iterator[Reading]:
    """One reading a settled weighing, with the impedance as soon as one of its adverts has it."""
    best: dict[tuple[str, bytes], tuple[Packet, _Advert]] = {}
    for packet, advert in found:
        if isinstance(advert, _Advert) and advert.stable and advert.weight:
            key = (short_name(packet.characteristic), _identifying(advert))
            if key not in best or _impedance(best[key][1]) is None:
                best[key] = (packet, advert)
    for packet, advert in best.values():
        yield _reading(packet, advert, recorder)


def _reading(packet: Packet, advert: _Advert, recorder: Recorder) -> Reading:
    stamp = advert.time.naive()
    values = {"weight": canonical("weight", advert.weight, advert.unit)}
    impedance = _impedance(advert)
    if impedance is not None:
        values["impedance"] = impedance
    return recorder.reading(
        Finding(
            kind=Kind.BODY,
            packets=[packet],
            identifying=_identifying(advert),
            stamp=stamp,
            values=values,
            undatable=advert.time.is_nonsense(),
        )
    )


def _identifying(advert: _Advert) -> bytes:
    """The weighing itself, without the state bits and the impedance, which change while it is advertised."""
    return advert.time.encode() + f"{advert.weight} {advert.unit}".encode()


def _impedance(advert: _Advert) -> int | None:
    return advert.impedance if isinstance(advert, BodyScaleAdvert) else None
