"""One resident's page: what changed since the last visit, what waits, charts, averages, and the timeline."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, board, changes, charts, ecg, episodes, language, looking, people, timeline
from api.access import Clinician, Viewer, require_resident
from api.audit import Action
from api.averages import Average, Protocol, average
from api.charts import Mean, Subject, place_of
from api.errors import not_found
from api.language import msgid
from api.pages import age
from api.people import ReadingRow, Resident
from api.services import Database, Given, Services, plain_rows
from api.timeline import Only
from ingest.alerting import loading

pages = APIRouter(include_in_schema=False)

IN_TABLE = 100  # rows of the table under a chart; the chart itself shows all
IN_CHART = 5000  # a year of thirteen measurements a day
MOMENTS = 40  # of the timeline at a time


class Days(IntEnum):
    """How far back the charts go."""

    WEEK = 7
    MONTH = 30
    QUARTER = 90
    YEAR = 365


class Charted(StrEnum):
    """What can have a chart."""

    BLOOD_PRESSURE = "blood_pressure"
    GLUCOSE = "glucose"
    OXIMETRY = "oximetry"
    BODY = "body"
    TEMPERATURE = "temperature"


AVERAGED = (Charted.BLOOD_PRESSURE, Charted.GLUCOSE)  # their charts stand there also when nothing was measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaged:
    """One line of the table of averages."""

    kind: str
    label: str
    unit: str
    protocol: Protocol
    average: Average | None

    @property
    def shown(self) -> str:
        """The mean as it is written."""
        means = self.average.means if self.average else {}
        if "systolic" in means:
            return f"{means['systolic']:.0f}/{means['diastolic']:.0f}"
        return f"{means['glucose']:.1f}" if means else ""


class Asked(NamedTuple):
    """An average the page shows: of which kind, which meals (None: any), by which of the rules' means."""

    label: str
    kind: str
    meals: Collection[str] | None
    protocol: str


PRESSURE = Asked(msgid("家庭血压"), "blood_pressure", None, "home_pressure_high")
FASTING = Asked(msgid("家庭空腹血糖"), "glucose", ("fasting",), "glucose_fasting_high")
AFTER_MEALS = Asked(msgid("家庭餐后血糖"), "glucose", ("after_meal",), "glucose_after_meal_high")
AVERAGES = (PRESSURE, FASTING, AFTER_MEALS)


@pages.get("/residents/{resident_id}")
def show(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int, days: Days = Days.MONTH
) -> Response:
    """A person's page. The look is recorded."""
    resident = _found(given, connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_VIEW, resident_id)
    subject = _subject(given, connection, resident)
    return given.pages.show(
        request,
        "resident.html",
        viewer=viewer,
        resident=resident,
        days=days,
        choices=Days,
        sections=[_section(given, subject, kind) for kind in _charted(given, connection, resident_id, days)],
        ecgs=_ecgs(given, connection, resident_id, days),
        metric_names=charts.NAMES,
        limit_text=lambda limit: charts.limit_text(limit, language.of(request)),
        lookers=[one._asdict() for one in looking.at(connection, [resident_id], given.now()).get(resident_id, ())],
        tasks=board.tasks_of(connection, resident_id),
        today=_today(given),
        saved=False,
        problem=None,
        **_summary(given, connection, resident),
        **_waiting(given, connection, resident_id),
        **_moments(given, connection, resident_id, Only.ALL, None),
    )


@pages.get("/residents/{resident_id}/waiting")
def waiting(request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int) -> Response:
    """The alerts that are not closed: read again when one of them changed. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_VIEW, resident_id, part="waiting")
    return given.pages.show(request, "waiting.html", **_waiting(given, connection, resident_id))


@pages.get("/residents/{resident_id}/timeline")
def moments(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    only: Only = Only.ALL,
    after: Annotated[str | None, Query(max_length=120)] = None,
) -> Response:
    """A page of the timeline. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.READINGS_VIEW, resident_id, part="timeline")
    return given.pages.show(request, "timeline.html", **_moments(given, connection, resident_id, only, after))


@pages.get("/residents/{resident_id}/table/{kind}")
def table(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    kind: Charted,
    days: Days = Days.MONTH,
) -> Response:
    """The readings of a chart as a table. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.READINGS_VIEW, resident_id, kind=kind, part="table")
    since, until = _span(given, days)
    rows = people.readings(connection, resident_id, kind, since=since, before=until, limit=IN_TABLE)
    return given.pages.show(request, "readings_table.html", section={"kind": kind.value, "rows": rows})


@pages.get("/residents/{resident_id}/charts/{kind}")
def chart(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    kind: Charted,
    days: Days = Days.MONTH,
) -> Response:
    """What `charts.js` draws. The look is recorded."""
    resident = _found(given, connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.READINGS_VIEW, resident_id, kind=kind, part="chart")
    since, until = _span(given, days)
    rows = people.readings(connection, resident_id, kind, since=since, before=until, limit=IN_CHART)
    return JSONResponse(
        charts.chart(
            kind,
            rows,
            charts.limits(given.rules, kind, _subject(given, connection, resident)),
            means=_means(given, rows, resident) if kind is Charted.BLOOD_PRESSURE else (),
            language=language.of(request),
            zone=given.settings.tzinfo,
            since=since,
            until=until,
        )
    )


def _found(given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int) -> Resident:
    resident = people.one(connection, viewer, resident_id, given.key)
    if resident is None:
        raise not_found()
    return resident


def _charted(given: Services, connection: Connection[DictRow], resident_id: int, days: int) -> list[Charted]:
    """The charts of the page: the others than those of every page where something was measured."""
    since, until = _span(given, days)
    rows = connection.execute(
        "select distinct kind::text as kind from telemetry.reading"
        " where resident_id = %s and measured_at >= %s and measured_at < %s",
        [resident_id, since, until],
    ).fetchall()
    measured = {row["kind"] for row in rows}
    return [kind for kind in Charted if kind in AVERAGED or kind in measured]


def _section(given: Services, subject: Subject, kind: Charted) -> dict[str, Any]:
    limits = charts.limits(given.rules, kind, subject)
    return {"kind": kind.value, "unit": charts.UNITS[kind], "limits": limits}


def _waiting(given: Services, connection: Connection[DictRow], resident_id: int) -> dict[str, Any]:
    return {"alerts": episodes.waiting_of(connection, resident_id, given.key)}


def _moments(
    given: Services, connection: Connection[DictRow], resident_id: int, only: Only, after: str | None
) -> dict[str, Any]:
    found, place = timeline.page(connection, resident_id, only, timeline.parsed(after), MOMENTS)
    items = timeline.grouped(found, given.settings.tzinfo)
    return {"items": items, "next": place, "only": only.value, "resident_id": resident_id}


def _summary(given: Services, connection: Connection[DictRow], resident: Resident) -> dict[str, Any]:
    """The averages, and the three lines of what changed since the last visit."""
    today, now = _today(given), _span(given, 0)[1]
    visited_on = changes.since(_visits(given, connection, resident.resident_id), today)
    since_day = visited_on or today - timedelta(days=changes.LOOK_BACK_DAYS)
    since = datetime.combine(since_day, time(), given.settings.tzinfo)
    longest = timedelta(days=max(protocol.over_days for protocol in given.protocols.values()) + 1)
    readings = {
        kind: people.readings(
            connection, resident.resident_id, kind, since=min(since, now) - longest, before=now, limit=IN_CHART
        )
        for kind in AVERAGED
    }
    current = _averaged(given, readings, resident, now)
    earlier = _averaged(given, readings, resident, since)
    facts = changes.Facts(
        before={one.kind: one.average for one in earlier[:2]},
        now={one.kind: _after(one.average, since_day) for one in current[:2]},
        protocols={each.kind: given.protocols[each.protocol] for each in AVERAGES[:2]},
        **_counts(given, connection, resident.resident_id, since),
    )
    return {
        "averages": current,
        "changes": changes.lines(facts),
        "visited_on": visited_on,
        "look_back": changes.LOOK_BACK_DAYS,
    }


def _after(found: Average | None, day: date) -> Average | None:
    """An average that ends before the visit says nothing of the time since."""
    return found if found and found.last >= day else None


def _averaged(
    given: Services, readings: dict[Charted, list[ReadingRow]], resident: Resident, until: datetime
) -> list[Averaged]:
    found = []
    for asked in AVERAGES:
        rows = readings[Charted(asked.kind)]
        found.append(
            Averaged(
                kind=asked.kind,
                label=asked.label,
                unit=charts.UNITS[asked.kind],
                protocol=given.protocols[asked.protocol],
                average=_average(given, asked, rows, resident, until),
            )
        )
    return found


def _average(
    given: Services, asked: Asked, rows: Sequence[ReadingRow], resident: Resident, until: datetime
) -> Average | None:
    protocol = given.protocols[asked.protocol]
    return average(
        [row for row in rows if place_of(row.setting) == "home" and (asked.meals is None or row.meal in asked.meals)],
        protocol,
        metrics=charts.METRICS[asked.kind],
        doubtful=_doubtful(given, asked.kind),
        drop_first=protocol.drops_first(resident.conditions),
        until=until,
        zone=given.settings.tzinfo,
    )


def _doubtful(given: Services, kind: str) -> int:
    """The meter's flags that make a reading of this kind doubtful."""
    return next((file.doubtful_bits for file in given.rules.files if kind in file.kinds), 0)


def _means(given: Services, rows: Sequence[ReadingRow], resident: Resident) -> list[Mean]:
    """The home average of blood pressure as lines of its chart."""
    found = _average(given, PRESSURE, rows, resident, _span(given, 0)[1])
    if found is None or not found.enough:
        return []
    zone = given.settings.tzinfo
    since = datetime.combine(found.first, time(), zone)
    until = min(datetime.combine(found.last + timedelta(days=1), time(), zone), given.now())
    return [Mean(metric=metric, value=value, since=since, until=until) for metric, value in found.means.items()]


def _visits(given: Services, connection: Connection[DictRow], resident_id: int) -> list[date]:
    rows = connection.execute(
        "select max(visited_at) as at from care.visit_now where resident_id = %s and lost_why is null", (resident_id,)
    ).fetchall()
    return [row["at"].astimezone(given.settings.tzinfo).date() for row in rows if row["at"]]


def _counts(given: Services, connection: Connection[DictRow], resident_id: int, since: datetime) -> dict[str, int]:
    alerts = connection.execute(
        "select count(*) as alerts, count(*) filter (where tier <= 2) as urgent,"
        " count(*) filter (where state <> 'closed') as open"
        " from care.episode where resident_id = %s and opened_at >= %s",
        (resident_id, since),
    ).fetchone()
    measured = connection.execute(
        "select count(*) as readings, count(distinct (measured_at at time zone %s)::date) as days"
        " from telemetry.reading where resident_id = %s and measured_at >= %s",
        (given.settings.zone, resident_id, since),
    ).fetchone()
    return {**(alerts or {}), **(measured or {})}


def _ecgs(given: Services, connection: Connection[DictRow], resident_id: int, days: int) -> list[ecg.EcgRow]:
    since, until = _span(given, days)
    return ecg.listing(connection, resident_id, since=since, before=until, limit=IN_TABLE)


def _span(given: Services, days: int) -> tuple[datetime, datetime]:
    """From so many days ago up to the latest time a reading may claim: a meter's clock may be a little ahead."""
    now = given.now()
    return now - timedelta(days=days), now + timedelta(seconds=given.limits.future_seconds)


def _subject(given: Services, connection: Connection[DictRow], resident: Resident) -> Subject:
    """What limits depend on, with those a doctor has set for this resident."""
    with plain_rows(connection) as tuples:
        (person,) = loading.people(tuples, [resident.resident_id], given.rules, given.now())
    return Subject(
        age=age(resident.birth_date, _today(given)),
        conditions=resident.conditions,
        on=_today(given),
        overrides=person.overrides,
    )


def _today(given: Services) -> date:
    return given.now().astimezone(given.settings.tzinfo).date()
