"""`maixun admin`: accounts, contacts, devices, assignments, gateways, what was held. Passwords are no arguments."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import segno

from devices import metrics
from gateway.kiosk import card
from ingest import held
from ingest.accounts import (
    AccountError,
    NewStaff,
    Role,
    create_staff,
    hash_password,
    new_password,
    set_password,
)
from ingest.contacts import NoSuchAddress
from ingest.enrolment import EnrolmentError
from ingest.handover import Became, Entry, hand_over, name_person, void_tokens
from ingest.identity import load_key, pseudonym
from ingest.reason import Reason
from ingest.registry import NewAssignment, TokenTaken, register_device
from ingest.settings import IngestSettings
from maixun import contact_admin, endpoints, gateway_admin, registered
from maixun.configuration import ConfigurationError, load, settings
from maixun.endpoints import NotRunning
from maixun.registered import Unknown

SETTINGS = ("home", "kiosk", "station", "school", "enterprise")
EXPECTED = (
    AccountError,
    ConfigurationError,
    EnrolmentError,
    NoSuchAddress,
    NotRunning,
    TokenTaken,
    Unknown,
    held.CannotVouch,
    held.NotHeld,
)
Connection = psycopg.Connection[Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand a noun, one below it a verb."""
    nouns = parser.add_subparsers(required=True, metavar="what")
    _staff(nouns.add_parser("staff", help="accounts").add_subparsers(required=True, metavar="action"))
    _device(
        nouns.add_parser("device", help="meters and who holds them").add_subparsers(required=True, metavar="action")
    )
    _resident(nouns.add_parser("resident", help="their pseudonyms").add_subparsers(required=True, metavar="action"))
    gateway_admin.add_gateway(
        nouns.add_parser("gateway", help="machines that read meters").add_subparsers(required=True, metavar="action")
    )
    gateway_admin.add_broker(
        nouns.add_parser("broker", help="what the broker needs").add_subparsers(required=True, metavar="action")
    )
    contact_admin.add_contact(
        nouns.add_parser("contact", help="where staff are reached").add_subparsers(required=True, metavar="action")
    )
    _held(nouns.add_parser("held", help="what was held back").add_subparsers(required=True, metavar="action"))


def run(arguments: argparse.Namespace) -> int:
    """Do it, or say in one sentence why not."""
    try:
        with psycopg.connect(endpoints.database()) as connection:
            arguments.action(connection, arguments)
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 1
    except psycopg.OperationalError as error:
        print(f"the database cannot be reached: {error}", file=sys.stderr)
        return 1
    return 0


def _staff(verbs: Any) -> None:
    add = verbs.add_parser("add", help="make an account; its password is printed once, or asked for with --ask")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="the name colleagues see")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--station", help="name of the station; needed for doctor and station_lead")
    add.add_argument("--ask", action="store_true", help="ask for the password instead of making one up")
    add.set_defaults(action=_add_staff)
    password = verbs.add_parser("password", help="give an account another password and end its sessions")
    password.add_argument("login")
    password.add_argument("--ask", action="store_true", help="ask for the password instead of making one up")
    password.set_defaults(action=_set_password)


def _device(verbs: Any) -> None:
    add = verbs.add_parser("add", help="register a meter")
    add.add_argument("address", help="as on the wire: Bluetooth address or serial number")
    add.add_argument("--model", required=True)
    add.set_defaults(action=_add_device)
    give = verbs.add_parser("assign", help="note who holds a meter from when on")
    give.add_argument("address")
    give.add_argument("--resident", help="id or token; left out: a shared meter, or nobody's any more")
    give.add_argument("--slot", type=int, help="one memory slot of the meter instead of the whole")
    give.add_argument("--setting", required=True, choices=SETTINGS)
    give.add_argument("--station", required=True, help="name of the station")
    give.add_argument("--from", dest="since", type=_moment, help="ISO time with zone; default: now")
    give.add_argument("--login", required=True, help="the account this is recorded under")
    give.set_defaults(action=_assign)


def _resident(verbs: Any) -> None:
    name = verbs.add_parser("token", help="a further pseudonym of a resident; releases what was held for naming it")
    name.add_argument("resident", help="id or token")
    kinds = name.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--card", type=UUID, metavar="TOKEN", help="the token on a card")
    kinds.add_argument("--id-number", action="store_true", help="asks for the ID number and keeps only its keyed hash")
    kinds.add_argument("--phone", action="store_true", help="asks for phone number and PIN, likewise")
    name.add_argument("--login", required=True, help="the account this is recorded under")
    name.set_defaults(action=_name_resident)
    make = verbs.add_parser("card", help="make a QR card for the kiosk: a new token, known to be the resident's")
    make.add_argument("resident", help="id or token")
    make.add_argument("--svg", type=Path, help="file for the QR, to be printed")
    make.add_argument("--login", required=True, help="the account this is recorded under")
    make.set_defaults(action=_make_card)

    void = verbs.add_parser("void", help="a lost card, or a PIN that others know: kiosks forget it")
    void.add_argument("resident", help="id or token")
    void.add_argument("--kind", required=True, choices=("card", "id_number", "phone"), help="all of this kind")
    void.add_argument("--login", required=True, help="the account this is recorded under")
    void.set_defaults(action=_void_tokens)


def _held(verbs: Any) -> None:
    show = verbs.add_parser("list", help="what is held, latest first")
    show.add_argument("--reason", choices=[reason.value for reason in Reason])
    show.add_argument("--limit", type=int, default=50)
    show.set_defaults(action=_list_held)
    release = verbs.add_parser("release", help="judge a held item anew with the present roster")
    release.add_argument("reading_id", type=UUID)
    release.add_argument("--login", required=True, help="the account this is recorded under")
    release.add_argument("--vouch", action="store_true", help="stand for an implausible value or an unusable time")
    release.add_argument("--measured-at", type=_moment, help="ISO time with zone, where the time is the reason")
    release.set_defaults(action=_release)


def _add_staff(connection: Connection, given: argparse.Namespace) -> None:
    if given.role in (Role.DOCTOR, Role.STATION_LEAD) and given.station is None:
        raise AccountError(f"a {given.role} belongs to a station: name it with --station")
    station = registered.station(connection, given.station) if given.station else None
    account = NewStaff(login=given.login, display_name=given.name, role=Role(given.role), station_id=station)
    password = _password(given)
    staff_id = create_staff(connection, account, password_hash=hash_password(password))
    print(f"{given.login} is account {staff_id}" + ("" if given.ask else f", password {password} (shown only now)"))


def _set_password(connection: Connection, given: argparse.Namespace) -> None:
    password = _password(given)
    set_password(connection, given.login, password_hash=hash_password(password))
    print(f"{given.login} is signed out everywhere" + ("" if given.ask else f", password {password} (shown only now)"))


def _add_device(connection: Connection, given: argparse.Namespace) -> None:
    device_id = register_device(connection, address=given.address, model=given.model, at=datetime.now(UTC))
    print(f"{given.address} is device {device_id}")


def _assign(connection: Connection, given: argparse.Namespace) -> None:
    assignment = NewAssignment(
        device_id=registered.device(connection, given.address),
        valid_from=given.since or datetime.now(UTC),
        resident_id=registered.resident(connection, given.resident) if given.resident else None,
        setting=given.setting,
        station_id=registered.station(connection, given.station),
        user_slot=given.slot,
    )
    print(f"{given.address} is assigned" + _in_words(hand_over(connection, assignment, _entry(connection, given))))


def _name_resident(connection: Connection, given: argparse.Namespace) -> None:
    if given.card:
        token, kind = given.card, "card"
    elif given.id_number:
        token, kind = pseudonym(getpass.getpass("ID number: ").strip().upper(), load_key()), "id_number"
    else:
        phone, pin = getpass.getpass("phone number: ").strip(), getpass.getpass("PIN: ").strip()
        token, kind = pseudonym(f"{phone}:{pin}", load_key()), "phone"
    resident_id = registered.resident(connection, given.resident)
    entry = _entry(connection, given)
    became = name_person(connection, token=token, resident_id=resident_id, kind=kind, entry=entry)
    print(f"resident {resident_id} is known by it" + _in_words(became))


def _make_card(connection: Connection, given: argparse.Namespace) -> None:
    resident_id, token = registered.resident(connection, given.resident), uuid4()
    name_person(connection, token=token, resident_id=resident_id, kind="card", entry=_entry(connection, given))
    code = card.encode(token)
    drawn = segno.make(code, micro=False, error="m")
    drawn.terminal(compact=True)
    if given.svg:
        drawn.save(str(given.svg), kind="svg", scale=4)
    print(f"{code} is a card of resident {resident_id}")


def _void_tokens(connection: Connection, given: argparse.Namespace) -> None:
    resident_id, entry = registered.resident(connection, given.resident), _entry(connection, given)
    voided = void_tokens(connection, resident_id=resident_id, kind=given.kind, entry=entry)
    print(f"resident {resident_id} is no longer known by {voided} pseudonyms of the kind {given.kind}")


def _entry(connection: Connection, given: argparse.Namespace) -> Entry:
    return Entry(
        staff_id=registered.staff(connection, given.login),
        now=datetime.now(UTC),
        catalogue=metrics.parse(load("metrics.yaml")),
        limits=settings(IngestSettings, "ingest").limits,
    )


def _in_words(became: Became) -> str:
    stay = "".join(f", {number} stay held: {reason}" for reason, number in became.items() if reason)
    return f", {became[None]} held readings are released{stay}" if became else ""


def _list_held(connection: Connection, given: argparse.Namespace) -> None:
    rows = connection.execute(
        "select reading_id, received_at, reason, gateway, coalesce(device, '-') from telemetry.held"
        " where %(reason)s::text is null or reason = %(reason)s order by received_at desc limit %(limit)s",
        {"reason": given.reason, "limit": given.limit},
    )
    for reading_id, received_at, reason, gateway, device in rows:
        print(reading_id, received_at.isoformat(), reason, gateway, device)
    for reason, number in connection.execute("select reason, count(*) from telemetry.held group by 1 order by 2 desc"):
        print(f"{number} held for {reason}")


def _release(connection: Connection, given: argparse.Namespace) -> None:
    vouch = held.Vouch(measured_at=given.measured_at) if given.vouch or given.measured_at else None
    reason = held.release(
        connection,
        given.reading_id,
        staff_id=registered.staff(connection, given.login),
        now=datetime.now(UTC),
        catalogue=metrics.parse(load("metrics.yaml")),
        limits=settings(IngestSettings, "ingest").limits,
        vouch=vouch,
    )
    print("released" if reason is None else f"stays held: {reason}")


def _password(given: argparse.Namespace) -> str:
    if not given.ask:
        return new_password()
    password = getpass.getpass("password: ")
    if getpass.getpass("again: ") != password:
        raise AccountError("the two are not the same")
    return password


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no zone: write for example {text}+08:00")
    return moment
