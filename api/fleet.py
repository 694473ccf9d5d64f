"""The fleet: every gateway and meter, what is wrong with it and what to do; who holds a meter; settings from afar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import BaseModel, Field, ValidationError

from api import audit, fleet_state, fleet_trouble
from api.access import Administrator, FleetReader, Viewer
from api.audit import Action
from api.errors import Refusal, not_found
from api.fleet_state import Gateway, Meter, WithoutHolder
from api.fleet_trouble import Trouble
from api.language import msgid, says
from api.services import Database, Given, Services, plain_rows
from api.words import SETTINGS
from ingest.fleet_settings import FleetSettings
from ingest.handover import Became, Entry, hand_over
from ingest.registry import NewAssignment, register_device
from maixun.configuration import settings
from maixun.pushed import PushedSettings

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["fleet"])

Text = Annotated[str, Form(max_length=200)]


class SettingsForm(BaseModel):
    """The form of `maixun.pushed.PushedSettings`: an empty field leaves a setting to the gateway's own file."""

    gateway: str = Field(max_length=64)
    broker: str = Field(default="", max_length=220)
    readings_a_message: str = Field(default="", max_length=12)
    messages_in_flight: str = Field(default="", max_length=12)
    retry_seconds: str = Field(default="", max_length=12)
    longest_retry_seconds: str = Field(default="", max_length=12)
    keepalive_seconds: str = Field(default="", max_length=12)
    heartbeat_seconds: str = Field(default="", max_length=12)
    keep_stored_hours: str = Field(default="", max_length=12)
    keep_journal_hours: str = Field(default="", max_length=12)

    def filled_in(self) -> dict[str, str]:
        """The fields with something in them."""
        return {key: value.strip() for key, value in self.model_dump(exclude={"gateway"}).items() if value.strip()}


class Wrong(BaseModel):
    """One thing that is wrong, and what to do, in both languages."""

    code: str
    what: dict[str, str]
    todo: dict[str, str]


class GatewayReport(Gateway):
    """A gateway and what is wrong with it."""

    wrong: list[Wrong]


class MeterReport(Meter):
    """A meter and what is wrong with it."""

    wrong: list[Wrong]


class Fleet(BaseModel):
    """Everything at once; of the meters those with trouble first, then the latest visited, up to a limit."""

    gateways: list[GatewayReport]
    meters: list[MeterReport]
    meters_in_all: int
    without_holder: list[WithoutHolder]


@pages.get("/fleet")
def show(
    request: Request,
    given: Given,
    connection: Database,
    viewer: FleetReader,
    released: int | None = None,
    stay: int = 0,
) -> Response:
    """The page. `released` and `stay`: what an assignment just made has set free, and what not."""
    seen = _fleet(given, connection)
    return given.pages.show(request, "fleet.html", viewer=viewer, fleet=seen, released=released, stay=stay)


@json.get("/fleet", summary="How gateways and meters are")
def read(given: Given, connection: Database, viewer: FleetReader) -> Fleet:  # noqa: ARG001 - asks who is there
    """What they said of themselves, and what is wrong with them in words. Nothing about a person."""
    return _fleet(given, connection)


@pages.get("/fleet/assign")
def ask_assign(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Administrator,
    device: str = "",
    slot: int | None = None,
) -> Response:
    """The form in which an administrator says who holds a meter from when on."""
    waiting = fleet_state.without_holder(connection, given.settings.list_limit)
    earliest = [each.earliest for each in waiting if each.address == device and each.earliest]
    known = connection.execute("select model from care.device where address = %s", [device]).fetchone()
    return given.pages.show(
        request,
        "fleet_assign.html",
        viewer=viewer,
        device=device,
        slot=slot,
        model=known["model"] if known else None,
        since=min(earliest, default=given.now()).astimezone(given.settings.tzinfo).strftime("%Y-%m-%dT%H:%M"),
        stations=connection.execute("select station_id, name from care.station order by name").fetchall(),
        settings=SETTINGS,
    )


@pages.post("/fleet/assign")
def assign(
    given: Given,
    connection: Database,
    viewer: Administrator,
    device: Text,
    setting: Text,
    station: Annotated[int, Form()],
    since: Text,
    slot: Text = "",
    resident: Text = "",
    model: Text = "",
) -> Response:
    """Note it, release what was held for want of it, say how many. Recorded, with the resident it concerns."""
    if not device.strip() or setting not in SETTINGS:
        raise Refusal(422, "invalid", msgid("请检查填写的内容：%(fields)s"), fields="device, setting")
    assignment = NewAssignment(
        device_id=_device(connection, device.strip(), model.strip(), given.now()),
        valid_from=_moment(given, since),
        resident_id=_resident(connection, resident.strip()),
        setting=setting,
        station_id=_station(connection, station),
        user_slot=_slot(slot.strip()),
    )
    became = _hand_over(given, connection, viewer, assignment)
    stay = became.total() - became[None]
    return RedirectResponse(f"/fleet?released={became[None]}&stay={stay}", status_code=303)


@pages.get("/fleet/settings")
def ask_settings(request: Request, given: Given, connection: Database, viewer: Administrator, gateway: str) -> Response:
    """The form with the settings last wanted of a gateway."""
    _require_gateway(connection, gateway)
    row = connection.execute(
        "select settings from fleet.settings where gateway = %s order by version desc limit 1", [gateway]
    ).fetchone()
    wanted = PushedSettings.model_validate(row["settings"]) if row else PushedSettings()
    return given.pages.show(
        request, "fleet_settings.html", viewer=viewer, gateway=gateway, wanted=wanted.model_dump(), problem=None
    )


@pages.post("/fleet/settings")
def push(given: Given, connection: Database, viewer: Administrator, form: Annotated[SettingsForm, Form()]) -> Response:
    """A new version of the settings; the gateway gets it in answer to its next heartbeat. Recorded."""
    gateway = form.gateway
    _require_gateway(connection, gateway)
    try:
        wanted = PushedSettings.model_validate(form.filled_in())
    except ValidationError as error:
        fields = ", ".join(str(each["loc"][-1]) for each in error.errors())
        raise Refusal(422, "invalid", msgid("请检查填写的内容：%(fields)s"), fields=fields) from None
    row = connection.execute(
        "insert into fleet.settings (gateway, version, settings, created_at, staff_id)"
        " select %(gateway)s, coalesce(max(version), 0) + 1, %(settings)s, %(now)s, %(staff)s"
        " from fleet.settings where gateway = %(gateway)s returning version",
        {
            "gateway": gateway,
            "settings": Jsonb(wanted.model_dump(exclude_none=True)),
            "now": given.now(),
            "staff": viewer.staff_id,
        },
    ).fetchone()
    version = row["version"] if row else None
    audit.write(connection, given.now(), viewer.staff_id, Action.FLEET_SETTINGS, gateway=gateway, version=version)
    return RedirectResponse("/fleet", status_code=303)


def _fleet(given: Services, connection: Connection[DictRow]) -> Fleet:
    limits, now = settings(FleetSettings, "fleet").troubles, given.now()
    known = [
        MeterReport(**each.model_dump(), wrong=_in_words(fleet_trouble.of_meter(each, limits, now)))
        for each in fleet_state.meters(connection, now)
    ]
    never = datetime.min.replace(tzinfo=UTC)
    known.sort(key=lambda each: each.address)
    known.sort(key=lambda each: (bool(each.wrong), each.last_visit or never), reverse=True)
    return Fleet(
        gateways=[
            GatewayReport(**each.model_dump(), wrong=_in_words(fleet_trouble.of_gateway(each, limits, now)))
            for each in fleet_state.gateways(connection)
        ],
        meters=known[: given.settings.list_limit],
        meters_in_all=len(known),
        without_holder=fleet_state.without_holder(connection, given.settings.list_limit),
    )


def _in_words(troubles: Sequence[Trouble]) -> list[Wrong]:
    return [
        Wrong(code=each.code, what=says(each.what, **each.values), todo=says(each.todo, **each.values))
        for each in troubles
    ]


def _hand_over(given: Services, connection: Connection[DictRow], viewer: Viewer, assignment: NewAssignment) -> Became:
    entry = Entry(staff_id=viewer.staff_id, now=given.now(), catalogue=given.catalogue, limits=given.limits)
    with plain_rows(connection) as tuples:
        return hand_over(tuples, assignment, entry)


def _device(connection: Connection[DictRow], address: str, model: str, now: datetime) -> int:
    """The meter's id; one nobody knows yet is registered, which needs its model."""
    row = connection.execute("select device_id from care.device where address = %s", [address]).fetchone()
    if row is not None:
        return int(row["device_id"])
    if not model:
        raise Refusal(422, "model_needed", msgid("这台设备还没有登记，请填写型号。"))
    with plain_rows(connection) as tuples:
        return register_device(tuples, address=address, model=model, at=now)


def _resident(connection: Connection[DictRow], number: str) -> int | None:
    if not number:
        return None
    known = number.isdecimal() and len(number) < 19
    query = "select resident_id from care.resident where resident_id = %s"
    row = connection.execute(query, [int(number)]).fetchone() if known else None
    if row is None:
        raise Refusal(422, "unknown_resident", msgid("没有这个居民编号。"))
    return int(row["resident_id"])


def _station(connection: Connection[DictRow], station_id: int) -> int:
    if connection.execute("select 1 from care.station where station_id = %s", [station_id]).fetchone() is None:
        raise not_found()
    return station_id


def _slot(text: str) -> int | None:
    if not text:
        return None
    if not (text.isdecimal() and int(text) <= 255):
        raise Refusal(422, "invalid", msgid("请检查填写的内容：%(fields)s"), fields="slot")
    return int(text)


def _moment(given: Services, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=given.settings.tzinfo)
    except ValueError:
        raise Refusal(422, "invalid", msgid("请检查填写的内容：%(fields)s"), fields="since") from None


def _require_gateway(connection: Connection[DictRow], gateway: str) -> None:
    if connection.execute("select 1 from fleet.gateway where gateway = %s", [gateway]).fetchone() is None:
        raise not_found()
