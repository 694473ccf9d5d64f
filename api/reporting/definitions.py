"""Indicators as versioned definitions, from `config/indicators/*.yaml`; the SQL they name is the only one there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import PurePath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from maixun.configuration import ConfigurationError, folder, load_all

SQL = "indicators/sql"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Strict):
    """A text in both languages."""

    zh: str
    en: str

    def __getitem__(self, language: str) -> str:
        return {"zh": self.zh, "en": self.en}[language]


class Group(StrEnum):
    """Where an indicator stands on a page."""

    RECORDS = "records"
    HYPERTENSION = "hypertension"
    DIABETES = "diabetes"
    ELDERLY = "elderly"
    FOLLOW_UP = "follow_up"
    SCREENING = "screening"
    MEASUREMENT = "measurement"
    HEARTS = "hearts"


class Population(_Strict):
    """A denominator no list of residents can give: people of a station's area times a prevalence."""

    column: Literal["residents", "aged_35", "aged_65"]
    times: float = Field(default=1, gt=0, le=1)
    local: dict[str, float] = {}  # by the beginning of a region code; the longest that fits holds

    @field_validator("local")
    @classmethod
    def _codes(cls, local: dict[str, float]) -> dict[str, float]:
        for prefix, share in local.items():
            if not prefix.isdigit() or not 0 < share <= 1:
                raise ValueError(f"{prefix}: {share} is no region code with a share between 0 and 1")
        return local


class Version(_Strict):
    """What an indicator meant from one day to another. `parameters` are what its SQL asks for by name."""

    version: int = Field(ge=1)
    valid_from: date
    valid_until: date | None = None  # the first day it no longer holds
    numerator: Words
    denominator: Words | None  # null: a count, not a rate
    counts: Words  # which visits or readings count
    boundary: Literal["<", "<=", ">", ">="] | None = None
    lost: Literal["not_in_numerator", "left_out", "no_matter"]
    died: Literal["left_out", "counted", "no_matter"]
    moved: Literal["left_out", "counted", "no_matter"]
    population: Population | None = None
    sql: str = Field(pattern=r"^[a-z_]+$")
    parameters: dict[str, Any] = {}
    source: str
    verified: bool

    @model_validator(mode="after")
    def _in_order(self) -> Version:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError(f"version {self.version} ends before it begins")
        if self.population is not None and self.denominator is None:
            raise ValueError(f"version {self.version} has a population and no denominator")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it is in force."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class Indicator(_Strict):
    """An indicator through time."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]+$")
    label: Words
    group: Group
    unit: Literal["people", "tasks", "readings"] = "people"
    better: Literal["higher", "lower", "neither"] = "higher"
    by_quarter: bool = False  # looks at a calendar quarter whatever the window: the same people in each of its months
    versions: tuple[Version, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Indicator:
        ordered = sorted(self.versions, key=lambda each: each.valid_from)
        if len({each.version for each in ordered}) < len(ordered):
            raise ValueError(f"{self.name}: two versions have the same number")
        for earlier, later in pairwise(ordered):
            if earlier.holds_on(later.valid_from):
                raise ValueError(f"{self.name}: versions {earlier.version} and {later.version} overlap")
        return self


class _File(_Strict):
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """One indicator as it holds on a day."""

    indicator: Indicator
    version: Version

    @property
    def name(self) -> str:
        """The indicator's name."""
        return self.indicator.name

    @property
    def mark(self) -> str:
        """What is printed beside a figure: name and version."""
        return f"{self.name}/{self.version.version}"


class NoVersion(Exception):
    """The indicator is not defined on that day; the message says since when it is."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """All of them by name, in the order of the files."""

    by_name: Mapping[str, Indicator]

    def on(self, name: str, day: date) -> Definition:
        """The definition in force on a day. Raises `NoVersion`, and `KeyError` for an unknown name."""
        indicator = self.by_name[name]
        for version in indicator.versions:
            if version.holds_on(day):
                return Definition(indicator, version)
        first = min(version.valid_from for version in indicator.versions)
        raise NoVersion(f"{name} is not defined on {day}; it is from {first} on")

    def all_on(self, day: date) -> list[Definition]:
        """Every indicator that is defined on a day."""
        return [
            Definition(indicator, version)
            for indicator in self.by_name.values()
            for version in indicator.versions
            if version.holds_on(day)
        ]


def parse(files: Mapping[str, Any]) -> Indicators:
    """Indicators from parsed YAML by file name. Raises `ConfigurationError` naming file, key and reason."""
    found: dict[str, Indicator] = {}
    for name, document in files.items():
        try:
            parsed = _File.model_validate(document)
        except ValidationError as error:
            raise ConfigurationError(f"{name}: {error}") from None
        for indicator in parsed.indicators:
            if indicator.name in found:
                raise ConfigurationError(f"{name}: there are two indicators {indicator.name}")
            found[indicator.name] = indicator
    _sources_exist(found.values())
    return Indicators(found)


@cache
def load() -> Indicators:
    """The configured indicators."""
    return parse(load_all("indicators/*.yaml"))


@cache
def source(name: str) -> str:
    """The SQL of one name, from `config/indicators/sql/`."""
    path = folder() / SQL / f"{PurePath(name).name}.sql"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing") from None


def _sources_exist(indicators: Iterable[Indicator]) -> None:
    for indicator in indicators:
        for version in indicator.versions:
            source(version.sql)
