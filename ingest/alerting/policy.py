"""config/escalation.yaml: tiers with their steps and time limits, working hours, quiet hours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from ingest.alerting.hours import Calendar, Hours, Opening, Quiet
from ingest.alerting.parts import Words
from ingest.alerting.rota import Recipient
from maixun.configuration import Settings


class Clock(StrEnum):
    """Which time counts towards a limit."""

    ALL = "all"
    WORKING = "working"


class Way(StrEnum):
    """How somebody can be told; a channel serves one of them."""

    IN_PAGE = "in_page"
    APP = "app"
    MAIL = "mail"
    SMS = "sms"
    VOICE = "voice"


class Step(Settings):
    """At `after`, tell `to` by every enabled channel of these ways; none: it stands on the worklist."""

    after: timedelta = Field(ge=timedelta())
    to: Recipient
    by: tuple[Way, ...]


class Tier(Settings):
    """What config/escalation.yaml says of one tier; the meaning of the keys stands there."""

    clock: Clock
    quiet: bool
    hurry: bool
    steps: tuple[Step, ...] = Field(min_length=1)
    unanswered_after: timedelta | None

    @model_validator(mode="after")
    def _in_order(self) -> Tier:
        times = [step.after for step in self.steps] + [self.unanswered_after or self.steps[-1].after]
        if times != sorted(times):
            raise ValueError("the steps and `unanswered_after` must stand in the order of their times")
        return self


class Source(Settings):
    """Where the times come from, and whether they were checked."""

    title: Words
    reference: str
    verified: bool


class Span(Settings):
    """Open from … to, local time."""

    start: time = Field(alias="from")
    end: time = Field(alias="to")


class Clinic(Span):
    """An evening clinic on these ISO weekdays."""

    days: frozenset[int] = Field(min_length=1)


class HoursSettings(Settings):
    """Working hours: of all stations, and clinics of single ones."""

    office: tuple[Span, ...] = Field(min_length=1)
    clinics: tuple[Clinic, ...]
    stations: Mapping[str, tuple[Clinic, ...]]
    more_days_off: frozenset[date]
    more_working_days: frozenset[date]


class RotaSettings(Settings):
    """How far ahead and how often the rota is looked at for gaps."""

    look_ahead: timedelta = Field(gt=timedelta())
    look_every_seconds: float = Field(gt=0)


Tiers = Mapping[int, Tier]


class EscalationSettings(Settings):
    """The whole file."""

    source: Source
    poll_seconds: float = Field(gt=0, le=5)
    matters_at_once: int = Field(gt=0)
    zone: str
    hours: HoursSettings
    quiet: Span
    rota: RotaSettings
    episodes: Tiers
    incidents: Tiers

    @model_validator(mode="after")
    def _complete(self) -> EscalationSettings:
        if set(self.episodes) != {1, 2, 3, 4} or set(self.incidents) != {1, 2, 3, 4}:
            raise ValueError("episodes and incidents need the tiers 1, 2, 3 and 4")
        return self

    @property
    def tzinfo(self) -> ZoneInfo:
        """Where all stations are."""
        return ZoneInfo(self.zone)

    def quiet_hours(self) -> Quiet:
        """When lower tiers disturb nobody."""
        return Quiet(self.quiet.start, self.quiet.end, self.tzinfo)

    def hours_of(self, station: str) -> Hours:
        """The working time of a station by its name."""
        given = self.hours
        return Hours(
            zone=self.tzinfo,
            calendar=Calendar(days_off=given.more_days_off, working_days=given.more_working_days),
            office=tuple(Opening(each.start, each.end) for each in given.office),
            clinics=tuple(
                Opening(each.start, each.end, each.days) for each in given.stations.get(station, given.clinics)
            ),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The tiers as far as they can be carried out: a step none of whose ways has an enabled channel is left out."""

    episodes: Tiers
    incidents: Tiers


def policy(settings: EscalationSettings, ways: Collection[Way]) -> Policy:
    """What to do with the ways that enabled channels serve."""
    return Policy(_possible(settings.episodes, ways), _possible(settings.incidents, ways))


def _possible(tiers: Tiers, ways: Collection[Way]) -> Tiers:
    return {number: tier.model_copy(update={"steps": _steps(tier, ways)}) for number, tier in tiers.items()}


def _steps(tier: Tier, ways: Collection[Way]) -> tuple[Step, ...]:
    able = (step.model_copy(update={"by": tuple(way for way in step.by if way in ways)}) for step in tier.steps)
    return tuple(step for step, asked in zip(able, tier.steps, strict=True) if step.by or not asked.by)
