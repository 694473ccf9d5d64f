"""What can happen in a visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from devices.reading import Meal
from gateway.kiosk.names import Measurement
from gateway.kiosk.outcome import Sex, Take
from gateway.kiosk.view import Notice
from gateway.kiosk.visit import Identity


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody touched the welcome page."""


@dataclass(frozen=True, slots=True)
class Identified:
    """It is known who is here, or that they are a guest."""

    who: Identity


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something went wrong that the person can mend."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to measure."""

    measurements: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """Meal or sex."""

    answer: Meal | Sex


@dataclass(frozen=True, slots=True)
class Measured:
    """A take, already kept; also the answer to a question that is itself a measurement (waist, symptoms)."""

    take: Take


@dataclass(frozen=True, slots=True)
class Failed:
    """The instrument could not measure."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Without this measurement."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The measurement once more."""


@dataclass(frozen=True, slots=True)
class Continued:
    """On from a result."""


@dataclass(frozen=True, slots=True)
class WantsMore:
    """From the slip back to choosing."""


@dataclass(frozen=True, slots=True)
class Finished:
    """To the slip, and from there to the end."""


@dataclass(frozen=True, slots=True)
class Stayed:
    """Still here."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time went on."""


Event: TypeAlias = (
    Began
    | Identified
    | Noticed
    | Chosen
    | Answered
    | Measured
    | Failed
    | Skipped
    | Repeated
    | Continued
    | WantsMore
    | Finished
    | Stayed
    | Ticked
)
