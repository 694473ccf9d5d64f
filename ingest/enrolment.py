"""How a machine becomes a gateway: a code made by an administrator, claimed once, exchanged for a certificate.

A code is worth nothing without the claim's own key pair, and nothing twice. A certificate proves itself when it asks
for its successor. The caller owns the transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg import Connection
from psycopg.errors import CheckViolation
from psycopg.rows import tuple_row

from ingest.authority import Authority, Issued, issued

_LEGIBLE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: read from paper and typed by a person
_LETTERS = 16  # 80 bits
_PURPOSE = b"maixun renewal\n"  # what is signed, so that the signature is good for nothing else


class EnrolmentError(Exception):
    """A gateway cannot be enrolled so; the message says what to change."""


class NotEntitled(Exception):
    """No such code, or no such certificate: not known, used already, expired or revoked."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The gateway that the machine now is, and its certificate."""

    gateway: str
    certificate: Issued


def invite(connection: Connection[Any], gateway: str, station_id: int, *, now: datetime, valid: timedelta) -> str:
    """Make the code with which one machine becomes this gateway; an earlier code for it is void.

    Returns it as `XXXX-XXXX-XXXX-XXXX`; only its hash is kept. Raises `EnrolmentError`.
    """
    code = "".join(secrets.choice(_LEGIBLE) for _ in range(_LETTERS))
    try:
        with connection.transaction():
            connection.execute(
                "insert into fleet.gateway (gateway, station_id, created_at) values (%s, %s, %s)"
                " on conflict (gateway) do update set station_id = excluded.station_id, revoked_at = null",
                (gateway, station_id, now),
            )
    except CheckViolation:
        raise EnrolmentError(
            f"{gateway!r} is no name for a gateway: use up to 64 letters, digits, - and _, and not ingest-…"
        ) from None
    connection.execute(
        "insert into fleet.enrolment (gateway, code_hash, expires_at) values (%s, %s, %s) on conflict (gateway)"
        " do update set code_hash = excluded.code_hash, expires_at = excluded.expires_at, claimed_at = null",
        (gateway, _hash(code), now + valid),
    )
    return "-".join(code[start : start + 4] for start in range(0, _LETTERS, 4))


def next_name(connection: Connection[Any]) -> str:
    """A name that no gateway has: gw-0001, gw-0002 …"""
    query = (
        "select coalesce(max(substring(gateway from '^gw-([0-9]{1,6})$')::integer), 0) + 1 from"
        " (select gateway from fleet.gateway union all select gateway from telemetry.gateway_status) known"
    )
    return f"gw-{_rows(connection, query)[0][0]:04}"


def claim(
    connection: Connection[Any], code: str, request: bytes, *, authority: Authority, now: datetime, valid: timedelta
) -> Claimed:
    """Exchange a code for a certificate; a machine that was this gateway before is it no longer.

    `request` is a PEM certificate request. Raises `NotEntitled`, `authority.UnusableRequest` (the code stays good).
    """
    invited = _rows(
        connection,
        "select gateway, code_hash from fleet.enrolment where claimed_at is null and expires_at > %s for update",
        now,
    )
    given = _hash(code)
    matching = [gateway for gateway, code_hash in invited if hmac.compare_digest(code_hash, given)]
    if not matching:
        raise NotEntitled
    certificate = authority.issue(request, matching[0], now=now, valid=valid)
    connection.execute("update fleet.enrolment set claimed_at = %s where gateway = %s", (now, matching[0]))
    _revoke_certificates(connection, matching[0], now)
    _note(connection, matching[0], certificate, now)
    return Claimed(matching[0], certificate)


def renew(
    connection: Connection[Any],
    certificate: bytes,
    request: bytes,
    signature: bytes,
    *,
    authority: Authority,
    now: datetime,
    valid: timedelta,
) -> Claimed:
    """Exchange a certificate for its successor. `signature`: the old key's, ECDSA over `_PURPOSE` and the request.

    Both stay good, since the answer may get lost on its way. Raises `NotEntitled`, `authority.UnusableRequest`.
    """
    try:
        old = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        raise NotEntitled from None
    if not (authority.vouches_for(old, now) and _signed(old, signature, _PURPOSE + request)):
        raise NotEntitled
    query = "select gateway from fleet.certificate where fingerprint = %s and revoked_at is null"
    known = _rows(connection, query, issued(old).fingerprint)
    if not known:
        raise NotEntitled
    successor = authority.issue(request, known[0][0], now=now, valid=valid)
    _note(connection, known[0][0], successor, now)
    return Claimed(known[0][0], successor)


def revoke(connection: Connection[Any], gateway: str, now: datetime) -> None:
    """This gateway's certificates and codes are void from now on. Raises `EnrolmentError` when there is none such.

    The broker learns it from the list of revocations (`revoked`).
    """
    with connection.transaction():
        changed = connection.execute(
            "update fleet.gateway set revoked_at = coalesce(revoked_at, %s) where gateway = %s returning 1",
            (now, gateway),
        ).fetchone()
        if changed is None:
            raise EnrolmentError(f"there is no gateway {gateway!r}")
        connection.execute(
            "update fleet.enrolment set expires_at = least(expires_at, %s) where gateway = %s", (now, gateway)
        )
        _revoke_certificates(connection, gateway, now)


def revoked(connection: Connection[Any], now: datetime) -> list[tuple[str, datetime]]:
    """Serial and time of every revoked certificate that would still be good."""
    query = "select serial, revoked_at from fleet.certificate where revoked_at is not null and expires_at > %s"
    return [(serial, since) for serial, since in _rows(connection, query, now)]


def _revoke_certificates(connection: Connection[Any], gateway: str, now: datetime) -> None:
    connection.execute(
        "update fleet.certificate set revoked_at = %s where gateway = %s and revoked_at is null", (now, gateway)
    )


def _note(connection: Connection[Any], gateway: str, certificate: Issued, now: datetime) -> None:
    connection.execute(
        "insert into fleet.certificate (serial, gateway, fingerprint, issued_at, expires_at)"
        " values (%s, %s, %s, %s, %s)",
        (certificate.serial, gateway, certificate.fingerprint, now, certificate.expires_at),
    )


def _hash(code: str) -> bytes:
    """Case, blanks and dashes are a person's, not the code's."""
    return hashlib.sha256("".join(code.split()).replace("-", "").upper().encode()).digest()


def _signed(certificate: x509.Certificate, signature: bytes, text: bytes) -> bool:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _rows(connection: Connection[Any], query: str, *values: Any) -> list[Any]:
    """Rows as tuples, whatever the connection is set to."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()
