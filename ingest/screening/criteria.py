"""What makes a reading suspect or at high risk where nothing was diagnosed, from `config/screening.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from maixun.configuration import Settings

Condition = Literal["hypertension", "diabetes"]
FASTING, AFTER_MEAL = "fasting", "after_meal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One reading: mmHg or mmol/L. `on` is its day where the resident lives; `meal` is never guessed."""

    at: datetime
    on: date
    setting: str
    systolic: float | None = None
    diastolic: float | None = None
    glucose: float | None = None
    meal: str | None = None

    @property
    def values(self) -> Mapping[str, float | None]:
        """What limits are compared with; glucose by its meal and to the meter's own 0.1."""
        glucose = None if self.glucose is None else round(self.glucose, 1)
        return {
            "systolic": self.systolic,
            "diastolic": self.diastolic,
            FASTING: glucose if self.meal == FASTING else None,
            AFTER_MEAL: glucose if self.meal == AFTER_MEAL else None,
        }


class Limits(Settings):
    """From which values on a reading of a setting counts: any one of them is enough."""

    setting: str
    systolic: float | None = None
    diastolic: float | None = None
    fasting: float | None = None
    after_meal: float | None = None
    confirms: bool = False  # its days count towards a referral
    source: str

    def reached(self, reading: Measured) -> Iterator[str]:
        """Which of its limits a reading reaches."""
        if reading.setting != self.setting:
            return
        for name, value in reading.values.items():
            limit = getattr(self, name)
            if limit is not None and value is not None and value >= limit:
                yield name


class Criteria(Settings):
    """The limits of one condition, and after how many days to refer."""

    kind: str
    from_age: int = Field(ge=0)
    days_to_refer: int = Field(ge=1)
    within_days: int = Field(ge=1)
    days_source: str
    suspect: tuple[Limits, ...]
    high_risk: tuple[Limits, ...]

    @property
    def settings(self) -> list[str]:
        """Where a reading must be taken to count."""
        return sorted({each.setting for each in (*self.suspect, *self.high_risk)})


class ScreeningSettings(Settings):
    """`config/screening.yaml`."""

    looks_back_days: int = Field(ge=1)
    looks_back_source: str
    result_after_days: int = Field(ge=1)
    result_source: str
    advised_for_days: int = Field(ge=1)
    advised_source: str
    verified: bool
    conditions: Mapping[Condition, Criteria]
