"""An import from file to database: read, judge, and on demand save the good rows, all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from ingest.imports import conditions, contracts, population, residents, staff, stations, table
from ingest.imports.judging import Action, Judgement, judge
from ingest.imports.kind import Entry, Kind
from ingest.imports.problem import Problem
from ingest.imports.table import Table

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        stations.KIND,
        staff.KIND,
        residents.KIND,
        conditions.KIND,
        contracts.KIND,
        population.KIND,
    )
}
_LOCK = 0x6D78_696D_7074  # "mximpt": two imports at once would each judge without the other's rows


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. Its name's ending says what it is."""

    kind: Kind
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What would happen, or did."""

    table: Table
    judgement: Judgement

    def refused_file(self, language: str) -> bytes:
        """The refused rows as they came, with what is wrong, as a CSV to be mended and imported again."""
        headers = self.table.headers
        why = _reasons(self.judgement.problems, language)
        lines = [[*(row.cells[one] for one in headers), why.get(row.number, "")] for row in self.judgement.refused]
        return table.as_csv([*headers, REASON[language]], lines)


REASON = {"zh": "问题", "en": "problem"}


def look(connection: Connection[Any], upload: Upload, entry: Entry, id_number_systems: Sequence[str]) -> Report:
    """The dry run: what each row would do. Changes nothing. Raises `NotReadable`."""
    rows = table.read(upload.name, upload.content, upload.kind.fields, id_number_systems)
    return Report(rows, judge(rows, upload.kind.fields, upload.kind.known(connection, entry)))


def carry_out(connection: Connection[Any], upload: Upload, entry: Entry, id_number_systems: Sequence[str]) -> Report:
    """Judge anew and save what is good, all or nothing. Raises `NotReadable`. The same file again changes nothing."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        report = look(connection, upload, entry, id_number_systems)
        changes = [change for change in report.judgement.changes if change.action is not Action.UNCHANGED]
        upload.kind.save(connection, changes, entry)
        detail = Jsonb({"kind": upload.kind.name, **report.judgement.counts})
        connection.execute(
            "insert into care.audit (at, staff_id, action, detail) values (%s, %s, 'import', %s)",
            (entry.now, entry.staff_id, detail),
        )
    return report


def _reasons(problems: Sequence[Problem], language: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for problem in problems:
        if problem.blocks:
            said = f"{problem.column}: {getattr(problem.says, language)}".removeprefix(": ")
            found[problem.row] = f"{found[problem.row]}; {said}" if problem.row in found else said
    return found
