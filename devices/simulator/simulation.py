"""The county at work: day after day its people measure, and their meters meet the gateways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from uuid import UUID

from devices.simulator import county as counties
from devices.simulator.assumptions import Assumptions
from devices.simulator.county import County, Station
from devices.simulator.fleet import Meter, Setting, equip
from devices.simulator.schedule import Occasion, Schedule
from devices.simulator.trajectory import Trajectory
from devices.simulator.virtual_meter import BETWEEN_TAKES, Contact, VirtualMeter

ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
WARM_UP = timedelta(days=14)  # fills the meters' memories: longer than the longest time between two uploads


class Simulation:
    """The county of one seed with its meters and bodies. All times in it are naive and local (`ZONE`)."""

    def __init__(self, seed: int, assumptions: Assumptions, *, residents: int | None = None) -> None:
        self.seed = seed
        self.assumptions = assumptions
        self.county: County = counties.build(seed, assumptions, residents=residents)
        self.meters: tuple[Meter, ...] = equip(self.county, assumptions)
        self.schedule = Schedule(self.county, self.meters, assumptions)
        self._virtual = {meter.address: VirtualMeter(seed, meter, assumptions) for meter in self.meters}

    @cached_property
    def trajectories(self) -> tuple[Trajectory, ...]:
        """Everyone's body, by resident number."""
        return tuple(Trajectory(self.seed, resident, self.assumptions) for resident in self.county.residents)

    def station_of(self, contact: Contact) -> Station:
        """The station whose gateway hears this contact."""
        return self.county.stations[contact.meter.station]

    def history(self, first: date, until: datetime) -> Iterator[Contact]:
        """Every contact from the morning of `first` to `until`, in the order of the occasions that led to them."""
        for days in range((until.date() - first).days + 1):
            for occasion in self.schedule.day(first + timedelta(days=days)):
                contact = self.perform(occasion, occasion.at) if occasion.at < until else None
                if contact is not None:
                    yield contact

    def warm_up(self, before: date) -> None:
        """Let the days before pass unheard, so that the meters remember what they would."""
        for _ in self.history(before - WARM_UP, datetime.combine(before, datetime.min.time())):
            pass

    def perform(self, occasion: Occasion, at: datetime, *, crisis: bool = False) -> Contact | None:
        """Measure beginning at local time `at`, and the contact after it (`duration`) if the meter is due for one.

        `crisis`: the resident is in one now, whatever their trajectory says.
        """
        meter = self._virtual[occasion.meter.address]
        body = self.trajectories[occasion.resident]
        meter.measure(occasion, body.in_crisis() if crisis else body, at)
        if not meter.is_due() and not crisis:
            return None
        return meter.contact(at + duration(occasion), self._person(occasion))

    def _person(self, occasion: Occasion) -> UUID | None:
        if occasion.meter.setting is Setting.KIOSK and occasion.signed_in:
            return self.county.residents[occasion.resident].token
        return None


def duration(occasion: Occasion) -> timedelta:
    """From the first take of an occasion to the radio contact after the last."""
    return (occasion.takes - 1) * BETWEEN_TAKES + timedelta(seconds=20)
