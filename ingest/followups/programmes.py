"""Programmes and contract packages as data: `config/programmes.yaml` and `config/packages.yaml`, checked strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from ingest.alerting.parts import Ages, Condition, Document, Part, Words
from ingest.followups.period import Every
from maixun.configuration import ConfigurationError

Mode = Literal["clinic", "home", "phone"]
Soon = Literal["unsatisfactory", "referred", "emergency"]


class Days(Part):
    """A time in days, and the document behind it."""

    days: int = Field(gt=0)
    source: str


class MeterValues(Days):
    """How old a meter's value may be to stand on the form, and where it was measured if it stands there unasked."""

    fill: frozenset[str] = Field(min_length=1)


class Regular(Part):
    """What is due once in every period, in which modes it counts."""

    reason: str
    every: Every
    modes: frozenset[Mode] = Field(min_length=1)
    source: str


class Limit(Part):
    """A value that makes an emergency: at least, above, or at most so much."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    source: str

    def is_beyond(self, value: float) -> bool:
        """Whether the value alone makes an emergency."""
        return (
            (self.at_least is not None and value >= self.at_least)
            or (self.above is not None and value > self.above)
            or (self.at_most is not None and value <= self.at_most)
        )


class Alerts(Part):
    """Which alerts ask for a visit: of these causes, of this tier or more urgent."""

    causes: frozenset[str] = Field(min_length=1)
    tier: int = Field(ge=1, le=4)
    source: str


class Emergency(Part):
    """What is an emergency: values on the form, by column of `care.visit`, or alerts."""

    limits: Mapping[str, Limit]
    alerts: Alerts


class Programme(Part):
    """Who is followed up, how regularly, and how soon after something happened."""

    label: Words
    condition: Condition | None = None
    ages: Ages = Ages()
    regular: Regular
    joined: Days
    soon: Mapping[Soon, Days] = Field(default_factory=dict)
    emergency: Emergency | None = None


class From(Part):
    """A value from which (and below which) somebody is at high risk."""

    from_: float = Field(alias="from")
    below: float = float("inf")
    source: str

    def holds(self, value: float | None) -> bool:
        """Whether a value that is known lies within."""
        return value is not None and self.from_ <= value < self.below


class HighRisk(Part):
    """The criteria of high risk that have a number."""

    looks_back: Days
    systolic: From
    diastolic: From
    body_mass_index: From
    waist_men: From
    waist_women: From
    age: From


class Order(Part):
    """Points that order the overdue tasks."""

    reasons: Mapping[str, int]
    open_alert: Mapping[int, int]
    last_uncontrolled: int
    lives_alone: int
    aged_80: int
    week_overdue: int
    source: str


class Aim(Part):
    """A share to be reached, and the document behind it."""

    value: float = Field(ge=0, le=1)
    source: str


class Item(Part):
    """One thing a package promises. `by`: what fulfils it."""

    label: Words
    every: Every
    by: Literal["readings", "visit", "elderly_exam"]
    source: str


class Package(Part):
    """A contract package."""

    label: Words
    items: Mapping[str, Item]


class Packages(Part):
    """The file `packages.yaml`."""

    documents: Mapping[str, Document]
    packages: Mapping[str, Package]

    @model_validator(mode="after")
    def _sources_are_there(self) -> Self:
        _check(self.documents, {item.source for package in self.packages.values() for item in package.items.values()})
        return self


class Programmes(Part):
    """The file `programmes.yaml`."""

    documents: Mapping[str, Document]
    aims: Mapping[Literal["dispatched", "done"], Aim]
    looks_back: Days
    meter_values: MeterValues
    programmes: Mapping[str, Programme]
    high_risk: HighRisk
    order: Order

    @model_validator(mode="after")
    def _sources_are_there(self) -> Self:
        _check(self.documents, set(_sources(self.model_dump())))
        return self


def _check(documents: Mapping[str, Document], named: set[str]) -> None:
    missing = sorted(named - set(documents))
    if missing:
        raise ValueError(f"sources {missing} are not among this file's documents")


def _sources(node: object) -> list[str]:
    if not isinstance(node, Mapping):
        return []
    own = [str(node["source"])] if "source" in node else []
    return own + [each for value in node.values() for each in _sources(value)]


class Rulebook(Part):
    """All that decides about follow-ups."""

    file: Programmes
    packages: Packages


def parse(programmes: Any, packages: Any) -> Rulebook:
    """From the parsed YAML of the two files. Raises `ConfigurationError` naming the key."""
    try:
        return Rulebook(file=Programmes.model_validate(programmes), packages=Packages.model_validate(packages))
    except ValidationError as error:
        raise ConfigurationError(f"config/programmes.yaml, config/packages.yaml: {error}") from None
