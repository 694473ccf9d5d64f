"""2A36 Intermediate Cuff Pressure: the pressure while the cuff is filling; never a result."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.blood_pressure import PressureUnit, decode_extras, describe_extras, encode_extras
from devices.gatt.fields import Fields, flags, short_float, u8
from devices.ieee11073 import DateTime, Numeric, Special, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CuffPressure:
    """The present pressure in the cuff; what was not sent is None."""

    unit: PressureUnit = "mmHg"
    cuff: Numeric
    time: DateTime | None = None
    pulse: Numeric | None = None
    user: int | None = None
    status: int | None = None

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        described: dict[str, object] = {"unit": self.unit, "cuff": shown(self.cuff)}
        return described | describe_extras(self.time, self.pulse, self.user, self.status)

    def encode(self) -> bytes:
        """The packet; the two unused pressures are NaN, as the profile asks."""
        packet = u8(flags(self.unit == "kPa", self.time, self.pulse, self.user, self.status))
        packet += short_float(self.cuff) + short_float(Special.NAN) * 2
        return packet + encode_extras(self.time, self.pulse, self.user, self.status)


def decode(packet: bytes, _quirks: Collection[str] = ()) -> CuffPressure:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    cuff = fields.sfloat()
    fields.u32()  # two pressures that this characteristic does not use
    time, pulse, user, status = decode_extras(fields, bits)
    return CuffPressure(unit="kPa" if bits & 1 else "mmHg", cuff=cuff, time=time, pulse=pulse, user=user, status=status)
