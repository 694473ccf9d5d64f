"""A ledger against one figure of a report: the people on both sides, and the numbers that are kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from api.reporting.figures import Counted
from api.reporting.ledger import Entry
from api.reporting.period import Span
from api.reporting.reconcile import Outcome, Said, reconcile


@dataclass(frozen=True, slots=True)
class About:
    """Which figure. `station_id`: of whose people alone; None: of the whole region."""

    report_id: int
    span: Span
    indicator: str
    station_id: int | None

    def compare(self, connection: Connection[Any], entries: Sequence[Entry]) -> Outcome:
        """Every row of the ledger and every person behind the figure, accounted for."""
        return reconcile(self._said(connection, entries), self._records(connection))

    def keep(self, connection: Connection[Any], outcome: Outcome, staff_id: int, now: datetime) -> None:
        """The numbers alone: what the CDC may know of it."""
        connection.execute(
            "insert into reporting.reconciliation (report_id, span, indicator, station_id, at, staff_id, on_both,"
            " ledger_only, records_only, unknown, denominator) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [self.report_id, self.span, self.indicator, self.station_id, now, staff_id, outcome.both,
             outcome.ledger_only, outcome.records_only, len(outcome.unknown), outcome.denominator],
        )  # fmt: skip

    def _said(self, connection: Connection[Any], entries: Sequence[Entry]) -> list[Said]:
        """Whose rows they are. A station's ledger can name only the own people; anybody else is unknown."""
        hashes = [each.key for each in entries if isinstance(each.key, bytes)]
        tokens = [each.key for each in entries if isinstance(each.key, UUID)]
        query = (
            "select r.resident_id, r.token, p.id_number_hash from care.resident r"
            " left join identity.person p using (resident_id)"
            " where (p.id_number_hash = any(%(hashes)s) or r.token = any(%(tokens)s))"
            " and (%(station)s::integer is null or r.station_id = %(station)s)"
        )
        known: dict[bytes | UUID | None, int] = {}
        with connection.cursor(row_factory=tuple_row) as cursor:
            given = {"hashes": hashes, "tokens": tokens, "station": self.station_id}
            for resident_id, token, id_hash in cursor.execute(query, given):
                known[token] = resident_id
                if id_hash is not None:
                    known[bytes(id_hash)] = resident_id
        return [Said(each.row, known.get(each.key), each.counted) for each in entries]

    def _records(self, connection: Connection[Any]) -> list[Counted]:
        """The people behind the report's figure, as they were when it was taken."""
        query = (
            "select r.resident_id, b.station_id, null, b.denominator, b.numerator, b.why"
            " from reporting.report_basis b cross join unnest(b.persons) as person(token)"
            " join care.resident r using (token) where b.report_id = %s and b.span = %s and b.indicator = %s"
            " and (%s::integer is null or b.station_id = %s)"
        )
        given = [self.report_id, self.span, self.indicator, self.station_id, self.station_id]
        with connection.cursor(row_factory=tuple_row) as cursor:
            return [Counted(*row) for row in cursor.execute(query, given)]
