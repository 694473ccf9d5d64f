"""A file kept between its dry run and its confirmation: sealed, its owner's alone, and not for longer than an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from ingest.identity import seal_file, unseal_file
from ingest.imports.kind import Entry
from ingest.imports.run import KINDS, Upload

KEPT_FOR = timedelta(hours=1)  # long enough to read a list of problems, short for a file with names


def keep(connection: Connection[Any], upload: Upload, entry: Entry) -> UUID:
    """Keep a file, and let go of what has lain too long."""
    sweep(connection, entry.now)
    values = (entry.staff_id, upload.kind.name, upload.name, seal_file(upload.content, entry.key), entry.now)
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            "insert into care.import_upload (staff_id, kind, file_name, sealed, uploaded_at)"
            " values (%s, %s, %s, %s, %s) returning upload_id",
            values,
        )
        return UUID(str(next(cursor)[0]))


def sweep(connection: Connection[Any], now: datetime) -> None:
    """Let go of files that nobody confirmed in time."""
    connection.execute("delete from care.import_upload where uploaded_at < %s", [_oldest(now)])


def find(connection: Connection[Any], upload_id: UUID, entry: Entry) -> Upload | None:
    """The file, if it is this person's and has not lain too long."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "select kind, file_name, sealed from care.import_upload"
            " where upload_id = %s and staff_id = %s and uploaded_at >= %s",
            (upload_id, entry.staff_id, _oldest(entry.now)),
        ).fetchone()
    return Upload(KINDS[row[0]], row[1], unseal_file(bytes(row[2]), entry.key)) if row else None


def _oldest(now: datetime) -> datetime:
    return now - KEPT_FOR
