"""2A35 Blood Pressure Measurement (Blood Pressure Profile; field order and bits: GATT Specification Supplement)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from devices.gatt.fields import Fields, big_u16, flags, short_float, u8, u16
from devices.gatt.quirks import BEURER_BIG_ENDIAN
from devices.ieee11073 import DateTime, Numeric, sfloat, sfloat_code, shown

PressureUnit: TypeAlias = Literal["mmHg", "kPa"]
UNKNOWN_USER = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class BloodPressure:
    """One measurement as the cuff sent it; what it did not send is None."""

    unit: PressureUnit = "mmHg"
    systolic: Numeric
    diastolic: Numeric
    mean_arterial: Numeric
    time: DateTime | None = None
    pulse: Numeric | None = None  # /min
    user: int | None = None  # 255: unknown
    status: int | None = None  # bits: 0 movement, 1 cuff loose, 2 irregular, 3-4 pulse range, 5 position

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors; pressures in `unit`."""
        described: dict[str, object] = {
            "unit": self.unit,
            "sys": shown(self.systolic),
            "dia": shown(self.diastolic),
            "map": shown(self.mean_arterial),
        }
        return described | describe_extras(self.time, self.pulse, self.user, self.status)

    def encode(self, *, quirks: Collection[str] = ()) -> bytes:
        """The packet, with the sender's quirks."""
        beurer = BEURER_BIG_ENDIAN in quirks
        user_flag = None if beurer else self.user
        packet = u8(flags(self.unit == "kPa", self.time, self.pulse, user_flag, self.status))
        packet += short_float(self.systolic) + short_float(self.diastolic) + short_float(self.mean_arterial)
        return packet + encode_extras(self.time, self.pulse, self.user, self.status, big_endian=beurer)


def decode(packet: bytes, quirks: Collection[str] = ()) -> BloodPressure:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    systolic, diastolic, mean_arterial = fields.sfloat(), fields.sfloat(), fields.sfloat()
    time, pulse, user, status = decode_extras(fields, bits, beurer=BEURER_BIG_ENDIAN in quirks)
    return BloodPressure(
        unit="kPa" if bits & 1 else "mmHg",
        systolic=systolic,
        diastolic=diastolic,
        mean_arterial=mean_arterial,
        time=time,
        pulse=pulse,
        user=user,
        status=status,
    )


def decode_extras(
    fields: Fields, bits: int, *, beurer: bool = False
) -> tuple[DateTime | None, Numeric | None, int | None, int | None]:
    """Time, pulse, user and status: what 2A35 and 2A36 share after the pressures."""
    time = fields.date_time() if bits & 2 else None
    pulse = sfloat(fields.big_u16() if beurer else fields.u16()) if bits & 4 else None
    unflagged_user = beurer and fields.left() > (2 if bits & 16 else 0)
    user = fields.u8() if bits & 8 or unflagged_user else None
    status = (fields.big_u16() if beurer else fields.u16()) if bits & 16 else None
    return time, pulse, user, status


def encode_extras(
    time: DateTime | None, pulse: Numeric | None, user: int | None, status: int | None, *, big_endian: bool = False
) -> bytes:
    """The opposite of `decode_extras`."""
    word = big_u16 if big_endian else u16
    packet = b"" if time is None else time.encode()
    packet += b"" if pulse is None else word(sfloat_code(pulse))
    packet += b"" if user is None else u8(user)
    return packet + (b"" if status is None else word(status))


def describe_extras(
    time: DateTime | None, pulse: Numeric | None, user: int | None, status: int | None
) -> dict[str, object]:
    """The shared fields by the names of the test vectors; a stamp with unknown parts is shown as None."""
    described: dict[str, object] = {}
    if time is not None:
        described["time"] = time.shown()
    if pulse is not None:
        described["pulse"] = shown(pulse)
    if user is not None:
        described["user"] = user
    if status is not None:
        described["status"] = status
    return described
