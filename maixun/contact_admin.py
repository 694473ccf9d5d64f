"""`maixun admin contact …`: where staff are reached, for those who do not sign in to enter it themselves."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from ingest import contacts
from ingest.contacts import Kind
from ingest.identity import load_key
from maixun import registered

Connection = psycopg.Connection[Any]


def add_contact(verbs: Any) -> None:
    """What can be done with contacts."""
    kinds = [kind.value for kind in Kind]
    keep = verbs.add_parser("set", help="asks for the address and keeps it sealed; it is never an argument")
    keep.add_argument("staff", metavar="account", help="whose")
    keep.add_argument("--kind", required=True, choices=kinds)
    keep.add_argument("--login", required=True, help="the account this is recorded under")
    keep.set_defaults(action=_set)
    forget = verbs.add_parser("remove", help="take one back")
    forget.add_argument("staff", metavar="account", help="whose")
    forget.add_argument("--kind", required=True, choices=kinds)
    forget.add_argument("--login", required=True, help="the account this is recorded under")
    forget.set_defaults(action=_remove)
    missing = verbs.add_parser("list", help="who has entered what, and who nothing; never what it is")
    missing.set_defaults(action=_list)


def _set(connection: Connection, given: argparse.Namespace) -> None:
    kind = Kind(given.kind)
    staff_id = registered.staff(connection, given.staff)
    by = registered.staff(connection, given.login)
    now = datetime.now(UTC)
    contacts.keep(
        connection, staff_id, kind, contacts.parse(kind, input(f"{kind} of {given.staff}: ")), load_key(), now
    )
    _record(connection, by, staff_id, kind, now)
    print(f"{given.staff} is reached by {kind}")


def _remove(connection: Connection, given: argparse.Namespace) -> None:
    kind = Kind(given.kind)
    staff_id = registered.staff(connection, given.staff)
    contacts.forget(connection, staff_id, kind)
    _record(connection, registered.staff(connection, given.login), staff_id, kind, datetime.now(UTC))
    print(f"{given.staff} is not reached by {kind} any more")


def _list(connection: Connection, _given: argparse.Namespace) -> None:
    rows = connection.execute(
        "select s.login, s.role::text, coalesce(string_agg(c.kind, ', ' order by c.kind), 'nothing')"
        " from care.staff s left join identity.contact c using (staff_id) where s.active"
        " group by s.staff_id order by s.role, s.login"
    )
    for login, role, kinds in rows:
        print(f"{login:20} {role:14} {kinds}")


def _record(connection: Connection, by: int, staff_id: int, kind: Kind, now: datetime) -> None:
    connection.execute(
        "insert into care.audit (at, staff_id, resident_id, action, detail) values (%s, %s, null, 'staff.contact', %s)",
        [now, by, Jsonb({"kind": kind.value, "of": staff_id})],
    )
