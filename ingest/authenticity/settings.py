"""`config/authenticity.yaml`."""

from __future__ import annotations

from pydantic import Field

from maixun.configuration import Settings


class Digits(Settings):
    """Terminal digits."""

    least_share_above: float = Field(gt=0, lt=1)


class Pairs(Settings):
    """Identical pairs in a row."""

    least_ratio: float = Field(gt=1)


class Rhythm(Settings):
    """Visits an hour."""

    visits_in_an_hour: int = Field(gt=1)
    hours: int = Field(ge=1)


class Manual(Settings):
    """Typed instead of measured."""

    share: float = Field(gt=0, lt=1)


class Sharing(Settings):
    """People on one meter."""

    people: int = Field(gt=1)


class Variance(Settings):
    """Spread of values."""

    ratio: float = Field(gt=0, lt=1)


class AuthenticitySettings(Settings):
    """What is looked at, and from when on it is asked about."""

    look_every_seconds: float = Field(gt=0)
    days: int = Field(ge=7)
    least_records: int = Field(ge=10)
    false_alarm: float = Field(gt=0, lt=0.5)
    verified: bool
    digits: Digits
    pairs: Pairs
    rhythm: Rhythm
    manual: Manual
    sharing: Sharing
    variance: Variance
