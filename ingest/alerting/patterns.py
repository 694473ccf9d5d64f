"""The form of patterns: what is seen only over several readings, or in their absence. Each is a cause of episodes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from functools import cached_property, reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from devices.reading import Flag, Kind
from ingest.alerting.parts import PLACES, Condition, Limited, Metric, Part, Sentence, Setting, Words

CONFIDENCES = frozenset({0.90, 0.95, 0.99})  # those that `ingest.alerting.trends` has a quantile for
Span = Annotated[timedelta, Field(gt=timedelta())]


class Watch(Part):
    """What all patterns have. `fresh_for` is how old the latest reading may be for the pattern to say anything.

    `prompt` patterns are looked for with every reading, the others at the review that follows some minutes later:
    they need weeks of readings and nobody waits for them.
    """

    prompt: ClassVar[bool] = False

    name: str
    label: Words
    kinds: tuple[Kind, ...] = Field(min_length=1)
    tier: int = Field(ge=1, le=4)
    acknowledged_for: Span
    fresh_for: Span
    source: str

    @property
    def window(self) -> timedelta:
        """How far back readings are needed."""
        return self.fresh_for

    @cached_property
    def metrics(self) -> frozenset[str]:
        """The values it looks at."""
        return frozenset()

    @property
    def sources(self) -> tuple[str, ...]:
        """Every document it takes a number from."""
        return (self.source,)


class LimitedWatch(Limited, Watch):
    """A pattern with limits; the readings that take part are those that one of its levels holds for."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Every document it takes a number from."""
        return (self.source, *(level.source for level in self.levels))


class DaysSentence(Sentence):
    """Says on which days."""

    places: ClassVar = PLACES | {"days", "dates", "weeks"}


class Days(LimitedWatch):
    """Beyond the limit on so many different days within a time: the mean of each day's readings counts."""

    pattern: Literal["days"]
    says: DaysSentence
    days: int = Field(ge=2)
    within: Span

    @property
    def window(self) -> timedelta:
        """The span of days, and how old its end may be."""
        return self.within + timedelta(days=1) + self.fresh_for


class MeanSentence(Sentence):
    """Says of how many readings on how many days, and the mornings' and evenings' means."""

    places: ClassVar = PLACES | {"count", "days", "first", "last", "morning", "evening"}


class Halves(Part):
    """Morning and evening: a protocol asks for both. `noon` is where the day is parted, in local time."""

    noon: time


class Mean(LimitedWatch):
    """A mean over the days up to the latest reading, if there are enough of them for one.

    `first_day_counts_with`: only for people with this condition; for everybody else the mean is a diagnosis, and the
    first day is dropped. Left out: it counts for all. `clears_below` is how far below the limit ends an episode, so
    that a mean that hovers at the limit does not open one after the other.
    """

    pattern: Literal["mean"]
    says: MeanSentence
    over_days: int = Field(ge=1)
    least_days: int = Field(ge=1)
    least_readings: int = Field(ge=1)
    first_day_counts_with: Condition | None = None
    halves: Halves | None = None
    clears_below: Mapping[Metric, float] = Field(default_factory=dict)

    @property
    def window(self) -> timedelta:
        """The days of the mean, and how old their end may be."""
        return timedelta(days=self.over_days) + self.fresh_for


class SpreadSentence(Sentence):
    """Says over how many days."""

    places: ClassVar = PLACES | {"days", "first", "last"}


class Spread(LimitedWatch):
    """How much the days' means scatter around their own mean (standard deviation)."""

    pattern: Literal["spread"]
    says: SpreadSentence
    over_days: int = Field(ge=2)
    least_days: int = Field(ge=3)
    clears_below: Mapping[Metric, float] = Field(default_factory=dict)

    @property
    def window(self) -> timedelta:
        """The days it looks at, and how old their end may be."""
        return timedelta(days=self.over_days) + self.fresh_for


class TrendSentence(Sentence):
    """Says the change over `per_days`, its interval, and in words how sure it is."""

    places: ClassVar = PLACES | {"low", "high", "confidence", "sure", "days", "first", "last", "per"}


class Trend(Watch):
    """A metric that changes over weeks: the interval of its slope excludes zero, and the change matters."""

    pattern: Literal["trend"]
    says: TrendSentence
    metric: Metric
    settings: frozenset[Setting] = Field(min_length=1)
    condition: Condition | None = None
    over_days: int = Field(ge=7)
    least_days: int = Field(ge=5)
    span_days: int = Field(ge=5)  # from the first day to the last, at least: a fortnight is no trend of a season
    confidence: float
    per_days: int = Field(ge=1)
    change: float  # in the metric's unit over `per_days`; negative: a fall
    clears_within: float = Field(ge=0)  # a change no larger than this ends an episode

    @field_validator("confidence")
    @classmethod
    def _has_a_quantile(cls, confidence: float) -> float:
        if confidence not in CONFIDENCES:
            raise ValueError(f"confidence {confidence}: choose one of {sorted(CONFIDENCES)}")
        return confidence

    @cached_property
    def metrics(self) -> frozenset[str]:
        """The one it looks at."""
        return frozenset({self.metric})

    @property
    def window(self) -> timedelta:
        """The days it looks at, and how old their end may be."""
        return timedelta(days=self.over_days) + self.fresh_for


class SignSentence(Sentence):
    """Says how many readings of how many carry the sign."""

    places: ClassVar = PLACES | {"flagged", "count"}


class Sign(Part):
    """A meter's own flag on `least` of `of` readings in a row of one kind, all within a time."""

    kind: Kind
    flag: str
    least: int = Field(ge=1)
    of: int = Field(ge=1)
    within: Span
    source: str
    says: SignSentence

    @field_validator("flag")
    @classmethod
    def _flag_is_known(cls, name: str) -> str:
        if name.upper() not in Flag.__members__:
            raise ValueError(f"no such flag: {name}")
        return name

    @property
    def bit(self) -> int:
        """The flag as `telemetry.reading.flags` stores it."""
        return Flag[self.flag.upper()].value


class Complaints(Part):
    """What a doctor wrote down at a visit lately and what makes a sign graver: codes of the forms' fields.

    `answers` by programme and by the key of the field (`config/forms/fields.yaml`).
    """

    tier: int = Field(ge=1, le=4)
    acknowledged_for: Span
    within: Span
    answers: Mapping[str, Mapping[str, frozenset[str]]] = Field(min_length=1)
    source: str
    says: Words

    def named(self, programme: str, form: Mapping[str, Any]) -> bool:
        """Whether a visit's form has one of them."""
        wanted = self.answers.get(programme, {})
        return any(not codes.isdisjoint(form.get(key) or ()) for key, codes in wanted.items())


class Flagged(Watch):
    """Signs that meters themselves give. It never ends by itself: only a doctor can say that it is nothing."""

    prompt: ClassVar[bool] = True

    pattern: Literal["flagged"]
    signs: tuple[Sign, ...] = Field(min_length=1)
    complaints: Complaints | None = None

    @cached_property
    def bits(self) -> int:
        """The flags of all its signs."""
        return reduce(or_, (sign.bit for sign in self.signs))

    @property
    def sources(self) -> tuple[str, ...]:
        """Every document it takes a number from."""
        own = (self.source, *(sign.source for sign in self.signs))
        return (*own, self.complaints.source) if self.complaints else own


class GainSentence(Sentence):
    """Says from when to when."""

    places: ClassVar = PLACES | {"low", "last", "days", "first"}


class Gain(LimitedWatch):
    """A metric that has risen by so much within a time: the day's mean beside the lowest of the days before."""

    pattern: Literal["gain"]
    says: GainSentence
    within_days: int = Field(ge=1)

    @property
    def window(self) -> timedelta:
        """The days it compares with, and how old the latest may be."""
        return timedelta(days=self.within_days + 1) + self.fresh_for


class SilenceSentence(Sentence):
    """Says what was agreed and what is missing."""

    places: ClassVar = PLACES | {"what", "days", "agreed", "alone"}


class Plan(Part):
    """How often somebody with a contract package means to measure something; sooner when they live alone."""

    package: str
    condition: Condition | None = None
    kinds: tuple[Kind, ...] = Field(min_length=1)
    what: Words
    every: Span
    alone: Span
    source: str


class Silence(Watch):
    """Nothing was measured in the agreed time. It ends when something is."""

    pattern: Literal["silence"]
    says: SilenceSentence
    plans: tuple[Plan, ...] = Field(min_length=1)

    @property
    def window(self) -> timedelta:
        """Twice the longest plan: so far back the last reading is looked for."""
        return 2 * max(plan.every for plan in self.plans)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every document it takes a number from."""
        return (self.source, *(plan.source for plan in self.plans))


Pattern = Annotated[
    Days | Mean | Spread | Trend | Flagged | Gain | Silence,
    Field(discriminator="pattern"),
]
