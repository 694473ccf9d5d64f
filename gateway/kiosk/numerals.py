"""How instruments write a value: a number, a bound such as `>7.34`, or HI and LO. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from devices.metrics import Catalogue
from devices.units import canonical
from gateway.kiosk.outcome import Beyond, Take

_FORM = re.compile(r"(?P<side>[<>]?)(?P<number>-?\d{1,6}(\.\d{1,6})?)(?P<unit>.*)", re.ASCII)
_SIDES = {">": Beyond.ABOVE, "<": Beyond.BELOW}
_WORDS = {"HI": Beyond.ABOVE, "LO": Beyond.BELOW}


class NotAValue(ValueError):
    """The text is no value."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """One value as written: HI and LO have no number."""

    number: float | None
    beyond: Beyond | None
    unit: str


def parse(text: str) -> Numeral:
    """Read `62.4kg`, `>7.34mmol/L`, `HI`, `lo`. Raises `NotAValue`."""
    word = _WORDS.get(text.strip().upper())
    if word is not None:
        return Numeral(None, word, "")
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise NotAValue(f"{text!r} is no value")
    return Numeral(float(form["number"]), _SIDES.get(form["side"]), form["unit"].strip())


def take(written: Mapping[str, Numeral], catalogue: Catalogue) -> Take:
    """Values of metrics in canonical units at the metric's resolution. Raises `NotAValue`, `UnknownUnit`."""
    values: dict[str, float] = {}
    for metric, numeral in written.items():
        if metric not in catalogue:
            raise NotAValue(f"there is no metric {metric!r}")
        if numeral.number is not None:
            values[metric] = round(canonical(metric, numeral.number, numeral.unit), catalogue[metric].decimals)
    return Take(values=values, beyond={name: numeral.beyond for name, numeral in written.items() if numeral.beyond})
