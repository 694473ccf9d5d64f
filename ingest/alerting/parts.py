"""The parts that rule files are made of: words, documents, age bands, limits and for whom they hold."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import cached_property
from itertools import combinations
from string import Formatter
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from devices.reading import Meal
from ingest.alerting.person import Circumstances, Override

Setting = Literal["home", "kiosk", "station", "school", "enterprise"]
Condition = Literal["hypertension", "diabetes", "heart_failure", "copd"]
Boundary = Literal[">=", ">", "<=", "<"]

METRICS = frozenset({"systolic", "diastolic", "mean_arterial", "pulse", "glucose", "temperature", "spo2", "weight"})


def _known(metric: str) -> str:
    if metric not in METRICS:
        raise ValueError(f"no metric {metric}: rules can look at {sorted(METRICS)}")
    return metric


Metric = Annotated[str, AfterValidator(_known)]  # a column of `telemetry.reading`

BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
PLACES = frozenset({"value", "threshold", "document"})


class Part(BaseModel):
    """Base of everything in a rule file: frozen, and a key nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """The same words in Chinese and English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Sentence(Words):
    """A sentence with places for `{value}`, `{threshold}`, `{document}`, and what else its kind of rule can fill in."""

    places: ClassVar[frozenset[str]] = PLACES

    @field_validator("zh", "en")
    @classmethod
    def _places_are_known(cls, text: str) -> str:
        places = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        if not places <= cls.places:
            raise ValueError(f"unknown place {sorted(places - cls.places)}: a sentence may use {sorted(cls.places)}")
        return text


class Document(Part):
    """Where a number comes from. `verified` is false until somebody has read the number in the document itself."""

    title: Words
    reference: str = Field(min_length=1)
    verified: bool


class Ages(Part):
    """Completed years: `from` is included, `below` is not."""

    from_: int = Field(default=0, ge=0, alias="from")
    below: int = Field(default=200, gt=0)

    @model_validator(mode="after")
    def _holds_somebody(self) -> Self:
        if self.from_ >= self.below:
            raise ValueError(f"an age band from {self.from_} below {self.below} holds nobody")
        return self

    def overlap(self, other: Ages) -> bool:
        """True if somebody is in both bands."""
        return self.from_ < other.below and other.from_ < self.below


class Level(Part):
    """One set of limits and for whom it holds. Left out means: everybody, everywhere, any or unknown meal, always."""

    limits: Mapping[Metric, float] = Field(min_length=1)
    settings: frozenset[Setting] = Field(default=frozenset(), min_length=1)
    ages: Ages = Ages()
    condition: Condition | None = None
    unless: Condition | None = None
    meals: frozenset[Meal] = Field(default=frozenset(), min_length=1)
    valid_from: date = date.min
    source: str

    def holds(self, at: Circumstances) -> bool:
        """True if the level is for such a reading on such a day. An unknown meal is none of the named ones."""
        return (
            self.valid_from <= at.day
            and (not self.settings or at.setting in self.settings)
            and self.ages.from_ <= at.age < self.ages.below
            and (self.condition is None or self.condition in at.conditions)
            and (self.unless is None or self.unless not in at.conditions)
            and (not self.meals or at.meal in self.meals)
        )

    def overlap(self, other: Level) -> bool:
        """True if one reading could fall under both from the same day on; a person may have both conditions."""
        return (
            self.valid_from == other.valid_from
            and self.ages.overlap(other.ages)
            and _share(self.settings, other.settings)
            and _share(self.meals, other.meals)
            and not self._parted_by_condition(other)
        )

    def _parted_by_condition(self, other: Level) -> bool:
        """True if one is for those with a condition and the other for those without it."""
        parted = (self.unless, other.condition), (self.condition, other.unless)
        return any(one is not None and one == another for one, another in parted)


class Bounds(Part):
    """Between which values a doctor may set a limit for one resident; both included.

    They keep an override from silencing what is dangerous for everybody, and from alerting on what is normal.
    """

    low: float
    high: float

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"nothing lies between {self.low} and {self.high}")
        return self


class Limited(Part):
    """A question with limits: which hold for whom, and how far a doctor may move them for one resident.

    Without `adjustable` nobody may.
    """

    name: str
    label: Words
    boundary: Boundary
    levels: tuple[Level, ...] = Field(min_length=1)
    adjustable: Mapping[Metric, Bounds] = Field(default_factory=dict)

    def level(self, at: Circumstances) -> Level | None:
        """The level in force: of those that hold, the one valid since the latest day."""
        latest = None
        for level in self.levels:
            if level.holds(at) and (latest is None or level.valid_from > latest.valid_from):
                latest = level
        return latest

    def in_force(self, at: Circumstances, overrides: Collection[Override]) -> tuple[Level, Override | None] | None:
        """The level that holds, with the limits a doctor has set for the person where there are any."""
        level = self.level(at)
        if level is None:
            return None
        for override in overrides:
            if override.rule == self.name and override.holds(at.day):
                return level.model_copy(update={"limits": {**level.limits, **override.limits}}), override
        return level, None

    @cached_property
    def metrics(self) -> frozenset[str]:
        """What any of the levels limits."""
        return frozenset(metric for level in self.levels for metric in level.limits)

    @model_validator(mode="after")
    def _levels_do_not_overlap(self) -> Self:
        for one, other in combinations(self.levels, 2):
            if one.overlap(other):
                raise ValueError(
                    f"rule {self.name}: two levels hold for the same reading; part them by age, setting, meal or date"
                )
        if not self.adjustable.keys() <= self.metrics:
            raise ValueError(f"rule {self.name}: only a limit that is there can be adjusted")
        return self


def _share(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or bool(one & other)
