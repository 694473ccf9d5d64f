"""How a child grows: curves of weight, height and BMI over WHO's standards, on the page of a resident under 7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, language, people
from api.access import Clinician, Viewer
from api.audit import Action
from api.errors import not_found
from api.language import msgid, translator
from api.people import Resident
from api.services import Database, Given, Services
from devices import growth
from devices.growth import MEASURES, Score, Standards
from maixun.configuration import load

pages = APIRouter(include_in_schema=False)

NAMES: Mapping[str, str] = {"weight": msgid("体重"), "height": msgid("身长/身高"), "bmi": msgid("体质指数")}
UNITS: Mapping[str, str] = {"weight": "kg", "height": "cm", "bmi": "kg/m²"}
LINES = (-3, -2, 0, 2, 3)
_DAYS_A_MONTH = 30.4375
_MOST = 500  # more than a child is weighed in seven years
_MEASURED = (
    "select measured_at, setting, weight, height from telemetry.reading"
    " where resident_id = %(resident_id)s and kind = 'body' and (weight is not null or height is not null)"
    " order by measured_at desc limit %(limit)s"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured at one moment, and how it compares; by measure."""

    at: datetime
    months: float
    setting: str
    scores: Mapping[str, Score]


@cache
def standards() -> Standards:
    """WHO's tables. Raises ValueError when the configuration is wrong."""
    return growth.parse(load("growth.yaml"))


@pages.get("/residents/{resident_id}/growth")
def show(request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int) -> Response:
    """The section of the page: every measurement with its z-scores. The look is recorded."""
    resident = _child(given, connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.READINGS_VIEW, resident_id, kind="growth")
    return given.pages.show(
        request,
        "growth_section.html",
        resident=resident,
        rows=measured(connection, resident, given.settings.tzinfo),
        measures=MEASURES,
        names=NAMES,
        units=UNITS,
        standards=standards(),
    )


@pages.get("/residents/{resident_id}/growth/chart")
def chart(request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int) -> Response:
    """What `growth.js` draws: the lines of the standard by age in months, and the child's points. Recorded."""
    resident = _child(given, connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.READINGS_VIEW, resident_id, kind="growth_chart")
    say = translator(language.of(request))
    rows = measured(connection, resident, given.settings.tzinfo)
    until = min(standards().last_day / _DAYS_A_MONTH, max((row.months for row in rows), default=0) + 12)
    return JSONResponse(
        {
            "age": say(msgid("月龄")),
            "panels": [
                {
                    "name": f"{say(NAMES[measure])} {UNITS[measure]}",
                    "lines": [{"z": z, "points": _line(measure, resident.sex, z, until)} for z in LINES],
                    "points": [[r.months, round(r.scores[measure].value, 2)] for r in rows if measure in r.scores],
                }
                for measure in MEASURES
            ],
        }
    )


def measured(connection: Connection[DictRow], resident: Resident, zone: ZoneInfo) -> list[Measured]:
    """Body measurements of a child, latest first. Heights come from kiosks and stations, where a child stands."""
    given = {"resident_id": resident.resident_id, "limit": _MOST}
    rows = connection.execute(_MEASURED.encode(), given).fetchall()
    return [_compared(row, resident, zone) for row in rows]


def _compared(row: dict[str, Any], resident: Resident, zone: ZoneInfo) -> Measured:
    on = row["measured_at"].astimezone(zone).date()
    days = (on - resident.birth_date).days
    values = {name: round(row[name], 2) for name in ("weight", "height") if row[name] is not None}
    if len(values) == 2:
        length = growth.as_length(standards(), values["height"], days, standing=True)
        values["bmi"] = growth.bmi(values["weight"], length)
    scores = {name: _score(name, value, resident, on) for name, value in values.items()}
    found = {name: score for name, score in scores.items() if score is not None}
    return Measured(row["measured_at"], round(days / _DAYS_A_MONTH, 1), row["setting"], found)


def _score(measure: str, value: float, resident: Resident, on: date) -> Score | None:
    return growth.score(standards(), measure, value, sex=resident.sex, born=resident.birth_date, on=on)


def _line(measure: str, sex: str, z: int, until: float) -> list[list[float]]:
    ages = (round(month * _DAYS_A_MONTH) for month in range(int(until) + 1))
    found = ((days, standards().at(measure, sex, days)) for days in ages)
    return [[round(days / _DAYS_A_MONTH, 1), round(growth.value_at(z, lms), 2)] for days, lms in found if lms]


def _child(given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int) -> Resident:
    """The viewer's resident who is young enough. Raises the 404 refusal for everybody else."""
    resident = people.one(connection, viewer, resident_id, given.key)
    today = given.now().astimezone(given.settings.tzinfo).date()
    if resident is None or not 0 <= (today - resident.birth_date).days <= standards().last_day:
        raise not_found()
    return resident
