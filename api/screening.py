"""Suspect and high-risk residents (疑似与高危) of a doctor or a station: why, what to do, what was decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit, language, screening_store
from api.access import Clinician, Viewer, require_resident
from api.audit import Action
from api.errors import Refusal
from api.language import msgid
from api.people import name_of
from api.screening_store import Asked, Person
from api.services import Database, Given, Services
from ingest.screening.case import Case, Level, Outcome, Step, judge
from ingest.screening.criteria import Condition, ScreeningSettings
from maixun.configuration import settings

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["follow-ups"])

LATELY = timedelta(days=90)  # decisions shown below the list: a quarter, as reports have it

STEPS: Mapping[Step, str] = {
    Step.REFER: msgid("转诊确诊，两周内随访转诊结果"),
    Step.RECHECK: msgid("去除诱因，另选日子在卫生站复测"),
    Step.RESULT: msgid("随访转诊结果"),
    Step.ADVISE: msgid("生活方式指导，至少半年测一次"),
}
STEPS_OF: Mapping[tuple[Condition, Step], str] = {
    ("diabetes", Step.ADVISE): msgid("生活方式指导，至少每年测一次空腹血糖"),
}
RISKS: Mapping[str, str] = {
    "high_normal": msgid("最近一次血压为正常高值"),
    "overweight": msgid("超重、肥胖或腰围超标"),
    "glucose": msgid("最近一次空腹血糖偏高"),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.REFERRED: msgid("已转诊"),
    Outcome.DIAGNOSED: msgid("已确诊"),
    Outcome.NOT_CONFIRMED: msgid("未证实"),
    Outcome.ADVISED: msgid("已指导"),
}
LEVELS: Mapping[Level, str] = {Level.SUSPECT: msgid("疑似"), Level.HIGH_RISK: msgid("高危")}
ORDER = {step: place for place, step in enumerate((Step.RESULT, Step.REFER, Step.RECHECK, Step.ADVISE))}


class Reading(BaseModel):
    """One reading behind a case, in canonical units."""

    at: datetime
    setting: str
    systolic: float | None
    diastolic: float | None
    glucose: float | None
    meal: str | None


class Decided(BaseModel):
    """What was decided before."""

    outcome: Outcome
    at: datetime
    by: str
    note: str


class ScreeningCase(BaseModel):
    """A resident never diagnosed with a condition whose readings are suspect or at high risk."""

    resident_id: int
    name: str | None
    sex: str
    age: int
    doctor: str | None
    condition: Condition
    level: Level
    step: Step = Field(description="refer, recheck, result (of a referral) or advise")
    since: date = Field(description="the first day a reading reached the limit")
    days: int = Field(description="on how many days one did")
    readings: list[Reading] = Field(description="behind it, the latest first, three at most")
    risks: list[str] = Field(description="high_normal, overweight, glucose")
    due: date | None = Field(description="when a referral's result is asked for")
    decided: list[Decided]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page is narrowed to; empty is everything."""

    condition: str
    level: str

    def admits(self, case: ScreeningCase) -> bool:
        """Whether a case is shown."""
        return self.condition in ("", case.condition) and self.level in ("", case.level)


@pages.get("/screening")
def show(
    request: Request, given: Given, connection: Database, viewer: Clinician, condition: str = "", level: str = ""
) -> Response:
    """The list, a form for each decision, and what was decided lately. The look is recorded."""
    return _page(request, given, connection, viewer, Filter(condition, level))


@pages.post("/residents/{resident_id}/screening")
def decide(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    condition: Annotated[Condition, Form()],
    outcome: Annotated[Outcome, Form()],
    note: Annotated[str, Form(max_length=500)] = "",
    diagnosed_on: Annotated[str, Form(max_length=10)] = "",
    manage: Annotated[bool, Form()] = False,
) -> Response:
    """Decide about a case; it is stored with who, when and why, and never changed."""
    require_resident(connection, viewer, resident_id)
    try:
        on = _diagnosed_on(given, outcome, diagnosed_on)
        _must_be_a_case(given, connection, viewer, resident_id, condition)
        if not note.strip():
            raise Refusal(422, "note_missing", msgid("请写明依据，例如复测值或医院的诊断。"))
    except Refusal as refusal:
        return _page(request, given, connection, viewer, Filter("", ""), refusal)
    screening_store.decide(
        connection,
        resident_id,
        condition,
        outcome,
        note=note.strip(),
        diagnosed_on=on,
        managed_from=_today(given) if on and manage else None,
        staff_id=viewer.staff_id,
        now=given.now(),
    )
    audit.write(
        connection,
        given.now(),
        viewer.staff_id,
        Action.SCREENING_DECIDE,
        resident_id,
        condition=condition,
        outcome=outcome,
    )
    return RedirectResponse("/screening", status_code=303)


@json.get("/screening", summary="List suspect and high-risk residents")
def listing(given: Given, connection: Database, viewer: Clinician) -> list[ScreeningCase]:
    """Your residents never diagnosed whose readings are suspect or at high risk. The look is recorded."""
    audit.write(connection, given.now(), viewer.staff_id, Action.SCREENING_LIST)
    return cases(given, connection, viewer)


def cases(given: Services, connection: Connection[DictRow], viewer: Viewer) -> list[ScreeningCase]:
    """What is to be done first comes first, then what waits longest."""
    chosen, now = settings(ScreeningSettings, "screening"), given.now()
    found = []
    for condition, criteria in chosen.conditions.items():
        asked = Asked(
            condition=condition,
            criteria=criteria,
            high_risk=given.rulebook.file.high_risk if condition == "hypertension" else None,
            since=now - timedelta(days=chosen.looks_back_days),
            now=now,
            zone=given.settings.tzinfo,
        )
        for person in screening_store.people(connection, viewer, asked):
            case = judge(criteria, chosen, person.readings, risks=person.risks, last=person.last, now=now)
            if case is not None:
                found.append(_told(given, condition, person, case))
    return sorted(found, key=lambda each: (ORDER[each.step], each.due or each.since, each.resident_id))


def _told(given: Services, condition: Condition, person: Person, case: Case) -> ScreeningCase:
    about = person.about
    risks = list(case.risks) or (["glucose"] if case.level is Level.HIGH_RISK else [])
    return ScreeningCase(
        resident_id=about["resident_id"],
        name=name_of(about["name_sealed"], given.key),
        sex=about["sex"],
        age=about["age"],
        doctor=about["doctor"],
        condition=condition,
        level=case.level,
        step=case.step,
        since=case.since,
        days=case.days,
        readings=[
            Reading(
                at=each.at,
                setting=each.setting,
                systolic=each.systolic,
                diastolic=each.diastolic,
                glucose=each.glucose,
                meal=each.meal,
            )
            for each in case.readings[:3]
        ],
        risks=risks,
        due=case.due,
        decided=[
            Decided(outcome=each["outcome"], at=each["decided_at"], by=each["by"], note=each["note"])
            for each in person.decisions
        ],
    )


def _page(
    request: Request,
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    chosen: Filter,
    refusal: Refusal | None = None,
) -> Response:
    every = cases(given, connection, viewer)
    audit.write(connection, given.now(), viewer.staff_id, Action.SCREENING_LIST)
    lately = screening_store.lately(connection, viewer, given.now() - LATELY, given.settings.list_limit)
    return given.pages.show(
        request,
        "screening.html",
        status=refusal.status if refusal else 200,
        viewer=viewer,
        every=every,
        cases=[each for each in every if chosen.admits(each)],
        chosen=chosen,
        levels=LEVELS,
        conditions=_counted(every),
        step_of=lambda case: STEPS_OF.get((case.condition, case.step), STEPS[case.step]),
        outcomes=OUTCOMES,
        risks=RISKS,
        lately=[row | {"name": name_of(row["name_sealed"], given.key)} for row in lately],
        today=_today(given),
        criteria=settings(ScreeningSettings, "screening"),
        problem=refusal.says[language.of(request)] if refusal else None,
    )


def _counted(every: Collection[ScreeningCase]) -> Mapping[Condition, int]:
    names: tuple[Condition, ...] = ("hypertension", "diabetes")
    return {name: sum(each.condition == name for each in every) for name in names}


def _diagnosed_on(given: Services, outcome: Outcome, typed: str) -> date | None:
    """The day of a diagnosis, today where none was typed; None for another outcome. Raises the 422 refusal."""
    if outcome is not Outcome.DIAGNOSED:
        return None
    try:
        on = date.fromisoformat(typed) if typed else _today(given)
    except ValueError:
        on = date.max
    if on > _today(given):
        raise Refusal(422, "invalid", msgid("确诊日期无效，或在今天之后。"))
    return on


def _must_be_a_case(
    given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int, condition: Condition
) -> None:
    """Raises the 409 refusal: a colleague was faster, or a new reading has changed it."""
    if not any(
        (each.resident_id, each.condition) == (resident_id, condition) for each in cases(given, connection, viewer)
    ):
        raise Refusal(409, "overtaken", msgid("这位居民已不在名单里，您的决定没有保存。请看最新情况。"))


def _today(given: Services) -> date:
    return given.now().astimezone(given.settings.tzinfo).date()
