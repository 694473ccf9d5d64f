"""The rule files' form: thresholds as data, checked strictly, so that a slip in a number's scope stops the start."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import combinations
from operator import attrgetter
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from devices.reading import Flag, Kind, Meal
from ingest.alerting.person import Circumstances

Setting = Literal["home", "kiosk", "station", "school", "enterprise"]
Condition = Literal["hypertension", "diabetes", "heart_failure", "copd"]
Boundary = Literal[">=", ">", "<=", "<"]

METRICS = frozenset({"systolic", "diastolic", "mean_arterial", "pulse", "glucose", "temperature", "spo2"})


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
PLACEHOLDERS = {"value", "threshold", "document"}


class Part(BaseModel):
    """Base of everything in a rule file: frozen, and a key nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """The same words in Chinese and English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Template(Words):
    """A sentence with places for `{value}`, `{threshold}` and `{document}`."""

    @field_validator("zh", "en")
    @classmethod
    def _places_are_known(cls, text: str) -> str:
        places = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        if not places <= PLACEHOLDERS:
            raise ValueError(
                f"unknown place {sorted(places - PLACEHOLDERS)}: a sentence may use {sorted(PLACEHOLDERS)}"
            )
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
            and (not self.meals or at.meal in self.meals)
        )

    def overlap(self, other: Level) -> bool:
        """True if one reading could fall under both from the same day on; a person may have both conditions."""
        return (
            self.valid_from == other.valid_from
            and self.ages.overlap(other.ages)
            and _share(self.settings, other.settings)
            and _share(self.meals, other.meals)
        )


class Purpose(StrEnum):
    """What a threshold is for: three families of numbers co-exist and must not be mixed."""

    ALERT = "alert"
    CLINICAL = "clinical"
    REPORTING = "reporting"


class Alert(Part):
    """What a breach sets off. `confirm: none` opens at once; `repeat` asks for a second measurement first."""

    cause: str
    tier: int = Field(ge=1, le=4)
    confirm: Literal["none", "repeat"]
    acknowledged_for: timedelta = Field(gt=timedelta())
    source: str
    says: Template


class Rule(Part):
    """One question put to a reading: is any of its values beyond the limit that holds for it?"""

    name: str
    purpose: Purpose
    label: Words
    boundary: Boundary
    levels: tuple[Level, ...] = Field(min_length=1)
    alert: Alert | None = None

    def level(self, at: Circumstances) -> Level | None:
        """The level in force: of those that hold, the one valid since the latest day."""
        holding = [level for level in self.levels if level.holds(at)]
        return max(holding, key=attrgetter("valid_from")) if holding else None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.alert is not None) != (self.purpose is Purpose.ALERT):
            raise ValueError(f"rule {self.name}: exactly the rules with purpose alert have a part `alert`")
        for one, other in combinations(self.levels, 2):
            if one.overlap(other):
                raise ValueError(
                    f"rule {self.name}: two levels hold for the same reading; part them by age, setting, meal or date"
                )
        return self


class Cause(Part):
    """What an episode is about. At most one episode of a cause is open for a person.

    `repeat_within` is how long a repeat is waited for, `clears_after` how many normal readings in a row end an episode,
    `fresh_for` how old a reading may be and still set off anything.
    """

    label: Words
    repeat_within: timedelta = Field(gt=timedelta())
    clears_after: int = Field(ge=1)
    fresh_for: timedelta = Field(gt=timedelta())
    source: str


class RuleFile(Part):
    """One file of `config/rules/`: everything about one kind of reading.

    `decimals` is the resolution at which a metric is compared, `doubtful` the meter's flags that make a value doubtful.
    """

    kind: Kind
    decimals: Mapping[Metric, int]
    doubtful: frozenset[str]
    documents: Mapping[str, Document]
    causes: Mapping[str, Cause]
    rules: tuple[Rule, ...]

    @field_validator("doubtful")
    @classmethod
    def _flags_are_known(cls, names: frozenset[str]) -> frozenset[str]:
        unknown = sorted(name for name in names if name.upper() not in Flag.__members__)
        if unknown:
            raise ValueError(f"no such flags: {unknown}")
        return names

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        for name, cause in self.causes.items():
            self._check_source(f"cause {name}", cause)
        for rule in self.rules:
            if rule.alert:
                self._check_source(f"rule {rule.name}", rule.alert)
                if rule.alert.cause not in self.causes:
                    raise ValueError(f"rule {rule.name}: cause {rule.alert.cause} is not among this file's causes")
            for level in rule.levels:
                self._check_source(f"rule {rule.name}", level)
                without = sorted(set(level.limits) - set(self.decimals))
                if without:
                    raise ValueError(f"rule {rule.name}: say in `decimals` how finely {without} are compared")
        return self

    def _check_source(self, where: str, part: Cause | Alert | Level) -> None:
        if part.source not in self.documents:
            raise ValueError(f"{where}: source {part.source} is not among this file's documents")

    @cached_property
    def doubtful_bits(self) -> int:
        """The flags of `doubtful` as the bits that `telemetry.reading.flags` stores."""
        return sum(Flag[name.upper()].value for name in self.doubtful)

    @cached_property
    def alerts(self) -> Mapping[str, tuple[Rule, ...]]:
        """The alert rules of each cause, the most severe first."""
        return {
            cause: tuple(sorted((r for r in self.rules if r.alert and r.alert.cause == cause), key=_severity))
            for cause in self.causes
        }


def _share(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or bool(one & other)


def _severity(rule: Rule) -> int:
    return rule.alert.tier if rule.alert else 0
