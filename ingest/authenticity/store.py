"""Questions in the database: a look writes them all anew, and says when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from ingest.authenticity import records
from ingest.authenticity.patterns import questions
from ingest.authenticity.question import Question
from ingest.authenticity.settings import AuthenticitySettings

_ALONE = "select pg_advisory_xact_lock(%s)"
_LOCK = 0x7175_6573_7469_6F6E  # "question": two processes that look at once write one after the other
_INSERT = """
insert into reporting.question (asked_at, pattern, station_id, staff_id, records, estimate, low, high, expected, keys)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""


def look(connection: Connection[Any], settings: AuthenticitySettings, now: datetime) -> int:
    """Look through every station's records of the last days. Returns how many questions there are; 0 if it is not time.

    Stations are read one after the other, so that memory holds one at a time.
    """
    if not _due(connection, settings, now):
        return 0
    usual = records.usual_spread(connection, settings, now)
    found: list[Question] = []
    for (station_id,) in connection.execute("select station_id from care.station order by station_id").fetchall():
        found += questions(*records.read(connection, station_id, settings, now), settings, usual)
    _write(connection, found, now)
    return len(found)


def _due(connection: Connection[Any], settings: AuthenticitySettings, now: datetime) -> bool:
    row = connection.execute("select max(looked_at) from reporting.question_look").fetchone()
    return row is None or row[0] is None or (now - row[0]).total_seconds() >= settings.look_every_seconds


def _write(connection: Connection[Any], found: Sequence[Question], now: datetime) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_ALONE, [_LOCK])
        cursor.execute("delete from reporting.question")
        cursor.execute("insert into reporting.question_look (looked_at, questions) values (%s, %s)", [now, len(found)])
        cursor.executemany(_INSERT, [_row(question, now) for question in found])


def _row(question: Question, now: datetime) -> tuple[Any, ...]:
    return (
        now,
        question.pattern.value,
        question.station_id,
        question.staff_id,
        question.records,
        *question.value,
        question.expected,
        list(question.keys),
    )
