"""2A5E PLX Spot-Check Measurement (Pulse Oximeter Service)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.fields import Fields, flags, short_float, u8, u16, u24
from devices.ieee11073 import DateTime, Numeric, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Oximetry:
    """One spot check: SpO2 in per cent, pulse per minute, pulse amplitude index in per cent; None: not sent."""

    spo2: Numeric
    pulse: Numeric
    time: DateTime | None = None
    status: int | None = None  # 16 bits: how good the measurement is
    sensor_status: int | None = None  # 24 bits: what is wrong with device or sensor
    amplitude: Numeric | None = None
    clock_unset: bool = False

    def describe(self) -> dict[str, object]:
        """Only what was sent."""
        described: dict[str, object] = {"spo2": shown(self.spo2), "pulse": shown(self.pulse)}
        if self.time is not None:
            described["time"] = self.time.shown()
        if self.status is not None:
            described["status"] = self.status
        if self.sensor_status is not None:
            described["sensor_status"] = self.sensor_status
        if self.amplitude is not None:
            described["pai"] = shown(self.amplitude)
        return described | ({"clock_unset": True} if self.clock_unset else {})

    def encode(self) -> bytes:
        """The packet."""
        packet = u8(flags(self.time, self.status, self.sensor_status, self.amplitude, self.clock_unset))
        packet += short_float(self.spo2) + short_float(self.pulse)
        packet += b"" if self.time is None else self.time.encode()
        packet += b"" if self.status is None else u16(self.status)
        packet += b"" if self.sensor_status is None else u24(self.sensor_status)
        return packet + (b"" if self.amplitude is None else short_float(self.amplitude))


def decode(packet: bytes, _quirks: Collection[str] = ()) -> Oximetry:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    return Oximetry(
        spo2=fields.sfloat(),
        pulse=fields.sfloat(),
        time=fields.date_time() if bits & 1 else None,
        status=fields.u16() if bits & 2 else None,
        sensor_status=fields.u24() if bits & 4 else None,
        amplitude=fields.sfloat() if bits & 8 else None,
        clock_unset=bool(bits & 16),
    )
