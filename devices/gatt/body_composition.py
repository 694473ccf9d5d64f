"""2A9C Body Composition Measurement; a long one is split over two packets, see `merged`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from devices.gatt.fields import Fields, flags, u8, u16
from devices.gatt.weight import UNSUCCESSFUL, MassUnit, encode_height, encode_mass, height, mass
from devices.ieee11073 import DateTime

_FIELDS = (
    ("bmr_kj", "basal_metabolism"),
    ("muscle_pct", "muscle_percentage"),
    ("muscle_mass", "muscle_mass"),
    ("fat_free_mass", "fat_free_mass"),
    ("soft_lean_mass", "soft_lean_mass"),
    ("water_mass", "water_mass"),
    ("impedance_ohm", "impedance"),
    ("weight", "weight"),
    ("height", "height"),
)
_MASSES = ("muscle_mass", "fat_free_mass", "soft_lean_mass", "water_mass", "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyComposition:
    """Fat and muscle in per cent, masses in `unit`, height in m (kg) or inch (lb); None: not sent, or it failed."""

    fat_percentage: float | None  # None: the scale says it failed
    unit: MassUnit = "kg"
    time: DateTime | None = None
    user: int | None = None
    basal_metabolism: int | None = None  # kJ
    muscle_percentage: float | None = None
    muscle_mass: float | None = None
    fat_free_mass: float | None = None
    soft_lean_mass: float | None = None
    water_mass: float | None = None
    impedance: float | None = None  # ohm
    weight: float | None = None
    height: float | None = None
    multiple: bool = False  # one of two packets of the same measurement

    def is_placeholder(self) -> bool:
        """Whether nothing but zeros was measured: a stub that some scales send before the real packet."""
        masses = (getattr(self, name) for name in _MASSES)
        return not any((self.fat_percentage, self.muscle_percentage, self.impedance, *masses))

    def merged(self, second: BodyComposition) -> BodyComposition:
        """The whole measurement from its two packets: what the first did not say, the second does."""
        said = {
            name: getattr(second, name)
            for name in ("fat_percentage", "time", "user", *(attribute for _, attribute in _FIELDS))
            if getattr(self, name) is None
        }
        return replace(self, multiple=False, **said)

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors; failed fat is None."""
        described: dict[str, object] = {"fat_pct": self.fat_percentage, "unit": self.unit}
        if self.time is not None:
            described["time"] = self.time.shown()
        if self.user is not None:
            described["user"] = self.user
        for name, attribute in _FIELDS:
            value = getattr(self, attribute)
            if value is not None:
                described[name] = value
        return described | ({"multiple": True} if self.multiple else {})

    def encode(self) -> bytes:
        """The packet."""
        present = (getattr(self, attribute) for _, attribute in _FIELDS)
        packet = u16(flags(self.unit == "lb", self.time, self.user, *present, self.multiple))
        packet += u16(UNSUCCESSFUL if self.fat_percentage is None else round(self.fat_percentage * 10))
        packet += b"" if self.time is None else self.time.encode()
        packet += b"" if self.user is None else u8(self.user)
        return packet + b"".join(self._encoded(attribute) for _, attribute in _FIELDS)

    def _encoded(self, attribute: str) -> bytes:
        value = getattr(self, attribute)
        if value is None:
            return b""
        if attribute in _MASSES:
            return encode_mass(value, self.unit)
        if attribute == "height":
            return encode_height(value, self.unit)
        return u16(value if attribute == "basal_metabolism" else round(value * 10))


def decode(packet: bytes, _quirks: Collection[str] = ()) -> BodyComposition:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u16()
    unit: MassUnit = "lb" if bits & 1 else "kg"
    return BodyComposition(
        fat_percentage=_tenths(fields.u16()),
        unit=unit,
        time=fields.date_time() if bits & 1 << 1 else None,
        user=fields.u8() if bits & 1 << 2 else None,
        basal_metabolism=fields.u16() if bits & 1 << 3 else None,
        muscle_percentage=_tenths(fields.u16()) if bits & 1 << 4 else None,
        muscle_mass=mass(fields.u16(), unit) if bits & 1 << 5 else None,
        fat_free_mass=mass(fields.u16(), unit) if bits & 1 << 6 else None,
        soft_lean_mass=mass(fields.u16(), unit) if bits & 1 << 7 else None,
        water_mass=mass(fields.u16(), unit) if bits & 1 << 8 else None,
        impedance=_tenths(fields.u16()) if bits & 1 << 9 else None,
        weight=mass(fields.u16(), unit) if bits & 1 << 10 else None,
        height=height(fields.u16(), unit) if bits & 1 << 11 else None,
        multiple=bool(bits & 1 << 12),
    )


def _tenths(raw: int) -> float | None:
    return None if raw == UNSUCCESSFUL else raw / 10
