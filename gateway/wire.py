"""The envelope that carries readings up to the server: JSON, version 1, N readings a message; and its topics."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import accumulate
from typing import Any

from devices.reading import Flag, Reading, Unusable
from devices.waveform import Waveform

VERSION = 1
CONTENT_TYPE = "application/json"
MOST_BYTES = 512 << 10  # half of what our broker takes: a lot of ECGs would be more, and would never get through


def topic(gateway: str, leaf: str) -> str:
    """`maixun/1/<gateway>/<leaf>`; the leaves are readings, receipts, status and commands."""
    return f"maixun/1/{gateway}/{leaf}"


def item(entry: Reading | Unusable) -> str:
    """One reading as JSON text, the form the outbox keeps. Optional keys are left out when empty."""
    body: dict[str, Any] = {
        "id": str(entry.reading_id),
        "device": entry.device,
        "received_at": moment(entry.received_at),
        "raw": entry.raw,
    }
    body |= {"unusable": entry.reason} if isinstance(entry, Unusable) else _measurement(entry)
    body |= {"waveform": _curve(entry.waveform)} if entry.waveform else {}
    return json.dumps(body, separators=(",", ":"), allow_nan=False)


def message(gateway: str, items: Sequence[str], sent_at: datetime) -> bytes:
    """The envelope around items made by `item`."""
    head = json.dumps({"v": VERSION, "gateway": gateway, "sent_at": moment(sent_at)}, separators=(",", ":"))
    return f'{head[:-1]},"readings":[{",".join(items)}]}}'.encode()


def how_many_fit(items: Sequence[str]) -> int:
    """How many of the first items one message holds: at least one, and no more than `MOST_BYTES` of them."""
    sizes = accumulate(len(item.encode()) for item in items)
    return max(1, sum(size <= MOST_BYTES for size in sizes))


def digest(payload: bytes) -> str:
    """What a receipt calls a message whose readings could not be named: blake2b-128 of its bytes, in hex."""
    return blake2b(payload, digest_size=16).hexdigest()


def moment(at: datetime) -> str:
    """An aware time as UTC text with milliseconds: `2026-11-21T08:00:00.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _measurement(reading: Reading) -> dict[str, Any]:
    optional = {
        "flags": flag_names(reading.flags),
        "user": reading.user_slot,
        "person": str(reading.person) if reading.person else None,
        "meal": reading.meal,
    }
    return {
        "kind": reading.kind,
        "measured_at": moment(reading.measured_at) if reading.measured_at else None,
        "clock": reading.clock,
        "values": dict(reading.values),
    } | {key: value for key, value in optional.items() if value not in (None, [])}


def _curve(waveform: Waveform) -> dict[str, Any]:
    """Deflated and in base64, an ECG of 30 s takes 10 to 25 kB."""
    return {"sampling_rate": waveform.sampling_rate, "packed": b64encode(waveform.pack()).decode()}


def flag_names(flags: Flag) -> list[str]:
    """Lower-case member names, lowest bit first."""
    return [flag.name.lower() for flag in flags if flag.name]
