"""The bulk export as files: NDJSON, one file a kind of resource, and a manifest written last."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from psycopg import Connection, IsolationLevel
from psycopg.rows import DictRow

from api import fhir_bulk
from api.fhir_bulk import MANIFEST, Wanted
from api.home_average import Basis
from devices.fhir.codes import Codes, Json


class NotEmpty(Exception):
    """The folder holds something already; the message names it."""


def export(connection: Connection[DictRow], out: Path, codes: Codes, basis: Basis, wanted: Wanted) -> Json:
    """Write the files and return the manifest. One moment of the database, streamed. Raises `NotEmpty`.

    Only their owner may read the files. A folder without a manifest is an export that was broken off.
    """
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise NotEmpty(f"{out} is not empty: name a new folder")
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        parts = fhir_bulk.parts(connection, codes, basis, wanted)
        counts = {kind: _written(out / f"{kind}.ndjson", resources) for kind, resources in parts.items()}
    manifest = fhir_bulk.manifest(counts, "maixun fhir export", wanted.now)
    _written(out / MANIFEST, [manifest])
    return manifest


def _written(path: Path, resources: Iterable[Json]) -> int:
    count = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for count, resource in enumerate(resources, 1):  # noqa: B007 - the last number is the count
            file.write(fhir_bulk.line(resource))
        file.flush()
        os.fsync(file.fileno())
    return count
