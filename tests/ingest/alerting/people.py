"""People and readings made up for the tests of rules and episodes, and the rules as shipped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from uuid import UUID

from devices.reading import Flag
from ingest.alerting.finding import Finding
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.rules import Rules, evaluate, parse
from maixun.configuration import load_all

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # twelve o'clock in China
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NONE = Flag(0)

_numbers = count(1)


@cache
def shipped() -> Rules:
    """The rules of `config/rules/`."""
    return parse(load_all("rules/*.yaml"))


def somebody(*, born: date = date(1966, 5, 1), conditions: frozenset[str] = frozenset(), **more: object) -> Person:
    """A resident of sixty."""
    return Person(resident_id=1, birth_date=born, conditions=conditions, **more)  # type: ignore[arg-type]


def pressure(
    systolic: float, diastolic: float, at: datetime = NOON, *, setting: str = "home", flags: Flag = NONE
) -> StoredReading:
    """A blood-pressure reading, with the gateway as soon as it was measured."""
    return reading("blood_pressure", {"systolic": systolic, "diastolic": diastolic}, at, setting=setting, flags=flags)


def sugar(
    glucose: float | None,
    at: datetime = NOON,
    *,
    meal: str | None = None,
    setting: str = "home",
    flags: Flag = NONE,
) -> StoredReading:
    """A glucose reading; None is what a meter shows as HI or LO, said by `flags`."""
    return reading(
        "glucose", {} if glucose is None else {"glucose": glucose}, at, setting=setting, flags=flags, meal=meal
    )


def reading(
    kind: str,
    values: dict[str, float],
    at: datetime,
    *,
    setting: str = "home",
    flags: Flag = NONE,
    meal: str | None = None,
    received_at: datetime | None = None,
) -> StoredReading:
    """Any reading, with an id of its own."""
    return StoredReading(
        reading_id=str(UUID(int=next(_numbers))),
        kind=kind,
        measured_at=at,
        received_at=received_at or at,
        setting=setting,
        meal=meal,
        flags=flags.value,
        values=values,
    )


def finding(
    *readings: StoredReading, now: datetime = NOON, person: Person | None = None, rules: Rules | None = None
) -> Finding | None:
    """The one finding that names a limit, else one that says all is normal; two of the former fail."""
    found = evaluate(person or somebody(), readings, rules or shipped(), now)
    beyond = [one for one in found if one.breach]
    assert len(beyond) <= 1, beyond
    return next(iter(beyond + found), None)
