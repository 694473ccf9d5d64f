"""Where staff are reached by messages: sealed like a name, read by `maixun notify` alone, shown to nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection

from ingest.identity import seal

LONGEST = 120


class Kind(StrEnum):
    """What a channel can ask for (`config/channels.yaml`); the names are stored."""

    MOBILE = "mobile"
    MAIL = "mail"
    WECOM = "wecom"


# Refused is only what cannot be reached: a letter in a number, a mail address without a place, a space in an account.
_FORMS: Mapping[Kind, re.Pattern[str]] = {
    Kind.MOBILE: re.compile(r"\+?\d{7,15}"),
    Kind.MAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"),
    Kind.WECOM: re.compile(r"\S+"),
}
_KEEP = """
insert into identity.contact (staff_id, kind, address_sealed, changed_at) values (%s, %s, %s, %s)
on conflict (staff_id, kind) do update set address_sealed = excluded.address_sealed, changed_at = excluded.changed_at"""


class NoSuchAddress(ValueError):
    """Nobody can be reached at an address of this form: ask for it again."""


def parse(kind: Kind, typed: str) -> str:
    """The address as a channel takes it; a number without the spaces and hyphens in it. Raises `NoSuchAddress`."""
    address = re.sub(r"[\s-]", "", typed) if kind is Kind.MOBILE else typed.strip()
    if len(address) > LONGEST or not _FORMS[kind].fullmatch(address):
        raise NoSuchAddress(f"that is no {kind} address: nobody would be reached by it")
    return address


def keep(connection: Connection[Any], staff_id: int, kind: Kind, address: str, key: bytes, now: datetime) -> None:
    """Seal an address from `parse`; another one of the kind is replaced."""
    connection.execute(_KEEP, [staff_id, kind, seal(address, key), now])


def forget(connection: Connection[Any], staff_id: int, kind: Kind) -> None:
    """Take one back."""
    connection.execute("delete from identity.contact where staff_id = %s and kind = %s", [staff_id, kind])
