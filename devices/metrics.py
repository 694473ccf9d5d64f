"""The catalogue of metrics from `config/metrics.yaml`: unit, codes, names for people, and what is plausible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Range(_Strict):
    """Both ends belong to the range; a missing one is open. `source` says where the numbers come from."""

    low: float | None = None
    high: float | None = None
    source: str
    verified: bool

    def holds(self, value: float) -> bool:
        """Whether the value lies in the range; NaN never does."""
        if value != value:
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Label(_Strict):
    """The metric's name on screens."""

    zh: str
    en: str


class Metric(_Strict):
    """One column of telemetry.reading. `hard`: outside is impossible; `soft`: outside is worth a second look."""

    unit: str  # UCUM
    shown_unit: str
    decimals: int
    label: Label
    loinc: str | None
    mdc: int | None  # IEEE 11073-10101 nomenclature
    data_element: str | None = None  # WS 363
    codes_verified: bool
    hard: Range
    soft: Range


class Difference(_Strict):
    """A rule between two metrics of one reading: the range of `minuend - subtrahend`."""

    minuend: str
    subtrahend: str
    label: Label
    hard: Range
    soft: Range


class _Document(_Strict):
    metrics: dict[str, Metric]
    differences: dict[str, Difference]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every metric by its name, and the rules between two of them. Look one up with `catalogue["systolic"]`."""

    metrics: Mapping[str, Metric]
    differences: Mapping[str, Difference]

    def __getitem__(self, name: str) -> Metric:
        """The metric. Raises KeyError."""
        return self.metrics[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is a metric of this name."""
        return name in self.metrics

    def __iter__(self) -> Iterator[str]:
        """The names in the order of the file, which is the order of screens."""
        return iter(self.metrics)

    def implausible(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """Names of metrics and differences outside what is possible. Raises KeyError for an unknown metric."""
        out = [name for name, value in values.items() if not self.metrics[name].hard.holds(value)]
        return (*out, *(name for name, rule, value in self._differences(values) if not rule.hard.holds(value)))

    def unusual(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """Names of metrics and differences outside what is usual. Raises KeyError for an unknown metric."""
        out = [name for name, value in values.items() if not self.metrics[name].soft.holds(value)]
        return (*out, *(name for name, rule, value in self._differences(values) if not rule.soft.holds(value)))

    def _differences(self, values: Mapping[str, float]) -> Iterator[tuple[str, Difference, float]]:
        for name, rule in self.differences.items():
            if rule.minuend in values and rule.subtrahend in values:
                yield name, rule, values[rule.minuend] - values[rule.subtrahend]


def parse(document: Mapping[str, Any]) -> Catalogue:
    """The catalogue from the parsed `config/metrics.yaml`. Raises ValueError that names the wrong key."""
    checked = _Document.model_validate(document)
    for name, rule in checked.differences.items():
        for metric in (rule.minuend, rule.subtrahend):
            if metric not in checked.metrics:
                raise ValueError(f"differences.{name}: there is no metric {metric!r}")
    return Catalogue(MappingProxyType(checked.metrics), MappingProxyType(checked.differences))
