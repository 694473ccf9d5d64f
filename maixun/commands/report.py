"""`maixun report`: the quarterly report without a browser: make it, check it, close it, write its files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from api import audit, report_files
from api.audit import Action
from api.language import Language
from api.report_files import Kind
from api.reporting import catalogue, definitions, ledger, reports
from api.reporting.comparison import About
from api.reporting.ledger import UnreadableLedger
from api.reporting.period import Quarter, Span
from api.reporting.reconcile import Outcome
from api.reporting.reports import NotPossible, Overtaken, Report, Step
from api.reporting.settings import ReportingSettings
from api.services import plain_rows
from ingest.identity import load_key
from maixun import endpoints, registered
from maixun.configuration import settings
from maixun.registered import Unknown

Connection = psycopg.Connection[DictRow]


class Refused(Exception):
    """What was asked for cannot be done; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One verb each."""
    verbs = parser.add_subparsers(required=True, metavar="action")
    listing = verbs.add_parser("list", help="the reports there are")
    listing.set_defaults(action=_list)
    make = verbs.add_parser("make", help="begin a report, or with --reason the correction of a closed one")
    make.add_argument("period", type=_quarter, help="for example 2026Q3")
    make.add_argument("--region", required=True, help="beginning of the region's code, for example 330108")
    make.add_argument("--reason", help="why a closed report is corrected")
    make.add_argument("--login", required=True, help="the account this is recorded under")
    make.set_defaults(action=_make)
    for step in Step:
        verb = verbs.add_parser(step.value, help=f"{step.value} a report")
        verb.add_argument("report", type=int)
        verb.add_argument("--login", required=True, help="the account this is recorded under")
        verb.set_defaults(action=_step, step=step)
    compare = verbs.add_parser("reconcile", help="compare a ledger with the people behind a report's figure")
    compare.add_argument("report", type=int)
    compare.add_argument(
        "ledger", type=Path, help="CSV or XLSX with a column 身份证号 or 居民标识, and perhaps 是否计入"
    )
    compare.add_argument("--indicator", required=True, help="for example hypertension_standard_rate")
    compare.add_argument("--span", choices=[span.value for span in Span], default=Span.YEAR_TO_DATE.value)
    compare.add_argument("--station", help="its name: the ledger is of this station alone")
    compare.add_argument("--login", required=True, help="the account this is recorded under")
    compare.set_defaults(action=_reconcile)
    export = verbs.add_parser("export", help="write a report's files")
    export.add_argument("report", type=int)
    export.add_argument("--kind", choices=[kind.value for kind in Kind], action="append", help="default: all")
    export.add_argument("--folder", type=Path, default=Path(), help="where to (default: here)")
    export.add_argument("--language", choices=[each.value for each in Language], default="zh")
    export.set_defaults(action=_export)
    verbs.add_parser("definitions", help="the indicators as a page").set_defaults(action=None)


def run(options: argparse.Namespace) -> int:
    """Do it, or say in one sentence why not."""
    action: Callable[[Connection, Any], None] | None = options.action
    if action is None:
        print(catalogue.page(definitions.load()), end="")
        return 0
    try:
        with psycopg.connect(endpoints.database(), row_factory=dict_row) as connection:
            action(connection, options)
    except (Refused, Unknown, NotPossible, Overtaken) as problem:
        print(problem, file=sys.stderr)
        return 1
    except psycopg.OperationalError as error:
        print(f"the database cannot be reached: {error}", file=sys.stderr)
        return 1
    return 0


def _list(connection: Connection, _given: argparse.Namespace) -> None:
    for head in reports.listing(connection, ""):
        print(head.report_id, head.period, head.region_prefix, f"version {head.version}", head.state)


def _make(connection: Connection, given: argparse.Namespace) -> None:
    staff_id, now = _account(connection, given), datetime.now(UTC)
    names = settings(ReportingSettings, "reporting").county_names
    report_id = reports.draft(
        connection,
        definitions.load(),
        given.period,
        given.region,
        staff_id=staff_id,
        now=now,
        reason=given.reason,
        county_names=names,
    )
    audit.write(connection, now, staff_id, Action.REPORT_DRAFT, report=report_id, by="command")
    print(f"report {report_id} is a draft")


def _step(connection: Connection, given: argparse.Namespace) -> None:
    staff_id, now, head = _account(connection, given), datetime.now(UTC), _found(connection, given.report).head
    names = settings(ReportingSettings, "reporting").county_names
    reports.advance(
        connection,
        definitions.load(),
        head,
        given.step,
        revision=head.revision,
        staff_id=staff_id,
        now=now,
        county_names=names,
    )
    audit.write(connection, now, staff_id, Action.REPORT_STEP, report=given.report, step=given.step, by="command")
    print(f"report {given.report} is {_found(connection, given.report).head.state}")


def _export(connection: Connection, given: argparse.Namespace) -> None:
    report, chosen = _found(connection, given.report), settings(ReportingSettings, "reporting")
    sheet = report_files.sheet(report, report.tables, chosen, Language(given.language))
    codes = report_files.organisation_units(connection)
    given.folder.mkdir(parents=True, exist_ok=True)
    for kind in map(Kind, given.kind or Kind):
        path = given.folder / report_files.file_name(report, kind)
        path.write_bytes(report_files.written(kind, sheet, chosen, codes))
        print(path)


def _reconcile(connection: Connection, given: argparse.Namespace) -> None:
    """Who differs, by pseudonym and row of the ledger, with our reason; the numbers are kept with the report."""
    report, staff_id, now = _found(connection, given.report), _account(connection, given), datetime.now(UTC)
    if given.indicator not in {each.name for each in report.definitions}:
        raise Refused(
            f"report {given.report} has no {given.indicator}: {', '.join(e.name for e in report.definitions)}"
        )
    try:
        entries = ledger.read(given.ledger.name, given.ledger.read_bytes(), load_key()).entries
    except (OSError, UnreadableLedger) as error:
        raise Refused(f"{given.ledger} cannot be read: {error}") from None
    station_id = None
    if given.station:
        with plain_rows(connection) as tuples:
            station_id = registered.station(tuples, given.station)
    about = About(given.report, Span(given.span), given.indicator, station_id)
    outcome = about.compare(connection, entries)
    about.keep(connection, outcome, staff_id, now)
    what = {"report": given.report, "indicator": given.indicator, "by": "command"}
    audit.write(connection, now, staff_id, Action.REPORT_RECONCILE, **what)
    _tell(connection, outcome)


def _tell(connection: Connection, outcome: Outcome) -> None:
    query = "select resident_id, token from care.resident where resident_id = any(%s)"
    rows = connection.execute(query, [[each.resident_id for each in outcome.differences]]).fetchall()
    tokens = {row["resident_id"]: row["token"] for row in rows}
    print(f"ledger {outcome.ledger_total}, records {outcome.records_total}, on both {outcome.both}")
    for each in outcome.differences:
        side = "ledger" if each.in_ledger else "records"
        print(f"only {side}\t{tokens[each.resident_id]}\t{','.join(map(str, each.rows)) or '-'}\t{each.why}")
    for what, numbers in (("unknown", outcome.unknown), ("unclear", outcome.unclear), ("repeated", outcome.repeated)):
        if numbers:
            print(f"rows {what}\t{','.join(map(str, numbers))}")


def _found(connection: Connection, report_id: int) -> Report:
    report = reports.find(connection, report_id)
    if report is None:
        raise Refused(f"there is no report {report_id}; `maixun report list` shows them")
    return report


def _account(connection: Connection, given: argparse.Namespace) -> int:
    with plain_rows(connection) as tuples:
        return registered.staff(tuples, given.login)


def _quarter(text: str) -> Quarter:
    year, _, number = text.upper().partition("Q")
    if not (year.isdigit() and number in ("1", "2", "3", "4")):
        raise argparse.ArgumentTypeError(f"{text} is no quarter: write for example 2026Q3")
    return Quarter(int(year), int(number))
