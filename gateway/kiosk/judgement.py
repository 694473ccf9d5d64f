"""What a value means: `config/kiosk/results.yaml` applied to an outcome. Pure, every number and sentence is data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf
from operator import ge, gt, le, lt
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.reading import Meal
from gateway.kiosk.names import Level
from gateway.kiosk.outcome import Beyond, Outcome, Sex, Take
from gateway.kiosk.view import Text

Limits = Mapping[str, float]
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {"at_least": ge, "above": gt, "below": lt, "up_to": le}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Document(_Strict):
    """Where a threshold is from. `verified`: somebody has read it there."""

    title: Text
    reference: str
    verified: bool


class Band(_Strict):
    """One band and what is said in it."""

    level: Level
    word: Text
    means: Text
    now: Text
    source: str
    at_least: Limits = Field(default_factory=dict, alias="from")
    above: Limits = Field(default_factory=dict)
    below: Limits = Field(default_factory=dict)
    up_to: Limits = Field(default_factory=dict)
    meals: frozenset[Meal] | None = None
    sex: Sex | None = None

    def limits(self) -> Iterator[tuple[Callable[[float, float], bool], str, float]]:
        """Each limit as comparison, metric and number."""
        for name, compare in _COMPARISONS.items():
            for metric, limit in getattr(self, name).items():
                yield compare, metric, limit


class Kind(_Strict):
    """One judged thing, its metrics in the order they are shown, its bands in the order they are tried."""

    label: Text
    metrics: tuple[str, ...]
    bands: tuple[Band, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Kind:
        last = self.bands[-1]
        if list(last.limits()) or last.meals is not None or last.sex is not None:
            raise ValueError("the last band must hold for every value")
        for band in self.bands:
            for _, metric, _ in band.limits():
                if metric not in self.metrics:
                    raise ValueError(f"a band has a limit for {metric!r}, which is none of {', '.join(self.metrics)}")
        return self


class Rules(_Strict):
    """The whole file."""

    documents: dict[str, Document]
    judged: dict[str, Kind]

    @model_validator(mode="after")
    def _sourced(self) -> Rules:
        for name, kind in self.judged.items():
            for band in kind.bands:
                if band.source not in self.documents:
                    raise ValueError(f"judged.{name}: there is no document {band.source!r}")
        return self


class Verdict(_Strict):
    """One judged thing of an outcome; `numbers`: what was measured and what follows from it."""

    name: str
    kind: Kind
    band: Band
    numbers: Mapping[str, float]


def parse(document: Mapping[str, Any]) -> Rules:
    """The rules from the parsed file. Raises ValueError that names the wrong key."""
    return Rules.model_validate(document)


def judge(outcome: Outcome, rules: Rules) -> tuple[Verdict, ...]:
    """A verdict for everything that was measured, in the order of the file."""
    take = outcome.summary()
    return () if take is None else tuple(_verdicts(take, outcome, rules))


def take_is_dangerous(take: Take, outcome: Outcome, rules: Rules) -> tuple[Verdict, ...]:
    """The dangers in a single take: told at once, before any mean."""
    return tuple(each for each in _verdicts(take, outcome, rules) if each.band.level is Level.DANGER)


def _verdicts(take: Take, outcome: Outcome, rules: Rules) -> Iterator[Verdict]:
    numbers = {**take.values, **_derived(take.values)}
    compared = {**numbers, **_beyond_all(take)}
    for name, kind in rules.judged.items():
        if any(metric in compared for metric in kind.metrics):
            band = next(band for band in kind.bands if _holds(band, compared, outcome))
            yield Verdict(name=name, kind=kind, band=band, numbers=numbers)


def _derived(values: Mapping[str, float]) -> Mapping[str, float]:
    """The body mass index, where the scale has not told it itself."""
    if "bmi" in values or not {"weight", "height"} <= values.keys():
        return {}
    return {"bmi": round(values["weight"] / (values["height"] / 100) ** 2, 1)}


def _beyond_all(take: Take) -> Mapping[str, float]:
    return {metric: inf if side is Beyond.ABOVE else -inf for metric, side in take.beyond.items()}


def _holds(band: Band, numbers: Mapping[str, float], outcome: Outcome) -> bool:
    if band.meals is not None and outcome.meal not in band.meals:
        return False
    if band.sex is not None and outcome.sex is not band.sex:
        return False
    limits = list(band.limits())
    return not limits or any(metric in numbers and compare(numbers[metric], limit) for compare, metric, limit in limits)
