"""Where the viewer is reached by messages: everybody who can be told something enters it here, and nobody reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit
from api.access import SignedIn
from api.audit import Action
from api.errors import Refusal
from api.language import msgid
from api.services import Database, Given
from ingest import contacts
from ingest.contacts import Kind, NoSuchAddress

pages = APIRouter(prefix="/contacts", include_in_schema=False)

WORDS: Mapping[Kind, str] = {Kind.MOBILE: msgid("手机"), Kind.MAIL: msgid("邮箱"), Kind.WECOM: msgid("企业微信账号")}
_WRONG: Mapping[Kind, str] = {
    Kind.MOBILE: msgid("这不是可以接通的手机号码，没有保存。"),
    Kind.MAIL: msgid("这不是邮箱地址，没有保存。"),
    Kind.WECOM: msgid("企业微信账号里没有空格，没有保存。"),
}


class Card(StrEnum):
    """The pages that show the card (`contacts.html`)."""

    ROTA = "rota"
    NOTICES = "notices"


@pages.post("")
def enter(
    given: Given,
    connection: Database,
    viewer: SignedIn,
    kind: Annotated[Kind, Form()],
    card: Annotated[Card, Form()],
    address: Annotated[str, Form(max_length=contacts.LONGEST)] = "",
) -> Response:
    """Enter one's own; empty takes it back."""
    if address.strip():
        contacts.keep(connection, viewer.staff_id, kind, _address(kind, address), given.key, given.now())
    else:
        contacts.forget(connection, viewer.staff_id, kind)
    audit.write(connection, given.now(), viewer.staff_id, Action.CONTACT, kind=kind)
    return RedirectResponse(f"/{card}#contact", status_code=303)


def kinds_of(connection: Connection[DictRow], staff_ids: Collection[int]) -> dict[int, set[str]]:
    """By which kinds of message each of them can be reached."""
    rows = connection.execute(
        "select staff_id, array_agg(kind) as kinds from identity.contact where staff_id = any(%s) group by staff_id",
        [list(staff_ids)],
    ).fetchall()
    return {row["staff_id"]: set(row["kinds"]) for row in rows}


def entered(connection: Connection[DictRow], staff_id: int) -> dict[str, datetime]:
    """Which contacts somebody has entered, and when; what they are stays sealed."""
    rows = connection.execute("select kind, changed_at from identity.contact where staff_id = %s", [staff_id])
    return {row["kind"]: row["changed_at"] for row in rows.fetchall()}


def _address(kind: Kind, typed: str) -> str:
    try:
        return contacts.parse(kind, typed)
    except NoSuchAddress:
        raise Refusal(422, "invalid", _WRONG[kind]) from None
