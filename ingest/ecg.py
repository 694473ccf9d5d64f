"""Saves the curve of an ECG, in the transaction that saves its reading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from devices.waveform import unpack
from ingest import store
from ingest.envelope import Item, packed
from ingest.store import Row

_SAVE = (
    "insert into telemetry.waveform (resident_id, reading_id, sampling_rate, samples, microvolts)"
    " values (%s, %s, %s, %s, %s)"
)


def save(connection: Connection[Any], saved: Iterable[tuple[Item, Row]]) -> None:
    """Save the curves of items whose rows have just been saved. A held row keeps its curve in its own item."""
    for item, row in saved:
        resident_id = store.resident_of(row)
        if "waveform" in item and resident_id is not None:
            rate, body = item["waveform"]["sampling_rate"], packed(item["waveform"])
            values = [resident_id, item["id"], rate, len(unpack(rate, body).microvolts), body]
            connection.execute(_SAVE, values)
