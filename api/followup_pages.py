"""The pages of follow-ups: one's tasks with the rates, and what contract packages were fulfilled; the same as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from fastapi import APIRouter, Request, Response
from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api import audit, followup_rates, followups, visit_words
from api.access import Clinician, Viewer, residents_of
from api.audit import Action
from api.followup_rates import Rate
from api.followups import FollowUpTask, When
from api.people import name_of
from api.services import Database, Given, Services, plain_rows
from ingest.followups import store
from ingest.followups.packages import fulfilments

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["follow-ups"])

WHENS: tuple[When, ...] = ("overdue", "today", "week", "later")


class PackageItem(BaseModel):
    """One item of one contract in the period today is in."""

    model_config = ConfigDict(frozen=True)

    resident_id: int
    resident_name: str | None
    package: str
    item: str
    first: date
    last: date = Field(description="the last day of the period")
    is_done: bool
    visit_id: int | None = Field(description="the visit that did it; null and done: readings did")


@pages.get("/followups")
def show(
    request: Request, given: Given, connection: Database, viewer: Clinician, programme: str = "", when: str = "overdue"
) -> Response:
    """What waits, a heap at a time, and how much was done."""
    today = _today(given)
    tasks = followups.tasks_for(connection, viewer, given.key, given.rulebook, today=today)
    fitting = [task for task in tasks if programme in ("", task.programme)]
    found = followup_rates.rates(connection, viewer, given.indicators, today=today)
    audit.write(connection, given.now(), viewer.staff_id, Action.FOLLOW_UP_LIST)
    return given.pages.show(
        request,
        "followups.html",
        viewer=viewer,
        today=today,
        programme=programme,
        programmes=Counter(task.programme for task in tasks),
        when=when if when in WHENS else "overdue",
        whens={each: sum(task.when == each for task in fitting) for each in WHENS},
        tasks=[task for task in fitting if task.when == when][: given.settings.list_limit],
        rates=found,
        together=followup_rates.together(found, None) if len(found) > 1 else None,
        aims=given.rulebook.file.aims,
        order=given.rulebook.file.order,
        vw=visit_words,
    )


@pages.get("/followups/packages")
def packages(request: Request, given: Given, connection: Database, viewer: Clinician, package: str = "") -> Response:
    """Contract packages: what each promises, how much of it is done in the present periods, and what is not."""
    items = package_items(given, connection, viewer)
    audit.write(connection, given.now(), viewer.staff_id, Action.FOLLOW_UP_LIST)
    known = given.rulebook.packages
    return given.pages.show(
        request,
        "packages.html",
        viewer=viewer,
        known=known,
        package=package,
        due=Counter((each.package, each.item) for each in items),
        done=Counter((each.package, each.item) for each in items if each.is_done),
        people={name: len({each.resident_id for each in items if each.package == name}) for name in known.packages},
        waiting=sorted(
            (each for each in items if not each.is_done and package in ("", each.package)),
            key=lambda each: (each.last, each.resident_id),
        )[: given.settings.list_limit],
    )


@json.get("/followups", summary="List follow-up tasks")
def listing(given: Given, connection: Database, viewer: Clinician, programme: str | None = None) -> list[FollowUpTask]:
    """Open tasks of your residents: the overdue first, by risk; each says why it stands where it does."""
    audit.write(connection, given.now(), viewer.staff_id, Action.FOLLOW_UP_LIST)
    return followups.tasks_for(connection, viewer, given.key, given.rulebook, today=_today(given), programme=programme)


@json.get("/followups/rates", summary="Read dispatch and completion rates")
def rates(given: Given, connection: Database, viewer: Clinician) -> list[Rate]:
    """By doctor, for the present quarter and the one before; the definitions stand with the fields."""
    return followup_rates.rates(connection, viewer, given.indicators, today=_today(given))


@json.get("/followups/packages", summary="Read the fulfilment of contract packages")
def fulfilment(given: Given, connection: Database, viewer: Clinician) -> list[PackageItem]:
    """Every item of every contract of your residents, in the period today is in."""
    audit.write(connection, given.now(), viewer.staff_id, Action.FOLLOW_UP_LIST)
    return package_items(given, connection, viewer)


def package_items(
    given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int | None = None
) -> list[PackageItem]:
    """What the contracts of the viewer's residents (or of one) promise in their present periods, and what is done."""
    today = _today(given)
    query = sql.SQL(
        "select r.resident_id, p.name_sealed from care.resident r left join identity.person p using (resident_id)"
        " where {} and (r.left_on is null or r.left_on > %(today)s)"
        " and (%(resident_id)s::bigint is null or r.resident_id = %(resident_id)s)"
        " and exists (select 1 from care.contract c where c.resident_id = r.resident_id"
        " and c.signed_on <= %(today)s and c.ends_on > %(today)s and c.package <> 'basic')"
    ).format(residents_of(viewer))
    rows = connection.execute(query, {"today": today, "resident_id": resident_id, **viewer.parameters}).fetchall()
    names = {row["resident_id"]: name_of(row["name_sealed"], given.key) for row in rows}
    return list(_items(given, connection, names, today))


def _items(
    given: Services, connection: Connection[DictRow], names: dict[int, str | None], today: date
) -> Iterator[PackageItem]:
    with plain_rows(connection) as tuples:
        facts = store.load(tuples, list(names), given.rulebook, given.now())
    for each in facts:
        for item in fulfilments(each, given.rulebook.packages, today):
            resident_id = each.resident.resident_id
            yield PackageItem(
                resident_id=resident_id,
                resident_name=names[resident_id],
                package=item.package,
                item=item.item,
                first=item.period.first,
                last=item.period.last,
                is_done=item.is_done,
                visit_id=item.visit_id,
            )


def _today(given: Services) -> date:
    return given.now().astimezone(given.settings.tzinfo).date()
