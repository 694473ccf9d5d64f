"""Accounts of staff: argon2id passwords, roles, stations. Nothing else writes `care.staff`."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from psycopg import Connection
from psycopg.errors import UniqueViolation

LOGIN = re.compile(r"[a-z0-9._-]{2,40}")
SHORTEST_PASSWORD = 10
_LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no l, o, i, 0, 1: printed once and typed by a person
_HASHER = PasswordHasher()  # argon2id with the library's defaults, which follow RFC 9106 (64 MiB, 3 passes, 4 lanes)


class Role(StrEnum):
    """What a member of staff may see; the names are those of the database's enum `care.role`."""

    DOCTOR = "doctor"
    STATION_LEAD = "station_lead"
    CDC = "cdc"
    TECHNICIAN = "technician"
    ADMIN = "admin"


class AccountError(Exception):
    """An account cannot be made so; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """An account to be made. `station_id` is None for whoever belongs to no station (CDC, technician, admin).

    `region_prefix`: whose figures a member of the CDC sees, the region's code without its trailing zeros.
    """

    login: str
    display_name: str
    role: Role
    station_id: int | None = None
    region_prefix: str | None = None


def hash_password(password: str) -> str:
    """The argon2id hash to store. Raises `AccountError` when the password is too short; slow on purpose."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(f"the password needs at least {SHORTEST_PASSWORD} characters")
    return _HASHER.hash(password)


def password_matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. With None (no such account) the same work is done, so that time tells no login."""
    try:
        return _HASHER.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def new_password() -> str:
    """A password to print once: 16 legible characters, 79 bits."""
    return "".join(secrets.choice(_LEGIBLE) for _ in range(16))


def create_staff(connection: Connection[Any], staff: NewStaff, *, password_hash: str) -> int:
    """Make an account and return its `staff_id`. `password_hash` is from `hash_password`. Raises `AccountError`."""
    if not LOGIN.fullmatch(staff.login):
        raise AccountError(f"{staff.login!r} cannot be a login: use 2 to 40 of a-z, 0-9, dot, dash, underscore")
    try:
        with connection.transaction():
            row = next(
                connection.execute(
                    "insert into care.staff (login, display_name, role, station_id, region_prefix, password_hash)"
                    " values (%s, %s, %s, %s, %s, %s) returning staff_id",
                    (
                        staff.login,
                        staff.display_name,
                        staff.role,
                        staff.station_id,
                        staff.region_prefix,
                        password_hash,
                    ),
                )
            )
    except UniqueViolation:
        raise AccountError(f"the login {staff.login!r} is taken: choose another") from None
    return int(row[0])


def set_password(connection: Connection[Any], login: str, *, password_hash: str) -> None:
    """Give an account another password and end its sessions. Raises `AccountError` when there is no such account."""
    with connection.transaction():
        changed = connection.execute(
            "update care.staff set password_hash = %s where login = %s returning staff_id", (password_hash, login)
        ).fetchone()
        if changed is None:
            raise AccountError(f"there is no account {login!r}")
        connection.execute("delete from care.session where staff_id = %s", (changed[0],))


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))
