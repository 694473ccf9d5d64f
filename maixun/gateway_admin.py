"""`maixun admin gateway …` and `maixun admin broker …`: enrolment codes, revocation, the broker's own files."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import segno

from ingest import enrolment
from ingest.authority import Authority
from ingest.fleet_settings import FleetSettings
from maixun import endpoints, registered, secret_file
from maixun.configuration import folder, settings

Connection = psycopg.Connection[Any]
WORKERS = 4  # as many as config/mosquitto/access.acl names


def add_gateway(verbs: Any) -> None:
    """What can be done with gateways."""
    enrol = verbs.add_parser("enrol", help="make a code with which one machine becomes a gateway, once")
    enrol.add_argument("--station", required=True, help="name of the station it stands in")
    enrol.add_argument(
        "--name", help="its name; of one that exists: for a machine that replaces it (default: a new one)"
    )
    enrol.set_defaults(action=_enrol)
    listing = verbs.add_parser("list", help="every gateway, its station, and until when its certificate is good")
    listing.set_defaults(action=_list)
    revoke = verbs.add_parser("revoke", help="its certificates and codes are void from now on")
    revoke.add_argument("name")
    revoke.set_defaults(action=_revoke)


def add_broker(verbs: Any) -> None:
    """What the broker needs."""
    files = verbs.add_parser("files", help="write what a broker with TLS needs: certificates, revocations, access list")
    files.add_argument("folder", type=Path, help="where Mosquitto reads them; made if it is not there")
    files.add_argument("--host", action="append", required=True, help="name or IP address it is reached by; repeatable")
    files.set_defaults(action=_broker_files)
    revoked = verbs.add_parser("revocations", help="write the list of revoked certificates anew")
    revoked.add_argument("folder", type=Path)
    revoked.set_defaults(action=_revocations)


def _enrol(connection: Connection, given: argparse.Namespace) -> None:
    fleet, now = settings(FleetSettings, "fleet"), datetime.now(UTC)
    name = given.name or enrolment.next_name(connection)
    station = registered.station(connection, given.station)
    code = enrolment.invite(connection, name, station, now=now, valid=fleet.code_valid)
    command = f"maixun gateway claim {code} --server {fleet.server}"
    segno.make(command, error="m").terminal(compact=True)
    until = (now + fleet.code_valid).astimezone()
    print(f"{name} in {given.station}, good once and until {until:%Y-%m-%d %H:%M}. On that machine:\n\n    {command}\n")


def _list(connection: Connection, _given: argparse.Namespace) -> None:
    rows = connection.execute(
        "select g.gateway, s.name, g.revoked_at, max(c.expires_at)"
        " from fleet.gateway g join care.station s using (station_id)"
        " left join fleet.certificate c on c.gateway = g.gateway and c.revoked_at is null group by 1, 2, 3 order by 1"
    )
    for name, station, revoked_at, expires_at in rows:
        state = "revoked" if revoked_at else f"until {expires_at:%Y-%m-%d}" if expires_at else "not claimed yet"
        print(name, station, state)


def _revoke(connection: Connection, given: argparse.Namespace) -> None:
    enrolment.revoke(connection, given.name, datetime.now(UTC))
    print(f"{given.name} is revoked. Now `maixun admin broker revocations FOLDER`, and restart the broker")


def _broker_files(connection: Connection, given: argparse.Namespace) -> None:
    fleet, now = settings(FleetSettings, "fleet"), datetime.now(UTC)
    authority = Authority(endpoints.secrets_folder(), now)
    given.folder.mkdir(parents=True, exist_ok=True)
    broker, key = authority.server(given.host, now=now, valid=fleet.certificate_valid)
    (given.folder / "authority.pem").write_bytes(authority.pem)
    (given.folder / "broker.pem").write_bytes(broker.pem)
    secret_file.replace(given.folder / "broker.key", key)
    for number in range(1, WORKERS + 1):
        worker, own_key = authority.client(f"ingest-{number}", now=now, valid=fleet.certificate_valid)
        secret_file.replace(endpoints.secrets_folder() / f"ingest-{number}.pem", own_key + worker.pem)
    for name in ("mosquitto.conf", "access.acl"):
        text = (folder() / "mosquitto" / name).read_text(encoding="utf-8")
        (given.folder / name).write_text(text.replace("@folder@", os.fspath(given.folder.absolute())), encoding="utf-8")
    _revocations(connection, given)
    print(
        f"{given.folder} is ready for Mosquitto, until {broker.expires_at:%Y-%m-%d}. Let its user read the files,"
        f" then start it with {given.folder / 'mosquitto.conf'}"
    )


def _revocations(connection: Connection, given: argparse.Namespace) -> None:
    now = datetime.now(UTC)
    listed = enrolment.revoked(connection, now)
    authority = Authority(endpoints.secrets_folder(), now)
    (given.folder / "revoked.pem").write_bytes(authority.revocations(listed, now))
    print(f"{len(listed)} certificates are revoked; restart the broker to make it so")
