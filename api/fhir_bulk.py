"""Everybody's data as FHIR R4 in bulk: NDJSON by kind of resource, and a manifest that comes last."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from psycopg import Connection
from psycopg.rows import DictRow

from api import home_average
from api.home_average import Basis, Whose
from devices.fhir.codes import Codes, Json
from devices.fhir.device import device
from devices.fhir.instant import instant
from devices.fhir.observation import home_average as as_observation
from devices.fhir.observation import observations
from devices.fhir.patient import patient
from ingest import exchange

MANIFEST = "manifest.json"
_PIECE = 64 * 1024  # bytes that are sent at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall leave: everybody's or one station's, measured from `since` on, as it stands at `now`."""

    now: datetime
    since: datetime | None = None
    station_id: int | None = None


def parts(connection: Connection[DictRow], codes: Codes, basis: Basis, wanted: Wanted) -> Mapping[str, Iterator[Json]]:
    """Resources by kind, streamed; to be read in order, in one transaction, which decides what is seen."""
    station = wanted.station_id
    return {
        "Patient": (patient(one, codes) for one in exchange.every_subject(connection, station)),
        "Device": (device(one) for one in exchange.meters(connection, station_id=station)),
        "Observation": _observations(connection, codes, basis, wanted),
    }


def line(resource: Json) -> bytes:
    """One line of NDJSON."""
    return (json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def manifest(counts: Mapping[str, int], request: str, now: datetime) -> Json:
    """What was written; a copy without it was broken off."""
    return {
        "transactionTime": instant(now),
        "request": request,
        "requiresAccessToken": False,
        "output": [{"type": kind, "url": f"{kind}.ndjson", "count": count} for kind, count in counts.items()],
        "error": [],
    }


def archive(files: Mapping[str, Iterable[Json]], request: str, now: datetime) -> Iterator[bytes]:
    """The same as one ZIP, in pieces as they are made: nothing is kept in memory or on disk."""
    out = _Pieces()
    counts: dict[str, int] = {}
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as packed:
        for kind, resources in files.items():
            counts[kind] = 0
            with packed.open(f"{kind}.ndjson", "w", force_zip64=True) as file:
                for resource in resources:
                    file.write(line(resource))
                    counts[kind] += 1
                    if out.size > _PIECE:
                        yield out.take()
        packed.writestr(MANIFEST, line(manifest(counts, request, now)))
    yield out.take()


class _Pieces(io.RawIOBase):
    """A file that can only be written, and is taken away piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Keep a copy until it is taken."""
        piece = bytes(data)
        self._pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        """All that was written since the last time."""
        taken, self._pieces, self.size = b"".join(self._pieces), [], 0
        return taken


def _observations(connection: Connection[DictRow], codes: Codes, basis: Basis, wanted: Wanted) -> Iterator[Json]:
    metrics = list(codes.catalogue)
    for recorded in exchange.every_reading(connection, metrics, wanted.since, wanted.station_id):
        yield from observations(recorded, codes)
    for whose in _everybody(connection, wanted.station_id):
        average = home_average.latest(connection, whose, basis, wanted.now)
        if average is not None and (wanted.since is None or average.until >= wanted.since):
            yield as_observation(average, codes)


def _everybody(connection: Connection[DictRow], station_id: int | None) -> list[Whose]:
    rows = connection.execute(
        "select r.resident_id, r.token,"
        " array(select k.condition from care.condition k where k.resident_id = r.resident_id) as conditions"
        " from care.resident r where %(station)s::integer is null or r.station_id = %(station)s order by 1",
        {"station": station_id},
    ).fetchall()
    return [Whose(**row) for row in rows]
