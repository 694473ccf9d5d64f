"""A county's list of residents judged and saved, beside reading the file, and beside a plain COPY of as many rows."""

from __future__ import annotations

import csv
import io
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from ingest.accounts import NewStaff, Role, create_staff
from ingest.imports.id_number import check_digit
from ingest.imports.kind import Entry
from ingest.imports.run import KINDS, Report, Upload, carry_out, look
from ingest.registry import register_station
from tests.bench.figure import Figure
from tests.harness.line import running_line

RESIDENTS = 50_000
_STATION = "示范社区卫生服务站"
_PLAIN = "create table plain (name bytea, number bytea, birth_date date, sex text, station text, record_opened_on date)"


def figures() -> Iterator[Figure]:
    """A dry run, the import, and the same file once more; all of one real database with its fsync."""
    lines = list(_lines())
    with running_line() as line, psycopg.connect(line.database, autocommit=True) as connection:
        register_station(connection, name=_STATION, township="示范镇", region_code="990101001001")
        admin = NewStaff(login="admin", display_name="管理员", role=Role.ADMIN, station_id=None)
        entry = Entry(
            staff_id=create_staff(connection, admin, password_hash="!"),
            now=datetime.now(UTC),
            key=secrets.token_bytes(32),
        )
        upload = Upload(KINDS["residents"], "residents.csv", _csv(lines))
        plain = _took(lambda: _copied(connection, lines))
        for what, act, expected in (
            ("looked at (dry run)", look, "new"),
            ("saved", carry_out, "new"),
            ("saved again: nothing changes", carry_out, "unchanged"),
        ):
            seconds = _took(lambda act=act, expected=expected: _all(act(connection, upload, entry, ()), expected))  # type: ignore[misc]
            yield Figure(name=f"{RESIDENTS:,} residents {what}", value=seconds, unit="s",
                         baseline_name="plain COPY of the rows", baseline=plain)  # fmt: skip


def _lines() -> Iterator[tuple[str, ...]]:
    """Name, ID number, station, day of the record; numbers of a region that does not exist."""
    for number in range(RESIDENTS):
        born = date(1935, 1, 1) + timedelta(days=number % 16_000)
        stem = f"990101{born:%Y%m%d}{number // 16_000:03d}"
        yield f"居民{number}", stem + check_digit(stem), _STATION, "2025-03-01"


def _csv(lines: list[tuple[str, ...]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([("姓名", "身份证号", "机构", "建档日期"), *lines])
    return file.getvalue().encode()


def _all(report: Report, expected: str) -> None:
    if report.judgement.counts != {expected: RESIDENTS}:
        raise AssertionError(f"{report.judgement.counts}: {report.judgement.problems[:3]}")


def _copied(connection: psycopg.Connection[Any], lines: list[tuple[str, ...]]) -> None:
    """What a program without any judgement would do: bytes for sealed name and hash, as long as those."""
    connection.execute(_PLAIN)
    with connection.cursor().copy("copy plain from stdin") as copy:
        for name, number, station, opened in lines:
            copy.write_row((name.encode() * 3, number.encode() * 2, number[6:14], "female", station, opened))


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
