"""Everybody's readings as FHIR R4 in bulk: NDJSON, one file a kind of resource, and a manifest written last."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection, IsolationLevel

from devices.fhir.codes import Codes, Json
from devices.fhir.device import device
from devices.fhir.observation import instant, observations
from devices.fhir.patient import patient
from ingest import exchange

MANIFEST = "manifest.json"


class NotEmpty(Exception):
    """The folder holds something already; the message names it."""


def export(connection: Connection[Any], out: Path, codes: Codes, *, since: datetime | None, now: datetime) -> Json:
    """Write the files and return the manifest. One moment of the database, streamed. Raises `NotEmpty`.

    Only their owner may read the files. A folder without a manifest is an export that was broken off.
    """
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise NotEmpty(f"{out} is not empty: name a new folder")
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        parts = {
            "Patient": (patient(one, codes) for one in exchange.every_subject(connection)),
            "Device": (device(one) for one in exchange.meters(connection)),
            "Observation": _observations(connection, codes, since),
        }
        counts = {kind: _written(out / f"{kind}.ndjson", resources) for kind, resources in parts.items()}
    manifest = {
        "transactionTime": instant(now),
        "request": "maixun fhir export",
        "requiresAccessToken": False,
        "output": [{"type": kind, "url": f"{kind}.ndjson", "count": count} for kind, count in counts.items()],
        "error": [],
    }
    _written(out / MANIFEST, [manifest])
    return manifest


def _observations(connection: Connection[Any], codes: Codes, since: datetime | None) -> Iterator[Json]:
    for recorded in exchange.every_reading(connection, list(codes.catalogue), since):
        yield from observations(recorded, codes)


def _written(path: Path, resources: Iterable[Json]) -> int:
    count = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        for count, resource in enumerate(resources, 1):  # noqa: B007 - the last number is the count
            file.write(json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return count
