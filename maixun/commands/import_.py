"""`maixun import KIND FILE`: lists that others keep, judged row by row; `--dry-run` changes nothing."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from devices import metrics
from devices.fhir import codes
from ingest.identity import load_key
from ingest.imports import table
from ingest.imports.kind import Entry
from ingest.imports.problem import NotReadable
from ingest.imports.run import KINDS, Report, Upload, carry_out, look
from maixun import endpoints, registered
from maixun.configuration import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, from where, and where the refused rows go."""
    parser.add_argument("kind", choices=list(KINDS))
    parser.add_argument("file", type=Path, help=".csv (UTF-8 or GB 18030), .xlsx, or a FHIR Bundle of Patients (.json)")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    parser.add_argument("--refused", type=Path, metavar="FILE", help="write the refused rows there, with what is wrong")
    parser.add_argument("--passwords", type=Path, metavar="FILE", help="write the passwords of new accounts there")
    parser.add_argument("--language", choices=["zh", "en"], default="zh", help="of the problems (default: zh)")
    parser.add_argument("--login", required=True, help="the account this is recorded under")


def run(given: argparse.Namespace) -> int:
    """0: every row was good; 1: some were refused, or nothing could be done."""
    kind = KINDS[given.kind]
    if kind.name == "staff" and not given.dry_run and not given.passwords:
        print("new accounts get passwords: say with --passwords where to write them", file=sys.stderr)
        return 1
    systems = codes.parse(load("fhir.yaml"), metrics.parse(load("metrics.yaml"))).told.id_number_systems
    act = look if given.dry_run else carry_out
    try:
        with psycopg.connect(endpoints.database()) as connection:
            now = datetime.now(UTC)
            entry = Entry(staff_id=registered.staff(connection, given.login), now=now, key=load_key())
            upload = Upload(kind, given.file.name, given.file.read_bytes())
            report = act(connection, upload, entry, systems)
            if entry.passwords:  # before the commit: an account whose password nobody has helps nobody
                _write(given.passwords, table.as_csv(["login", "password"], list(entry.passwords.items())))
    except NotReadable as error:
        print(getattr(error.says, given.language), file=sys.stderr)
        return 1
    except (registered.Unknown, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return _told(report, given)


def _told(report: Report, given: argparse.Namespace) -> int:
    for problem in report.judgement.problems:
        place = f"{problem.row or '-'}\t{problem.column or '-'}"
        print(f"{place}\t{getattr(problem.says, given.language)}", file=sys.stderr)
    counts = report.judgement.counts
    said = ", ".join(f"{counts[name]} {name}" for name in ("new", "updated", "unchanged", "refused"))
    print(said + (" (dry run: nothing was changed)" if given.dry_run else ""))
    if given.refused and report.judgement.refused:
        _write(given.refused, report.refused_file(given.language))
    return 1 if report.judgement.refused else 0


def _write(path: Path, content: bytes) -> None:
    """A file of its owner's alone, for it holds names or passwords. Never over another."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
