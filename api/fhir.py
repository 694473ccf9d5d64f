"""FHIR R4 for other systems: one's own residents as pseudonymous Patients, their readings as Observations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, fhir_data, fhir_search
from api.access import Clinician, Viewer
from api.audit import Action
from api.errors import FHIR, Refusal, not_found
from api.fhir_data import Person, known
from api.home_average import Basis
from api.language import msgid
from api.services import Database, Given, Services
from devices.fhir import bundle, capability
from devices.fhir.codes import Json
from devices.fhir.device import device
from devices.fhir.patient import patient
from ingest import exchange

json = APIRouter(prefix="/fhir", tags=["fhir"])


class Answer(JSONResponse):
    """A resource."""

    media_type = FHIR


@json.get("/metadata", summary="What this interface can do", response_class=Answer)
def metadata(request: Request, given: Given) -> Response:
    """The CapabilityStatement; says nothing about a person."""
    today = given.now().astimezone(given.settings.tzinfo).date()
    return Answer(capability.statement(known(), software_version=version("maixun"), on=today, base=base(request)))


@json.get("/Patient", summary="Your residents", response_class=Answer)
def patients(request: Request, given: Given, connection: Database, viewer: Clinician) -> Response:
    """Search by `_id` or `identifier` (both the pseudonym), `_count`; page by the link `next`."""
    parameters = request.query_params.multi_items()
    fhir_search.check(parameters, ("_id", "identifier", "_count", "page"))
    wanted = [fhir_search.token(parameters, "_id", str), fhir_search.token(parameters, "identifier", _identifier)]
    limit = fhir_search.count(parameters)
    tokens = [one for one in wanted if one]
    found = fhir_data.people(connection, viewer, tokens, after=_after(parameters), limit=limit + 1)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_LIST)
    following = found[limit - 1].resident_id if len(found) > limit else None
    return Answer(_page(request, [patient(one.subject, known()) for one in found[:limit]], following))


@json.get("/Patient/{token}", summary="One resident", response_class=Answer)
def read_patient(given: Given, connection: Database, viewer: Clinician, token: UUID) -> Response:
    """A resident of yours under the pseudonym; anybody else's is answered 404. The look is recorded."""
    person = _required(connection, viewer, token)
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_READ, person.resident_id, what="Patient")
    return Answer(patient(person.subject, known()))


@json.get("/Patient/{token}/$everything", summary="All of one resident", response_class=Answer)
def everything(request: Request, given: Given, connection: Database, viewer: Clinician, token: UUID) -> Response:
    """The Patient, home average, all Observations latest first and their meters; `start`, `end`, `_count`, pages."""
    person = _required(connection, viewer, token)
    parameters = request.query_params.multi_items()
    fhir_search.check(parameters, ("start", "end", "_count", "page"))
    asked = fhir_search.search(parameters, given.settings.tzinfo, dates=("", "start", "end"))
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_READ, person.resident_id, what="$everything")
    found, following = fhir_data.searched(connection, person, asked, basis(given), until(given))
    first = [patient(person.subject, known())] if asked.after is None else []
    return Answer(_page(request, [*first, *found], following, meters_of(connection, found)))


@json.get("/Observation", summary="Measurements of one resident", response_class=Answer)
def observations(request: Request, given: Given, connection: Database, viewer: Clinician) -> Response:
    """Search by `patient` (always), `date` (eq, ge, gt, le, lt), `code` (system|code), `_count`; latest first."""
    parameters = request.query_params.multi_items()
    fhir_search.check(parameters, ("patient", "date", "code", "_count", "page"))
    token = fhir_search.token(parameters, "patient", lambda said: said.removeprefix("Patient/"))
    asked = fhir_search.search(parameters, given.settings.tzinfo)
    if token is None:
        raise Refusal(400, "invalid", msgid("请用查询参数 patient 指定居民。"))
    persons = fhir_data.people(connection, viewer, [token])
    if not persons:  # as for one who does not exist
        return Answer(_page(request, [], None))
    (person,) = persons
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_READ, person.resident_id, what="Observation")
    found, following = fhir_data.searched(connection, person, asked, basis(given), until(given))
    return Answer(_page(request, found, following))


@json.get("/Observation/{name}", summary="One measurement, or a home average", response_class=Answer)
def read_observation(given: Given, connection: Database, viewer: Clinician, name: str) -> Response:
    """What `derivedFrom` and the entries of a search point to. A home average is counted anew from what is stored."""
    found = fhir_data.observed(connection, viewer, name, basis(given))
    if found is None:
        raise not_found()
    resident_id, resource = found
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_READ, resident_id, what="Observation")
    return Answer(resource)


@json.get("/Device/{device_id}", summary="One meter", response_class=Answer)
def read_device(connection: Database, viewer: Clinician, device_id: int) -> Response:
    """The model of a meter that your residents use."""
    meter = fhir_data.meter(connection, viewer, device_id)
    if meter is None:
        raise not_found()
    return Answer(device(meter))


def base(request: Request) -> str:
    """The address of the interface."""
    return f"{request.url.scheme}://{request.url.netloc}/fhir"


def basis(given: Services) -> Basis:
    """How home averages are taken."""
    return Basis.of(given.rules, given.settings.tzinfo)


def until(given: Services) -> datetime:
    """The latest time a reading may claim: a meter's clock may be a little ahead."""
    return given.now() + timedelta(seconds=given.limits.future_seconds)


def meters_of(connection: Connection[DictRow], observations: Sequence[Json]) -> list[Json]:
    """The meters that Observations came from."""
    used = {int(one["device"]["reference"].rpartition("/")[2]) for one in observations if "device" in one}
    return [device(meter) for meter in exchange.meters(connection, used)]


def _required(connection: Connection[DictRow], viewer: Viewer, token: UUID) -> Person:
    persons = fhir_data.people(connection, viewer, [token])
    if not persons:
        raise not_found()
    return persons[0]


def _page(request: Request, found: list[Json], following: object, beside: Sequence[Json] = ()) -> Json:
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
    here = f"{base(request)}{request.url.path.removeprefix('/fhir')}"
    own = urlencode(request.query_params.multi_items())
    following_url = f"{here}?{urlencode([*parameters, ('page', following)])}" if following is not None else None
    return bundle.page(
        found, base=base(request), here=f"{here}?{own}" if own else here, following=following_url, beside=beside
    )


def _identifier(said: str) -> str:
    """The value of system|value where the system is ours."""
    system, bar, value = said.rpartition("|")
    return value if not bar or system == known().told.systems.person else ""


def _after(parameters: fhir_search.Parameters) -> int:
    said = fhir_search.last(parameters, "page") or "0"
    if not said.isdigit():
        raise Refusal(400, "invalid", msgid("页码无效，请从第一页重新开始。"))
    return int(said)
