"""Placing a measurement in time: the device's stamp, its own clock and the gateway's time to a moment in UTC.

Meters' clocks are often wrong and often reset; the gateway's is right. So the meter's clock is read at every visit and
its error is taken out; a stamp that the meter's own clock contradicts is not believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from devices.reading import ClockQuality


@dataclass(frozen=True, slots=True)
class MeterClock:
    """What the meter's clock showed (naive) when the gateway read it (aware)."""

    meter_time: datetime
    read_at: datetime


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """The numbers of `config/devices/clock.yaml`."""

    tolerance: timedelta  # a checked clock that is off by no more is right
    slack: timedelta  # a stamp may be later than the meter's clock by this much
    max_future: timedelta  # an unchecked stamp may be later than its reception by this much
    epoch: datetime  # nothing was measured before


@dataclass(frozen=True, slots=True)
class Placed:
    """A moment in UTC (None exactly when unusable), how far it can be trusted, and why in a word."""

    measured_at: datetime | None
    quality: ClockQuality
    reason: str


class _Number(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str
    verified: bool


class _Seconds(_Number):
    seconds: int = Field(ge=0)


class _Moment(_Number):
    at: AwareDatetime


class _Clock(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    tolerance: _Seconds
    slack: _Seconds
    max_future: _Seconds
    epoch: _Moment


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    clock: _Clock


def parse_policy(document: Mapping[str, Any]) -> ClockPolicy:
    """The policy from the parsed `config/devices/clock.yaml`. Raises ValueError that names the wrong key."""
    clock = _Document.model_validate(document).clock
    return ClockPolicy(
        tolerance=timedelta(seconds=clock.tolerance.seconds),
        slack=timedelta(seconds=clock.slack.seconds),
        max_future=timedelta(seconds=clock.max_future.seconds),
        epoch=clock.epoch.at.astimezone(UTC),
    )


def place(
    stamp: datetime | None,
    *,
    received_at: datetime,
    meter_clock: MeterClock | None,
    zone: tzinfo,
    time_fault: bool = False,
    policy: ClockPolicy,
) -> Placed:
    """Where a measurement lies in time.

    `stamp`: naive, as the meter says; None when it has no clock or a part of the date is unknown. `received_at` and the
    meter clock's `read_at`: aware. `zone`: where the meter is. `time_fault`: the meter itself says that its time is
    wrong. The result is never later than `received_at`.
    """
    if time_fault:
        return _unusable("the meter reports a time fault")
    if stamp is None:
        return Placed(received_at.astimezone(UTC), ClockQuality.ASSUMED, "no stamp")
    if meter_clock is None:
        return _unchecked(stamp, received_at, zone, policy)
    return _checked(stamp, received_at, meter_clock, zone, policy)


def _unchecked(stamp: datetime, received_at: datetime, zone: tzinfo, policy: ClockPolicy) -> Placed:
    age = _shown_at(received_at, zone) - stamp
    if age < -policy.max_future:
        return _unusable("in the future")
    if age > received_at - policy.epoch:
        return _unusable("before the first possible measurement")
    return Placed(min(_utc(stamp, zone), received_at.astimezone(UTC)), ClockQuality.ASSUMED, "clock not checked")


def _checked(stamp: datetime, received_at: datetime, clock: MeterClock, zone: tzinfo, policy: ClockPolicy) -> Placed:
    # The meter's clock goes on between being read and the arrival of the packet: a live reading may be later than it.
    elapsed = max(received_at - clock.read_at, timedelta(0))
    age = clock.meter_time - stamp
    if age < -(elapsed + policy.slack):
        return _unusable("later than the meter's own clock, which was set back since")
    if age > clock.read_at - policy.epoch:
        return _unusable("before the first possible measurement")
    error = clock.meter_time - _shown_at(clock.read_at, zone)
    latest = received_at.astimezone(UTC)
    if abs(error) <= policy.tolerance:
        return Placed(min(_utc(stamp, zone), latest), ClockQuality.EXACT, "clock checked")
    return Placed(min(clock.read_at.astimezone(UTC) - age, latest), ClockQuality.CORRECTED, f"clock off by {error}")


def _shown_at(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _utc(stamp: datetime, zone: tzinfo) -> datetime:
    return stamp.replace(tzinfo=zone).astimezone(UTC)


def _unusable(reason: str) -> Placed:
    return Placed(None, ClockQuality.UNUSABLE, reason)
