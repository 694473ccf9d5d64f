"""`maixun fhir`: everything as FHIR R4, for a county platform or a researcher with a permission."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from api import fhir_data
from api.audit import Action
from api.fhir_bulk import Wanted
from api.home_average import Basis
from api.settings import ApiSettings
from ingest.alerting import rules
from maixun import endpoints, registered
from maixun.configuration import load_all, settings
from maixun.fhir_export import NotEmpty, export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One verb."""
    verbs = parser.add_subparsers(required=True, metavar="action")
    bulk = verbs.add_parser("export", help="NDJSON, one file a kind of resource; names and ID numbers stay here")
    bulk.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    bulk.add_argument("--since", type=_moment, help="readings measured from then on; ISO time with zone")
    bulk.add_argument("--login", required=True, help="the account this is recorded under")


def run(given: argparse.Namespace) -> int:
    """Export, or say in one sentence why not."""
    now = datetime.now(UTC)
    try:
        with psycopg.connect(endpoints.database()) as recording:
            staff_id = registered.staff(recording, given.login)
            detail = Jsonb({"what": "all", "since": given.since.isoformat() if given.since else None})
            recording.execute(
                "insert into care.audit (at, staff_id, action, detail) values (%s, %s, %s, %s)",
                (now, staff_id, Action.FHIR_EXPORT, detail),
            )
        with psycopg.connect(endpoints.database(), row_factory=dict_row) as connection:
            basis = Basis.of(rules.parse(load_all("rules/*.yaml")), settings(ApiSettings, "api").tzinfo)
            wanted = Wanted(now=now, since=given.since)
            manifest = export(connection, given.out, fhir_data.known(), basis, wanted)
    except (NotEmpty, registered.Unknown) as error:
        print(error, file=sys.stderr)
        return 1
    print(", ".join(f"{part['count']} {part['type']}" for part in manifest["output"]) + f" in {given.out}")
    return 0


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no zone: write for example {text}+08:00")
    return moment
