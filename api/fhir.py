"""FHIR R4 for other systems: one's own residents as pseudonymous Patients, their readings as Observations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from psycopg import Connection, sql
from psycopg.rows import DictRow

from api import audit, fhir_search
from api.access import Clinician, Viewer, residents_of
from api.audit import Action
from api.errors import FHIR, Refusal, not_found
from api.fhir_search import Position, Search
from api.language import msgid
from api.services import Database, Given
from devices import metrics
from devices.fhir import bundle, capability, codes, observation
from devices.fhir.codes import Codes, Json
from devices.fhir.device import device
from devices.fhir.patient import Subject, patient
from ingest import exchange
from maixun.configuration import load

json = APIRouter(prefix="/fhir", tags=["fhir"])

_BATCH = 200  # readings fetched at once while a page fills
_SUBJECT = sql.SQL(
    "select r.resident_id, r.token, r.sex, r.birth_date, coalesce(r.left_why = 'died', false) as died,"
    " r.left_on is null as active from care.resident r where {}"
)
# A meter in a home of the viewer's residents, or one that stands where many use it.
_DEVICE = sql.SQL(
    "select 1 from care.assignment a left join care.resident r using (resident_id)"
    " where a.device_id = %(device_id)s and (a.resident_id is null or {}) limit 1"
)


class Answer(JSONResponse):
    """A resource."""

    media_type = FHIR


@cache
def known() -> Codes:
    """The codes. Raises ValueError when the configuration is wrong."""
    return codes.parse(load("fhir.yaml"), metrics.parse(load("metrics.yaml")))


@json.get("/metadata", summary="What this interface can do", response_class=Answer)
def metadata(request: Request, given: Given) -> Response:
    """The CapabilityStatement; says nothing about a person."""
    today = given.now().astimezone(given.settings.tzinfo).date()
    return Answer(capability.statement(known(), software_version=version("maixun"), on=today, base=_base(request)))


@json.get("/Patient", summary="Your residents", response_class=Answer)
def patients(request: Request, given: Given, connection: Database, viewer: Clinician) -> Response:
    """Search by `_id` or `identifier` (both the pseudonym), `_count`; page by the link `next`."""
    parameters = request.query_params.multi_items()
    fhir_search.check(parameters, ("_id", "identifier", "_count", "page"))
    wanted = [fhir_search.token(parameters, "_id", str), fhir_search.token(parameters, "identifier", _identifier)]
    limit = fhir_search.count(parameters)
    rows = _subjects(connection, viewer, [one for one in wanted if one], _after(parameters), limit + 1)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_LIST)
    following = rows[limit - 1]["resident_id"] if len(rows) > limit else None
    found = [patient(_subject(row), known()) for row in rows[:limit]]
    return Answer(_page(request, found, following))


@json.get("/Patient/{token}", summary="One resident", response_class=Answer)
def read_patient(given: Given, connection: Database, viewer: Clinician, token: UUID) -> Response:
    """A resident of yours under the pseudonym; anybody else's is answered 404. The look is recorded."""
    row = _required(connection, viewer, token)
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_READ, row["resident_id"], what="Patient")
    return Answer(patient(_subject(row), known()))


@json.get("/Patient/{token}/$everything", summary="All of one resident", response_class=Answer)
def everything(request: Request, given: Given, connection: Database, viewer: Clinician, token: UUID) -> Response:
    """The Patient, all Observations latest first and the meters they came from; `start`, `end`, `_count`, pages."""
    row = _required(connection, viewer, token)
    parameters = request.query_params.multi_items()
    fhir_search.check(parameters, ("start", "end", "_count", "page"))
    asked = fhir_search.search(parameters, given.settings.tzinfo, dates=("", "start", "end"))
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_READ, row["resident_id"], what="$everything")
    found, following = _searched(connection, row["resident_id"], asked)
    used = {int(one["device"]["reference"].rpartition("/")[2]) for one in found}
    first = [patient(_subject(row), known())] if asked.after is None else []
    beside = [device(meter) for meter in exchange.meters(connection, used)]
    return Answer(_page(request, [*first, *found], following, beside))


@json.get("/Observation", summary="Measurements of one resident", response_class=Answer)
def observations(request: Request, given: Given, connection: Database, viewer: Clinician) -> Response:
    """Search by `patient` (always), `date` (eq, ge, gt, le, lt), `code` (system|code), `_count`; latest first."""
    parameters = request.query_params.multi_items()
    fhir_search.check(parameters, ("patient", "date", "code", "_count", "page"))
    token = fhir_search.token(parameters, "patient", lambda said: said.removeprefix("Patient/"))
    asked = fhir_search.search(parameters, given.settings.tzinfo)
    if token is None:
        raise Refusal(400, "invalid", msgid("请用查询参数 patient 指定居民。"))
    rows = _subjects(connection, viewer, [token], 0, 1)
    if not rows:  # as for one who does not exist
        return Answer(_page(request, [], None))
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_READ, rows[0]["resident_id"], what="Observation")
    found, following = _searched(connection, rows[0]["resident_id"], asked)
    return Answer(_page(request, found, following))


@json.get("/Device/{device_id}", summary="One meter", response_class=Answer)
def read_device(connection: Database, viewer: Clinician, device_id: int) -> Response:
    """The model of a meter that your residents use."""
    query = _DEVICE.format(residents_of(viewer))
    if connection.execute(query, {"device_id": device_id, **viewer.parameters}).fetchone() is None:
        raise not_found()
    return Answer(device(exchange.meters(connection, [device_id])[0]))


def _subjects(
    connection: Connection[DictRow], viewer: Viewer, tokens: Sequence[UUID], after: int, limit: int
) -> list[dict[str, Any]]:
    """Rows of the viewer's residents who have every one of these pseudonyms, in the order of their ids."""
    query = sql.SQL(
        "{} and r.resident_id > %(after)s and r.token = all(%(tokens)s::uuid[]) order by r.resident_id limit %(limit)s"
    )
    given = {"after": after, "tokens": list(tokens), "limit": limit, **viewer.parameters}
    return connection.execute(query.format(_SUBJECT.format(residents_of(viewer))), given).fetchall()


def _required(connection: Connection[DictRow], viewer: Viewer, token: UUID) -> dict[str, Any]:
    rows = _subjects(connection, viewer, [token], 0, 1)
    if not rows:
        raise not_found()
    return rows[0]


def _subject(row: dict[str, Any]) -> Subject:
    return Subject(**{key: value for key, value in row.items() if key != "resident_id"})


def _searched(connection: Connection[DictRow], resident_id: int, asked: Search) -> tuple[list[Json], Position | None]:
    """A page of Observations, and where the next one begins."""
    found = list(islice(_matches(connection, resident_id, asked), asked.count + 1))
    following = found[asked.count - 1][0] if len(found) > asked.count else None
    return [resource for _, resource in found[: asked.count]], following


def _matches(connection: Connection[DictRow], resident_id: int, asked: Search) -> Iterator[tuple[Position, Json]]:
    place = asked.after
    among = observation.sources(asked.wants, known()) if asked.codes else None
    while True:
        rows = exchange.of_resident(
            connection,
            resident_id,
            list(known().catalogue),
            since=asked.since,
            before=asked.before,
            upto=place and (place.at, place.reading_id),
            among=among,
            limit=_BATCH,
        )
        for row in rows:
            already = place.given if place and place.reading_id == row.reading_id else 0
            made = observation.observations(row, known())
            for number, resource in enumerate(made[already:], already + 1):
                if asked.matches(resource):
                    yield Position(row.measured_at, row.reading_id, number), resource
        if len(rows) < _BATCH:
            return
        place = Position(rows[-1].measured_at, rows[-1].reading_id, len(made))


def _page(request: Request, found: list[Json], following: object, beside: Sequence[Json] = ()) -> Json:
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
    here = f"{_base(request)}{request.url.path.removeprefix('/fhir')}"
    own = urlencode(request.query_params.multi_items())
    following_url = f"{here}?{urlencode([*parameters, ('page', following)])}" if following is not None else None
    return bundle.page(
        found, base=_base(request), here=f"{here}?{own}" if own else here, following=following_url, beside=beside
    )


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/fhir"


def _identifier(said: str) -> str:
    """The value of system|value where the system is ours."""
    system, bar, value = said.rpartition("|")
    return value if not bar or system == known().told.systems.person else ""


def _after(parameters: fhir_search.Parameters) -> int:
    said = fhir_search.last(parameters, "page") or "0"
    if not said.isdigit():
        raise Refusal(400, "invalid", msgid("页码无效，请从第一页重新开始。"))
    return int(said)
