"""What a measurement gave: takes, and what is to be told of several takes together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from devices.reading import Meal
from gateway.kiosk.names import Measurement


class Sex(StrEnum):
    """As far as a threshold needs it."""

    FEMALE = "female"
    MALE = "male"


class Beyond(StrEnum):
    """The instrument showed HI or LO: the value lies beyond what it can measure."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One take in canonical units.

    A metric in `beyond` lies beyond the number that `values` has for it, or, without one, beyond an unknown bound.
    """

    values: Mapping[str, float]
    beyond: Mapping[str, Beyond] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished measurement. No takes: it could not be measured."""

    measurement: Measurement
    takes: tuple[Take, ...]
    meal: Meal | None = None
    sex: Sex | None = None

    def summary(self) -> Take | None:
        """The take that counts: the only one, or the mean of several blood pressures in whole numbers."""
        if len(self.takes) < 2:
            return self.takes[0] if self.takes else None
        metrics = [name for name in self.takes[0].values if all(name in take.values for take in self.takes)]
        return Take(values={name: _mean([take.values[name] for take in self.takes]) for name in metrics})


def _mean(numbers: Sequence[float]) -> float:
    """Half is rounded up: a mean on a threshold is not talked down."""
    exact = sum(map(Decimal, numbers), Decimal()) / len(numbers)
    return float(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
