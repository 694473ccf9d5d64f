"""The rule files' form: thresholds as data, checked strictly, so that a slip in a number's scope stops the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from devices.reading import Flag, Kind
from ingest.alerting.parts import Document, Limited, Metric, Part, Sentence, Words
from ingest.alerting.patterns import Pattern


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
    says: Sentence


class Rule(Limited):
    """One question put to a reading: is any of its values beyond the limit that holds for it?"""

    purpose: Purpose
    alert: Alert | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.alert is not None) != (self.purpose is Purpose.ALERT):
            raise ValueError(f"rule {self.name}: exactly the rules with purpose alert have a part `alert`")
        if self.adjustable and self.alert is None:
            raise ValueError(f"rule {self.name}: a doctor adjusts alerts, not what is counted or aimed at")
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
    """One file of `config/rules/`: rules about some kinds of reading, and patterns over many readings.

    `kinds`: what the rules look at. HI and LO without a number are taken as such for the first of them only, and other
    kinds count where they carry the metric (a cuff's pulse). `decimals` is the resolution at which a metric is
    compared, `doubtful` the meter's flags that make a value doubtful.
    """

    kinds: tuple[Kind, ...] = ()
    decimals: Mapping[Metric, int] = Field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    documents: Mapping[str, Document]
    causes: Mapping[str, Cause] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    patterns: tuple[Pattern, ...] = ()

    @field_validator("doubtful")
    @classmethod
    def _flags_are_known(cls, names: frozenset[str]) -> frozenset[str]:
        unknown = sorted(name for name in names if name.upper() not in Flag.__members__)
        if unknown:
            raise ValueError(f"no such flags: {unknown}")
        return names

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        for where, source in self._sources():
            if source not in self.documents:
                raise ValueError(f"{where}: source {source} is not among this file's documents")
        for rule in self.rules:
            if rule.alert and rule.alert.cause not in self.causes:
                raise ValueError(f"rule {rule.name}: cause {rule.alert.cause} is not among this file's causes")
        for each in (*self.rules, *self.patterns):
            without = sorted(each.metrics - set(self.decimals))
            if without:
                raise ValueError(f"rule {each.name}: say in `decimals` how finely {without} are compared")
        if self.rules and not self.kinds:
            raise ValueError("rules look at a kind of reading: name it in `kinds`")
        return self

    def _sources(self) -> Iterator[tuple[str, str]]:
        for name, cause in self.causes.items():
            yield f"cause {name}", cause.source
        for rule in self.rules:
            if rule.alert:
                yield f"rule {rule.name}", rule.alert.source
            for level in rule.levels:
                yield f"rule {rule.name}", level.source
        for pattern in self.patterns:
            yield from ((f"pattern {pattern.name}", source) for source in pattern.sources)

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

    @cached_property
    def judged(self) -> Mapping[str, frozenset[str]]:
        """The metrics that the alert rules of each cause look at: a reading without any of them says nothing of it."""
        return {
            cause: frozenset(metric for rule in rules for metric in rule.metrics)
            for cause, rules in self.alerts.items()
        }


def _severity(rule: Rule) -> int:
    return rule.alert.tier if rule.alert else 0
