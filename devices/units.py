"""Units to the canonical unit of their metric: the only place where a value is converted or rounded.

A value already in its canonical unit keeps the digits that the meter gave. A converted one is rounded, once, to the
resolution of meters that measure in the canonical unit: so 126 mg/dL is 7.0 mmol/L, the same clinical threshold,
and not 6.994, which is below it.
"""

from __future__ import annotations

from typing import NamedTuple


class UnknownUnit(ValueError):
    """A value in a unit that this metric is not known to have."""


class Conversion(NamedTuple):
    """`round((value - offset) * factor, decimals)`."""

    factor: float
    offset: float
    decimals: int


_MMHG_PER_KPA = 7.50062
_PRESSURE = {"kPa": Conversion(_MMHG_PER_KPA, 0, 1)}
# Molar masses /10, as Simple and most meters use them: glucose 180.16, cholesterol 386.7, triglycerides 885.7 g/mol.
_GLUCOSE = {"mg/dL": Conversion(1 / 18.016, 0, 1)}
_CHOLESTEROL = {"mg/dL": Conversion(1 / 38.67, 0, 2)}
_TRIGLYCERIDES = {"mg/dL": Conversion(1 / 88.57, 0, 2)}
_MASS = {"lb": Conversion(0.45359237, 0, 2), "jin": Conversion(0.5, 0, 2), "g": Conversion(0.001, 0, 3)}
_LENGTH = {"m": Conversion(100, 0, 1), "inch": Conversion(2.54, 0, 1)}

_CONVERSIONS: dict[str, dict[str, Conversion]] = {
    "systolic": _PRESSURE,
    "diastolic": _PRESSURE,
    "mean_arterial": _PRESSURE,
    "glucose": _GLUCOSE,
    "total_cholesterol": _CHOLESTEROL,
    "hdl": _CHOLESTEROL,
    "ldl": _CHOLESTEROL,
    "triglycerides": _TRIGLYCERIDES,
    "weight": _MASS,
    "body_water": _MASS,
    "height": _LENGTH,
    "waist": _LENGTH,
    "temperature": {"F": Conversion(5 / 9, 32, 1)},
}
_CANONICAL = {
    **dict.fromkeys(("systolic", "diastolic", "mean_arterial"), ("mmHg", "mm[Hg]")),
    **dict.fromkeys(("glucose", "total_cholesterol", "hdl", "ldl", "triglycerides"), ("mmol/L",)),
    **dict.fromkeys(("weight", "body_water"), ("kg",)),
    **dict.fromkeys(("height", "waist"), ("cm",)),
    **dict.fromkeys(("body_fat", "muscle", "spo2"), ("%",)),
    **dict.fromkeys(("fever", "diarrhoea"), ("1",)),
    "pulse": ("/min",),
    "bmi": ("kg/m2",),
    "impedance": ("ohm", "Ohm"),
    "basal_metabolism": ("kJ",),
    "temperature": ("Cel", "C"),
}
_ALIASES = {"[lb_av]": "lb", "[in_i]": "inch", "[degF]": "F"}


def canonical(metric: str, value: float, unit: str) -> float:
    """`value` of `metric` given in `unit` (UCUM or the name on the meter), in the metric's canonical unit.

    Raises UnknownUnit when the metric does not come in that unit.
    """
    if unit in _CANONICAL.get(metric, ()):
        return value
    conversion = _CONVERSIONS.get(metric, {}).get(_ALIASES.get(unit, unit))
    if conversion is None:
        raise UnknownUnit(f"{metric} does not come in {unit!r}")
    return round((value - conversion.offset) * conversion.factor, conversion.decimals)
