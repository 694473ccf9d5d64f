"""Every indicator against an independent recount by polars, on random small counties: no difference anywhere."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from api.reporting import definitions
from api.reporting.figures import Dimension, figures
from api.reporting.period import Quarter, Span, Window
from ingest.rollup import fold
from tests.reporting import recomputed
from tests.reporting.recomputed import NAMES, Recomputed, differences
from tests.reporting.town import Town

# Days on which something is decided: ends of quarters and months, and the day before.
EDGES = [date(2026, month, 1) - timedelta(days=back) for month in (1, 2, 4, 5, 7, 8, 10) for back in (0, 1)]


def some_day(random: Random) -> date:
    return random.choice(EDGES) if random.random() < 0.4 else date(2025, 6, 1) + timedelta(days=random.randrange(500))


def some_moment(random: Random) -> str:
    clock = random.choice(["00:00", "00:30", "07:59", "08:00", "15:59", "16:00", "23:59"])
    return f"{some_day(random)} {clock}"


def people(town: Town, random: Random, number: int) -> list[int]:
    stations = [town.station_id, town.station("云岭卫生站", "云岭镇", "330108002001")]
    for station, size in zip(stations, (1003, 507), strict=True):
        for year in (2025, 2026):
            town.population(size, size // 2, size // 5, year=year, station=station)
    found = []
    for _ in range(number):
        left = some_day(random) if random.random() < 0.2 else None
        born = date(
            random.choice([1940, 1955, 1960, 1961, 1975, 1991]), random.randrange(1, 13), random.randrange(1, 29)
        )
        found.append(
            town.resident(
                born.isoformat(),
                station_id=random.choice(stations),
                record_opened_on=some_day(random) if random.random() < 0.8 else None,
                resident_since=some_day(random) if random.random() < 0.3 else None,
                left_on=left,
                left_why=random.choice(["died", "moved"]) if left else None,
            )
        )
    return found


def history(town: Town, random: Random, person: int) -> None:
    for condition in random.sample(["hypertension", "diabetes"], random.randrange(3)):
        since = some_day(random) if random.random() < 0.9 else None
        until = since + timedelta(days=random.randrange(1, 400)) if since and random.random() < 0.2 else None
        town.manage(person, condition, str(since) if since else None, str(until) if until else None)
    for _ in range(random.randrange(3)):
        signed = some_day(random)
        town.connection.execute(
            "insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on)"
            " values (%s, 'basic', %s, %s, %s) on conflict do nothing",
            (person, town.doctor_id, signed, signed + timedelta(days=365)),
        )
    for _ in range(random.randrange(7)):
        visit(town, random, person)
    for _ in range(random.randrange(4)):
        programme = random.choice(["hypertension", "diabetes", "elderly", "package"])
        due = some_day(random)
        on = due + timedelta(days=random.randrange(-5, 9))
        done = f"{on} 10:00" if random.random() < 0.6 else None
        seen = town.visit(person, f"{on} 09:00", programme=programme) if done and random.random() < 0.5 else None
        late = f"{on + timedelta(days=random.randrange(5))} 11:00" if seen else done
        missed = done is None and random.random() < 0.5
        town.connection.execute("delete from care.follow_up where resident_id = %s and state = 'open'", (person,))
        town.task(person, due.isoformat(), done=late, programme=programme, visit=seen, missed=missed)


def visit(town: Town, random: Random, person: int) -> None:
    when = some_moment(random)
    about: dict[str, object] = {
        "programme": random.choice(["hypertension", "hypertension", "diabetes", "elderly"]),
        "mode": random.choice(["clinic", "home", "phone"]),
        "complete": random.random() < 0.7,
        "fasting_glucose": random.choice([None, 6.9, 6.94, 6.95, 6.994, 7.0, 8.1]),
        "after_meal_glucose": random.choice([None, 9.94, 9.95, 10.0, 12.0]),
    }
    pressure = random.choice([None, "139/89", "140/89", "139/90", "149/89", "150/80", "120/70"])
    if random.random() < 0.15:
        pressure, about = None, {"programme": "hypertension", "lost_why": "外出"}
    number = town.visit(person, when, pressure, **about)
    if random.random() < 0.15:
        again = {"visit_id": number, "version": 2, "amended_why": "更正", "entered_in_error": random.random() < 0.5}
        town.visit(person, when, "138/88", **(about | again))


def readings(town: Town, random: Random, person: int) -> None:
    for _ in range(random.choice([0, 1, 30])):
        place = {"setting": random.choice(["home", "home", "kiosk", "station"])}
        if random.random() < 0.8:
            values: dict[str, object] = {
                "systolic": random.choice([134.9, 135, 135.1, 139, 140, 120.25]),
                "diastolic": random.choice([84.9, 85, 89, None, 70, 70]),
            }
        else:
            values = {"glucose": random.choice([6.94, 6.95, 7.0]), "meal": random.choice(["fasting", None])}
        town.reading(person, f"{some_moment(random)}:{random.randrange(60):02}", **place, **values)


def first_month_ends(quarter: Quarter) -> date:
    """A day on which the quarter is running; readings are counted by whole months."""
    return (quarter.begins + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@pytest.mark.parametrize("seed", range(3))
def test_no_indicator_differs_from_an_independent_recount(seed: int, town: Town) -> None:
    random = Random(seed)
    for person in people(town, random, 60):
        history(town, random, person)
        readings(town, random, person)
    fold(town.connection)
    tables = recomputed.export(town.connection)
    assert set(NAMES) == set(definitions.load().by_name)
    seen = 0
    for quarter in (Quarter(2025, 4), Quarter(2026, 1), Quarter(2026, 2), Quarter(2026, 3)):
        for span in Span:
            for today in (date(2030, 1, 1), first_month_ends(quarter)):
                window = Window.of(quarter, span, today)
                recount = Recomputed(tables, window)
                for name in NAMES:
                    definition = definitions.load().on(name, window.last_day)
                    by_station = figures(town.connection, definition, window, [Dimension.STATION])
                    found = {key[0]: (each.numerator, each.denominator or 0) for key, each in by_station.items()}
                    assert differences(found, recount.figures(name)) == {}, (name, window)
                    seen += sum(numerator for numerator, _ in found.values())
    assert seen > 3000


def test_the_recount_would_notice(town: Town) -> None:
    patient = town.patient()
    town.visit(patient, "2026-02-10 09:00", "139/89")
    window = Window.of(Quarter(2026, 1), Span.QUARTER, date(2030, 1, 1))
    tables = recomputed.export(town.connection)
    assert Recomputed(tables, window).figures("hypertension_control_rate") == {town.station_id: (1, 1)}
    assert differences({town.station_id: (0, 1)}, {town.station_id: (1, 1)}) == {town.station_id: (0, 1)}
