"""Every indicator once more, by polars from an export: written from the definitions' words, not from the SQL.

Figures are (numerator, denominator) by station; the numbers are those of the definitions in force, written out again.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import psycopg

from api.reporting.period import Window

Figures = dict[int, tuple[int, int]]

FASTING = (pl.col("kind") == "glucose") & (pl.col("meal") == "fasting") & pl.col("glucose").is_not_null()

_EXPORTS = {
    "station": "select station_id, region_code from care.station",
    "resident": (
        "select resident_id, station_id, birth_date, record_opened_on, resident_since, left_on, left_why"
        " from care.resident"
    ),
    "condition": "select resident_id, condition, diagnosed_on, managed_from, managed_until from care.condition",
    "contract": "select resident_id, signed_on, ends_on from care.contract",
    "visit": (
        "select visit_id, version, resident_id, programme, (visited_at at time zone 'UTC') + interval '8 hours' as at,"
        " mode, systolic, diastolic, fasting_glucose, after_meal_glucose, lost_why, complete, entered_in_error"
        " from care.visit"
    ),
    "task": (
        "select resident_id, programme, due_on, state, ended_why, visit_id,"
        " (dispatched_at at time zone 'UTC') + interval '8 hours' as sent,"
        " (ended_at at time zone 'UTC') + interval '8 hours' as ended from care.follow_up"
    ),
    "population": "select station_id, year, residents, aged_35, aged_65 from reporting.population",
    "reading": (
        "select resident_id, (measured_at at time zone 'UTC') + interval '8 hours' as at, kind, setting, meal,"
        " systolic, diastolic, glucose from telemetry.reading"
    ),
}
_DATES = {"birth_date", "record_opened_on", "resident_since", "left_on", "diagnosed_on", "managed_from"}
_DATES |= {"managed_until", "signed_on", "ends_on", "due_on"}
_MOMENTS = {"at", "sent", "ended"}
_TEXTS = {"region_code", "left_why", "condition", "programme", "mode", "lost_why", "state", "kind", "setting", "meal"}
_TEXTS |= {"ended_why"}
_EXACT = {"fasting_glucose", "after_meal_glucose", "glucose"}  # as printed: rounding decides who counts
_PRESSURES = ("systolic", "diastolic")
FACE_TO_FACE = ["clinic", "home"]


def export(connection: psycopg.Connection[Any]) -> dict[str, pl.DataFrame]:
    """The tables as CSV, read by polars."""
    return {name: _export(connection, query) for name, query in _EXPORTS.items()}


def _export(connection: psycopg.Connection[Any], query: str) -> pl.DataFrame:
    file = io.BytesIO()
    with connection.cursor().copy(f"copy ({query}) to stdout (format csv, header)".encode()) as out:
        for block in out:
            file.write(block)
    names = file.getvalue()[:500].split(b"\n")[0].decode().split(",")
    types: dict[str, Any] = {name: pl.String for name in names if name in _TEXTS | _EXACT | _DATES | _MOMENTS}
    types |= {name: pl.Float64 for name in names if name in _PRESSURES}
    types |= {"visit_id": pl.Int64} if "visit_id" in names else {}  # a county without visits too
    frame = pl.read_csv(file.getvalue(), schema_overrides=types)
    return frame.with_columns(
        *(pl.col(name).str.to_date("%Y-%m-%d") for name in names if name in _DATES),
        *(pl.col(name).str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S") for name in names if name in _MOMENTS),
        *(_tenths(name) for name in names if name in _EXACT),
        *((pl.col(name) == "t") for name in names if name in ("complete", "entered_in_error")),
    )


def _tenths(name: str) -> pl.Expr:
    """Tenths of a printed number, half upwards, in whole numbers: 6.95 is 70."""
    hundred_thousandths = (pl.col(name).cast(pl.Float64) * 100_000).round(0).cast(pl.Int64)
    return ((hundred_thousandths + 5_000) // 10_000).alias(name)


def age(born: str, day: pl.Expr) -> pl.Expr:
    """Completed years on a day."""
    b = pl.col(born)
    before = (day.dt.month() < b.dt.month()) | ((day.dt.month() == b.dt.month()) & (day.dt.day() < b.dt.day()))
    return day.dt.year() - b.dt.year() - before.cast(pl.Int32)


@dataclass
class Recomputed:
    """An export and a window."""

    tables: dict[str, pl.DataFrame]
    window: Window

    def __post_init__(self) -> None:
        """What several indicators start from."""
        w = self.window
        self.last = pl.lit(w.last_day)
        people = self.tables["resident"]
        self.here = people.filter(pl.col("left_on").is_null() | (pl.col("left_on") >= w.until))
        latest = self.tables["visit"].filter(pl.col("version") == pl.col("version").max().over("visit_id"))
        self.visits = latest.filter(~pl.col("entered_in_error")).with_columns(day=pl.col("at").dt.date())
        self.in_window = self.visits.filter(pl.col("day").is_between(w.begin, w.last_day))
        self.seen = self.in_window.filter(pl.col("lost_why").is_null() & pl.col("mode").is_in(FACE_TO_FACE))
        month = self.tables["reading"].with_columns(day=pl.col("at").dt.date())
        self.readings = month.filter(pl.col("day").is_between(w.begin.replace(day=1), w.last_day))

    def figures(self, name: str) -> Figures:
        """One indicator by station; a station with neither numerator nor denominator may be left out."""
        return _INDICATORS[name](self)

    def managed(self, condition: str) -> pl.DataFrame:
        """Under management on the last day."""
        w = self.window
        under = self.tables["condition"].filter(
            (pl.col("condition") == condition)
            & (pl.col("managed_from") < w.until)
            & (pl.col("managed_until").is_null() | (pl.col("managed_until") >= w.until))
        )
        return self.here.join(under, on="resident_id")

    def of(self, everybody: pl.DataFrame, counted: pl.DataFrame) -> Figures:
        """Counted people out of everybody."""
        marked = everybody.with_columns(n=pl.col("resident_id").is_in(counted["resident_id"].implode()).cast(pl.Int64))
        sums = marked.group_by("station_id").agg(pl.col("n").sum(), pl.len().alias("d"))
        return {row[0]: (row[1], row[2]) for row in sums.iter_rows()}

    def of_population(self, counted: pl.DataFrame, column: str, thousandths: int = 1000) -> Figures:
        """Counted people out of a population times a prevalence, rounded a station, half upwards."""
        known = self.tables["population"].filter(pl.col("year") <= self.window.last_day.year).sort("year")
        expected = known.group_by("station_id", maintain_order=True).last()
        found = dict(counted.group_by("station_id").len().iter_rows())
        return {
            row["station_id"]: (found.get(row["station_id"], 0), (row[column] * thousandths + 500) // 1000)
            for row in expected.iter_rows(named=True)
        }

    def standard(self, condition: str) -> Figures:
        """A face-to-face visit in each quarter that has ended; new patients owe from the next quarter on."""
        w, managed = self.window, self.managed(condition)
        own = self.seen.filter(pl.col("programme") == condition)
        starts = [date(w.last_day.year, month, 1) for month in (1, 4, 7, 10)]
        starts = [start for start in starts if w.begin <= start <= w.last_day]
        ended = [start for start in starts if _next_quarter(start) <= w.until] or starts[-1:]
        good = managed.join(own.select("resident_id").unique(), on="resident_id")
        for start in ended:
            came = own.filter(pl.col("day").is_between(start, _next_quarter(start) - timedelta(days=1)))
            excused = pl.col("managed_from") > start
            good = good.filter(excused | pl.col("resident_id").is_in(came["resident_id"].implode()))
        return self.of(managed, good)

    def latest(self, condition: str, has_value: pl.Expr) -> pl.DataFrame:
        """The last visit of each person that brought a value or found nobody."""
        fits = pl.col("lost_why").is_not_null() | (pl.col("mode").is_in(FACE_TO_FACE) & has_value)
        own = self.in_window.filter((pl.col("programme") == condition) & fits).sort("at", "visit_id")
        return own.group_by("resident_id", maintain_order=True).last().filter(pl.col("lost_why").is_null())

    def pressure_control(self) -> Figures:
        """Below 140/90, from 65 on below 150/90, both values, age on the day."""
        managed = self.managed("hypertension")
        measured = pl.col("systolic").is_not_null() & pl.col("diastolic").is_not_null()
        last = managed.join(self.latest("hypertension", measured), on="resident_id")
        limit = pl.when(age("birth_date", pl.col("day")) >= 65).then(150).otherwise(140)
        return self.of(managed, last.filter((pl.col("systolic") < limit) & (pl.col("diastolic") < 90)))

    def glucose_control(self, column: str, limit: int) -> Figures:
        """Tenths of mmol/L below the limit."""
        managed = self.managed("diabetes")
        last = self.latest("diabetes", pl.col(column).is_not_null())
        return self.of(managed, last.filter(pl.col(column) < limit))

    def contracted(self, people: pl.DataFrame) -> pl.DataFrame:
        """Those with a contract in force on the last day."""
        last = self.window.last_day
        held = self.tables["contract"].filter((pl.col("signed_on") <= last) & (pl.col("ends_on") > last))
        return people.filter(pl.col("resident_id").is_in(held["resident_id"].implode()))

    def usual(self) -> pl.DataFrame:
        """Living here for six months and more, and still here."""
        six_months_ago = pl.lit(self.window.until).dt.offset_by("-6mo")
        return self.here.filter(pl.col("resident_since").is_null() | (pl.col("resident_since") <= six_months_ago))

    def records(self, people: pl.DataFrame) -> pl.DataFrame:
        """Those with a record opened by the last day."""
        return people.filter(pl.col("record_opened_on") <= self.window.last_day)

    def record_use(self) -> Figures:
        """Records with a visit in the twelve months before the end."""
        since = pl.lit(self.window.until).dt.offset_by("-12mo")
        served = self.visits.filter(
            pl.col("lost_why").is_null() & (pl.col("day") >= since) & (pl.col("day") < self.window.until)
        )
        return self.of(self.records(self.here), served)

    def elderly(self) -> Figures:
        """A record, and a complete form at a visit at 65 or over."""
        exams = self.seen.filter((pl.col("programme") == "elderly") & pl.col("complete"))
        joined = self.records(self.here).join(exams.select("resident_id", "day"), on="resident_id")
        old = joined.filter(age("birth_date", pl.col("day")) >= 65)
        return self.of_population(old.unique("resident_id"), "aged_65")

    def counting(self) -> pl.DataFrame:
        """Tasks that were not cancelled but for being missed."""
        return self.tables["task"].filter((pl.col("state") != "cancelled") | (pl.col("ended_why") == "missed"))

    def dispatched(self) -> Figures:
        """People owed a follow-up who have a task due in the window's time: a condition each, and the yearly exam."""
        w = self.window
        ends = _next_quarter(date(w.last_day.year, (w.last_day.month - 1) // 3 * 3 + 1, 1))
        sent = self.counting().filter(pl.col("sent").dt.date() < w.until)
        due = sent.filter((pl.col("due_on") >= w.begin) & (pl.col("due_on") < ends))
        parts = [
            self.of(
                self.managed(condition).filter(pl.col("managed_from") <= ends - timedelta(days=31)),
                due.filter(pl.col("programme") == condition),
            )
            for condition in ("hypertension", "diabetes")
        ]
        old = self.here.filter(age("birth_date", self.last) >= 65)
        exams = sent.filter((pl.col("programme") == "elderly") & (pl.col("due_on").dt.year() == w.last_day.year))
        return _added([*parts, self.of(old, exams)])

    def completed(self, *, late_counts: bool) -> Figures:
        """Tasks whose day has come, done by the end, or by their own day."""
        w = self.window
        due = self.counting().filter(
            (pl.col("due_on") >= w.begin) & (pl.col("due_on") < w.until) & (pl.col("programme") != "package")
        )
        by = self.visits.select("visit_id", visited="day")
        own = self.here.join(due, on="resident_id").join(by, on="visit_id", how="left")
        on = pl.coalesce("visited", pl.col("ended").dt.date())
        done = (pl.col("state") == "done") & (on < w.until)
        done = done if late_counts else done & (on <= pl.col("due_on"))
        sums = own.group_by("station_id").agg(done.sum().alias("n"), pl.len().alias("d"))
        return {row[0]: (row[1], row[2]) for row in sums.iter_rows()}

    def screened(self, condition: str, value: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Never diagnosed before, 35 and over, measured at a station or kiosk; and these readings."""
        known = self.tables["condition"].with_columns(
            since=pl.coalesce("diagnosed_on", "managed_from", pl.lit(date(1, 1, 1)))
        )
        known = known.filter((pl.col("condition") == condition) & (pl.col("since") < self.window.begin))
        screened = self.readings.filter(pl.col("setting").is_in(["station", "kiosk"]) & value)
        eligible = self.here.filter(
            (age("birth_date", self.last) >= 35) & ~pl.col("resident_id").is_in(known["resident_id"].implode())
        )
        eligible = eligible.filter(pl.col("resident_id").is_in(screened["resident_id"].implode()))
        return eligible, screened

    def yielded(self, condition: str, value: pl.Expr, suspect: pl.Expr) -> Figures:
        """Suspect at least once."""
        eligible, screened = self.screened(condition, value)
        return self.of(eligible, screened.filter(suspect))

    def at_risk(self, condition: str, value: pl.Expr, suspect: pl.Expr, risk: pl.Expr) -> Figures:
        """Never suspect; at high risk at least once."""
        eligible, screened = self.screened(condition, value)
        suspects = screened.filter(suspect)["resident_id"].implode()
        return self.of(eligible.filter(~pl.col("resident_id").is_in(suspects)), screened.filter(risk))

    def hypertension_yield(self) -> Figures:
        """Station 140/90, kiosk 135/85."""
        return self.yielded("hypertension", *self.pressures())

    def hypertension_risk(self) -> Figures:
        """From 130 or 85 on."""
        measured, suspect = self.pressures()
        risk = (pl.col("systolic") >= 130) | (pl.col("diastolic") >= 85)
        return self.at_risk("hypertension", measured, suspect, risk)

    @staticmethod
    def pressures() -> tuple[pl.Expr, pl.Expr]:
        """What is a blood pressure, and what is a suspect one."""
        station = (pl.col("setting") == "station") & ((pl.col("systolic") >= 140) | (pl.col("diastolic") >= 90))
        kiosk = (pl.col("setting") == "kiosk") & ((pl.col("systolic") >= 135) | (pl.col("diastolic") >= 85))
        both = pl.col("systolic").is_not_null() & pl.col("diastolic").is_not_null()
        return (pl.col("kind") == "blood_pressure") & both, station | kiosk

    def diabetes_yield(self) -> Figures:
        """Fasting 7.0 and more."""
        return self.yielded("diabetes", FASTING, pl.col("glucose") >= 70)

    def diabetes_risk(self) -> Figures:
        """Fasting 6.1 and more, never 7.0."""
        return self.at_risk("diabetes", FASTING, pl.col("glucose") >= 70, pl.col("glucose") >= 61)

    def counted(self) -> Figures:
        """Readings at the resident's own station."""
        own = self.readings.join(self.tables["resident"].select("resident_id", "station_id"), on="resident_id")
        return {station: (number, 0) for station, number in own.group_by("station_id").len().iter_rows()}

    def covered(self) -> Figures:
        """Patients with at least one reading of their condition's kind."""
        kinds = {"hypertension": "blood_pressure", "diabetes": "glucose"}
        return _added(
            [
                self.of(self.managed(condition), self.readings.filter(pl.col("kind") == kind))
                for condition, kind in kinds.items()
            ]
        )

    def home_control(self) -> Figures:
        """The mean of twelve and more home pressures below 135/85."""
        home = self.readings.filter(
            (pl.col("kind") == "blood_pressure")
            & (pl.col("setting") == "home")
            & pl.col("systolic").is_not_null()
            & pl.col("diastolic").is_not_null()
        )
        tenths = [
            np.rint(home[name].cast(pl.Float32).cast(pl.Float64).to_numpy() * 10) for name in ("systolic", "diastolic")
        ]
        exact = home.select("resident_id").with_columns(s=tenths[0], d=tenths[1])
        sums = exact.group_by("resident_id").agg(pl.len().alias("n"), pl.col("s").sum(), pl.col("d").sum())
        enough = self.managed("hypertension").join(sums.filter(pl.col("n") >= 12), on="resident_id")
        return self.of(enough, enough.filter((pl.col("s") < 1350 * pl.col("n")) & (pl.col("d") < 850 * pl.col("n"))))

    def hearts(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Everybody ever registered and not gone, with `care`; and those of them whose `outcome` counts."""
        until = self.window.until
        registered = self.here.join(
            self.tables["condition"].filter((pl.col("condition") == "hypertension") & (pl.col("managed_from") < until)),
            on="resident_id",
        )
        seen = self.visits.filter(pl.col("day") < until).sort("at", "visit_id")
        visit = (
            seen.filter(pl.col("lost_why").is_null()).group_by("resident_id").agg(pl.col("day").max().alias("seen_on"))
        )
        pressed = seen.filter(pl.col("systolic").is_not_null() & pl.col("diastolic").is_not_null())
        pressure = pressed.group_by("resident_id", maintain_order=True).last()
        pressure = pressure.select("resident_id", "systolic", "diastolic", measured_on="day")
        every = registered.join(visit, on="resident_id", how="left").join(pressure, on="resident_id", how="left")
        since = {name: self._months(name) for name in ("managed_from", "seen_on", "measured_on")}
        cared = (since["managed_from"] < 12) | (since["seen_on"] < 12).fill_null(value=False)
        outcome = (
            pl.when((since["seen_on"] >= 3).fill_null(value=True)).then(pl.lit("missed_visit"))
            .when((since["measured_on"] >= 3).fill_null(value=True)).then(pl.lit("no_measurement"))
            .when((pl.col("systolic") < 140) & (pl.col("diastolic") < 90)).then(pl.lit("controlled"))
            .otherwise(pl.lit("uncontrolled"))
        )  # fmt: skip
        every = every.with_columns(care=cared, outcome=outcome, registered=since["managed_from"])
        return every, every.filter(pl.col("care") & (pl.col("registered") >= 3))

    def _months(self, column: str) -> pl.Expr:
        last = self.window.last_day
        return (last.year - pl.col(column).dt.year()) * 12 + last.month - pl.col(column).dt.month()

    def hearts_outcome(self, outcome: str) -> Figures:
        """One outcome of the last three months, or being under care at all."""
        every, lately = self.hearts()
        if outcome == "under_care":
            return self.of(every, every.filter(pl.col("care")))
        return self.of(lately, lately.filter(pl.col("outcome") == outcome))

    def hearts_cohort(self, outcome: str) -> Figures:
        """Registered in the quarter before, and what became of them in the last quarter of the window."""
        last = self.window.last_day
        begins = date(last.year, (last.month - 1) // 3 * 3 + 1, 1)
        before = (begins - timedelta(days=1)).replace(day=1)
        before = date(before.year, before.month - 2, 1)
        cohort = self.here.join(
            self.tables["condition"].filter(
                (pl.col("condition") == "hypertension")
                & pl.col("managed_from").is_between(before, begins - timedelta(days=1))
            ),
            on="resident_id",
        )
        came = self.visits.filter(pl.col("lost_why").is_null() & pl.col("day").is_between(begins, last))
        pressed = came.filter(pl.col("systolic").is_not_null() & pl.col("diastolic").is_not_null())
        latest = pressed.sort("at", "visit_id").group_by("resident_id", maintain_order=True).last()
        good = latest.filter((pl.col("systolic") < 140) & (pl.col("diastolic") < 90))
        ids = {name: set(frame["resident_id"]) for name, frame in (("came", came), ("bp", latest), ("good", good))}
        sets: dict[str, Callable[[int], bool]] = {
            "missed_visit": lambda who: who not in ids["came"],
            "no_measurement": lambda who: who in ids["came"] - ids["bp"],
            "controlled": lambda who: who in ids["good"],
            "uncontrolled": lambda who: who in ids["bp"] - ids["good"],
        }
        chosen = [who for who in cohort["resident_id"] if sets[outcome](who)]
        return self.of(cohort, pl.DataFrame({"resident_id": pl.Series(chosen, dtype=pl.Int64)}))


def _next_quarter(start: date) -> date:
    return date(start.year + start.month // 10, start.month % 12 + 3 if start.month < 10 else 1, 1)


def _added(parts: list[Figures]) -> Figures:
    stations = {station for part in parts for station in part}
    return {
        station: (
            sum(part.get(station, (0, 0))[0] for part in parts),
            sum(part.get(station, (0, 0))[1] for part in parts),
        )
        for station in stations
    }


_INDICATORS: dict[str, Callable[[Recomputed], Figures]] = {
    "record_rate": lambda r: r.of_population(r.records(r.usual()), "residents"),
    "record_use_rate": Recomputed.record_use,
    "contract_rate": lambda r: r.of_population(r.contracted(r.usual()), "residents"),
    "elderly_management_rate": Recomputed.elderly,
    "hypertension_management_rate": lambda r: r.of_population(r.managed("hypertension"), "aged_35", 209),
    "hypertension_standard_rate": lambda r: r.standard("hypertension"),
    "hypertension_control_rate": Recomputed.pressure_control,
    "hypertension_contract_rate": lambda r: r.of(r.managed("hypertension"), r.contracted(r.here)),
    "hypertension_home_control_rate": Recomputed.home_control,
    "diabetes_management_rate": lambda r: r.of_population(r.managed("diabetes"), "aged_35", 73),
    "diabetes_standard_rate": lambda r: r.standard("diabetes"),
    "diabetes_control_rate": lambda r: r.glucose_control("fasting_glucose", 70),
    "diabetes_after_meal_rate": lambda r: r.glucose_control("after_meal_glucose", 100),
    "diabetes_contract_rate": lambda r: r.of(r.managed("diabetes"), r.contracted(r.here)),
    "follow_up_dispatch_rate": Recomputed.dispatched,
    "follow_up_completion_rate": lambda r: r.completed(late_counts=True),
    "follow_up_in_time_rate": lambda r: r.completed(late_counts=False),
    "hypertension_screening_yield": Recomputed.hypertension_yield,
    "diabetes_screening_yield": Recomputed.diabetes_yield,
    "hypertension_high_risk": Recomputed.hypertension_risk,
    "diabetes_high_risk": Recomputed.diabetes_risk,
    "measurements": Recomputed.counted,
    "measurement_coverage": Recomputed.covered,
    "hearts_under_care": lambda r: r.hearts_outcome("under_care"),
    **{
        f"hearts_{name}": lambda r, name=name: r.hearts_outcome(name)  # type: ignore[misc]
        for name in ("controlled", "uncontrolled", "missed_visit", "no_measurement")
    },
    **{
        f"hearts_cohort_{name}": lambda r, name=name: r.hearts_cohort(name)  # type: ignore[misc]
        for name in ("controlled", "uncontrolled", "missed_visit", "no_measurement")
    },
}
NAMES = tuple(_INDICATORS)


def differences(found: Figures, wanted: Figures) -> Figures:
    """Stations in which two recounts differ; one that is missing has nobody."""
    stations = found.keys() | wanted.keys()
    return {each: found.get(each, (0, 0)) for each in stations if found.get(each, (0, 0)) != wanted.get(each, (0, 0))}
