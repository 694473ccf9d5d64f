"""A gateway that must not speak any more: asked for twice, recorded, and what is left to do on the server in words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit
from api.access import Administrator
from api.audit import Action
from api.errors import Refusal, not_found
from api.language import msgid
from api.services import Database, Given, plain_rows
from ingest import enrolment

pages = APIRouter(include_in_schema=False)

Name = Annotated[str, Form(max_length=64)]


@pages.get("/fleet/revoke")
def ask(request: Request, given: Given, connection: Database, viewer: Administrator, gateway: str) -> Response:
    """What it means, and a field for the name: a wrong row is clicked easily, and a machine far away is cut off."""
    if _enrolled(connection, gateway)["revoked"]:
        return RedirectResponse(f"/fleet/revoked?gateway={gateway}", status_code=303)
    return given.pages.show(request, "fleet_revoke.html", viewer=viewer, gateway=gateway)


@pages.post("/fleet/revoke")
def revoke(given: Given, connection: Database, viewer: Administrator, gateway: Name, confirmation: Name) -> Response:
    """Its certificates and codes are void from now on. Recorded."""
    _enrolled(connection, gateway)
    if confirmation.strip() != gateway:
        raise Refusal(422, "not_confirmed", msgid("名称不一致，没有吊销。请返回后重新输入网关名称。"))
    now = given.now()
    with plain_rows(connection) as tuples:
        enrolment.revoke(tuples, gateway, now)
    audit.write(connection, now, viewer.staff_id, Action.FLEET_REVOKE, gateway=gateway)
    return RedirectResponse(f"/fleet/revoked?gateway={gateway}", status_code=303)


@pages.get("/fleet/revoked")
def tell(request: Request, given: Given, connection: Database, viewer: Administrator, gateway: str) -> Response:
    """What is left to do: the broker learns of it by a file that it reads at its start."""
    known = _enrolled(connection, gateway)
    if not known["revoked"]:
        raise not_found()
    return given.pages.show(request, "fleet_revoked.html", viewer=viewer, gateway=gateway, station=known["station"])


def _enrolled(connection: Connection[DictRow], gateway: str) -> DictRow:
    """Its station, and whether it is revoked. Raises `Refusal` for a name that was never enrolled."""
    row = connection.execute(
        "select s.name as station, g.revoked_at is not null as revoked"
        " from fleet.gateway g join care.station s using (station_id) where g.gateway = %s",
        [gateway],
    ).fetchone()
    if row is None:
        raise not_found()
    return row
