"""2A37 Heart Rate Measurement (Heart Rate Service): sent about once a second while the sensor is worn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.fields import DecodeError, Fields, u8, u16


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartRate:
    """Beats a minute; skin contact where the sensor can tell; energy in kJ; RR intervals in 1/1024 s."""

    bpm: int
    contact: bool | None = None
    energy: int | None = None
    rr: tuple[int, ...] = ()

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        described: dict[str, object] = {"bpm": self.bpm}
        if self.contact is not None:
            described["contact"] = self.contact
        if self.energy is not None:
            described["energy_kj"] = self.energy
        return described | ({"rr": list(self.rr)} if self.rr else {})

    def encode(self) -> bytes:
        """The packet: a rate above 255 takes 16 bits."""
        wide = self.bpm > 0xFF
        contact = 0 if self.contact is None else 0b110 if self.contact else 0b100
        bits = wide | contact | (self.energy is not None) << 3 | bool(self.rr) << 4
        packet = u8(bits) + (u16(self.bpm) if wide else u8(self.bpm))
        packet += b"" if self.energy is None else u16(self.energy)
        return packet + b"".join(map(u16, self.rr))


def decode(packet: bytes, _quirks: Collection[str] = ()) -> HeartRate:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    return HeartRate(
        bpm=fields.u16() if bits & 1 else fields.u8(),
        contact=bool(bits & 2) if bits & 4 else None,
        energy=fields.u16() if bits & 8 else None,
        rr=_intervals(fields) if bits & 16 else (),
    )


def _intervals(fields: Fields) -> tuple[int, ...]:
    if fields.left() < 2:
        raise DecodeError("RR intervals are announced, but there are none")
    return tuple(fields.u16() for _ in range(fields.left() // 2))
