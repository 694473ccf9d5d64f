"""Xiaomi's scales: they advertise each weighing over and over, first without the impedance; no connection is made."""

from __future__ import annotations

from devices import gatt
from devices.catalogue import Model
from devices.gatt.xiaomi_scale import BodyScaleAdvert, ScaleAdvert
from devices.visit import Packet
from gateway.drivers import MODEL, NO_MATCH, Advert, Overheard


class XiaomiScaleDriver:
    """The driver."""

    def match(self, advert: Advert, model: Model) -> int:  # noqa: ARG002 -- the catalogue knows them
        """Models that say their measurements in advertisements of this kind."""
        return MODEL if any(packet.endswith(":xiaomi") for packet in model.adverts.values()) else NO_MATCH

    def overhear(self, packet: Packet) -> Overheard | None:
        """Settled when the value stands; complete when the impedance is there too, or nobody stands on it any more."""
        try:
            said = gatt.decode(packet.characteristic, packet.payload)
        except gatt.DecodeError:
            return None
        if not isinstance(said, ScaleAdvert | BodyScaleAdvert):
            return None
        if not (said.stable and said.weight):
            return Overheard(key=None, shows=None, complete=False)
        waiting = isinstance(said, BodyScaleAdvert) and said.impedance is None
        return Overheard(
            key=said.time.encode() + f"{said.weight} {said.unit}".encode(),
            shows=said.time.naive(),
            complete=said.removed or not waiting,
        )


XIAOMI_SCALE = XiaomiScaleDriver()
