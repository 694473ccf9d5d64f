"""The county's meters: who has which one at home, what stands in each station's kiosk, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random

from devices.simulator.assumptions import Assumptions, Faults
from devices.simulator.chance import stream
from devices.simulator.county import County, Resident

FACTORY_DATE = datetime(2015, 1, 1)  # what a meter shows after a new battery
RESET_LASTS = timedelta(days=30)  # until somebody sets the clock again


class Instrument(StrEnum):
    """What a meter measures."""

    CUFF = "cuff"
    GLUCOSE_METER = "glucose_meter"
    SCALE = "scale"
    THERMOMETER = "thermometer"
    OXIMETER = "oximeter"


class Setting(StrEnum):
    """Where a meter is used; two of the database's `telemetry.setting`."""

    HOME = "home"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True)
class Clock:
    """A meter's clock, off by a fixed error. On `battery` (day, month) it falls back to the factory date."""

    error: timedelta
    battery: tuple[int, int] | None
    readable: bool

    def shows(self, local: datetime) -> datetime:
        """What it shows when it truly is `local` (both naive, local time)."""
        changed = self._changed_before(local)
        if changed is not None and local < changed + RESET_LASTS:
            return FACTORY_DATE + (local - changed)
        return local + self.error

    def _changed_before(self, local: datetime) -> datetime | None:
        if self.battery is None:
            return None
        day, month = self.battery
        changed = datetime.combine(date(local.year, month, day), time(12))
        return changed if changed <= local else changed.replace(year=local.year - 1)


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter. `users` are resident numbers by memory slot (slot 1 first); a kiosk's meter has none."""

    address: str
    instrument: Instrument
    setting: Setting
    station: int
    users: tuple[int, ...]
    clock: Clock
    keeps_sending: bool
    kilopascal: bool
    uploaded_weekly: bool

    @property
    def model(self) -> str:
        """What the device list calls it."""
        return f"simulated-{self.instrument.replace('_', '-')}"

    def slot_of(self, resident: int) -> int | None:
        """The memory slot a resident chooses; None on a meter with one memory for all."""
        return self.users.index(resident) + 1 if len(self.users) > 1 else None


def equip(county: County, assumptions: Assumptions) -> tuple[Meter, ...]:
    """Every meter of the county, in a fixed order."""
    return (
        *_kiosks(county, assumptions),
        *_home_cuffs(county, assumptions),
        *_home_glucose_meters(county, assumptions),
    )


def _kiosks(county: County, assumptions: Assumptions) -> Iterator[Meter]:
    for station in county.stations:
        for instrument in Instrument:
            random = stream(county.seed, "kiosk", station.number, instrument)
            yield _meter(random, assumptions, instrument, Setting.KIOSK, station.number, ())


def _home_cuffs(county: County, assumptions: Assumptions) -> Iterator[Meter]:
    """Some cuffs are shared by two users; the second is taken from the same station, with hypertension or without."""
    owned: set[int] = set()
    for resident in county.residents:
        random = stream(county.seed, "home cuff", resident.number)
        if not resident.hypertension or resident.number in owned or random.random() > assumptions.habits.home_cuff:
            continue
        users = [resident]
        if not resident.lives_alone and random.random() < assumptions.habits.shared_cuff:
            users += _housemate(county, resident, owned)
        owned.update(user.number for user in users)
        numbers = tuple(user.number for user in users)
        yield _meter(random, assumptions, Instrument.CUFF, Setting.HOME, resident.station, numbers)


def _housemate(county: County, resident: Resident, owned: set[int]) -> list[Resident]:
    """The next resident of the other sex at the same station who has no cuff yet, if there is one."""
    later = county.residents[resident.number + 1 :]
    fitting = (
        other
        for other in later
        if other.station == resident.station and other.sex != resident.sex and not other.lives_alone
    )
    return [other for other in fitting if other.number not in owned][:1]


def _home_glucose_meters(county: County, assumptions: Assumptions) -> Iterator[Meter]:
    for resident in county.residents:
        random = stream(county.seed, "home glucose meter", resident.number)
        if resident.diabetes and random.random() < assumptions.habits.home_glucose_meter:
            users = (resident.number,)
            yield _meter(random, assumptions, Instrument.GLUCOSE_METER, Setting.HOME, resident.station, users)


def _meter(
    random: Random,
    assumptions: Assumptions,
    instrument: Instrument,
    setting: Setting,
    station: int,
    users: tuple[int, ...],
) -> Meter:
    faults = assumptions.faults
    weekly = setting is Setting.HOME and random.random() < assumptions.habits.weekly_upload
    return Meter(
        address=_address(random),
        instrument=instrument,
        setting=setting,
        station=station,
        users=users,
        clock=_clock(random, faults),
        keeps_sending=setting is Setting.HOME and random.random() < faults.keeps_sending_memory,
        kilopascal=instrument is Instrument.CUFF and random.random() < faults.kilopascal,
        uploaded_weekly=weekly,
    )


def _address(random: Random) -> str:
    """A random static Bluetooth address: its two highest bits are set, so it is nobody's registered one."""
    octets = random.randbytes(6)
    return ":".join(f"{octet:02X}" for octet in bytes([octets[0] | 0xC0]) + octets[1:])


def _clock(random: Random, faults: Faults) -> Clock:
    error = timedelta()
    battery = None
    if random.random() < faults.clock_wrong_time:
        error += timedelta(minutes=round(random.gauss(0, faults.clock_error_minutes)))
    if random.random() < faults.clock_wrong_date:
        if random.random() < faults.clock_reset_of_wrong_date:
            battery = (random.randint(1, 28), random.randint(1, 12))
        else:
            error += timedelta(days=random.choice((-365, -31, -30, -2, -1, 1, 2, 30, 31, 365)))
    return Clock(error, battery, readable=random.random() < faults.clock_readable)
