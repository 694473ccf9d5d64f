"""How long an alert may be set aside: `config/shelving.yaml`, and the days it allows, in local time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Self

from pydantic import Field, model_validator

from ingest.alerting.person import LOCAL
from maixun.configuration import Settings


class Shelving(Settings):
    """`longest_days` by tier; `offered_days` are what a dialog proposes."""

    ends_at: time
    offered_days: tuple[int, ...] = Field(min_length=1)
    longest_days: Mapping[int, int]

    @model_validator(mode="after")
    def _every_tier_has_a_limit_and_an_offer(self) -> Self:
        if set(self.longest_days) != {1, 2, 3, 4}:
            raise ValueError("longest_days: give one limit for each of the levels 1, 2, 3 and 4")
        if min(self.offered_days) < 1 or min(self.offered_days) > min(self.longest_days.values()):
            raise ValueError("offered_days: at least one whole day, and one that every level allows")
        return self

    def offered(self, tier: int, now: datetime) -> dict[int, date]:
        """The last days a dialog proposes for an alert of a tier, by how many days they are away."""
        today = now.astimezone(LOCAL).date()
        return {days: today + timedelta(days=days) for days in self.offered_days if days <= self.longest_days[tier]}

    def allows(self, tier: int, day: date, now: datetime) -> bool:
        """Whether an alert of a tier may be set aside until a day."""
        return 1 <= (day - now.astimezone(LOCAL).date()).days <= self.longest_days[tier]

    def end(self, day: date) -> datetime:
        """The moment on a day at which a time aside is over."""
        return datetime.combine(day, self.ends_at, LOCAL)
