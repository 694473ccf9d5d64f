"""Files of captured GATT packets: a JSON list, or one JSON object a line.

Keys: `characteristic` (or `uuid`), `hex`; optional `device` (else `replay:<position in the file>`), `time` (ISO 8601,
local when it names no zone; else the time of the replay), `quirk` or `quirks`, `person`. Other keys are passed over, so
that the decoders' own test vectors can be replayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

from devices.gatt import short_name
from devices.visit import Packet

_NUMBERS = frozenset({"sfloat", "float32"})  # vectors of a number alone, not of a characteristic


class CaptureError(Exception):
    """The file cannot be replayed; the message names the entry and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One packet of the file. `number` is its position, from 1."""

    number: int
    device: str
    packet: Packet
    quirks: frozenset[str]
    person: UUID | None


@dataclass(frozen=True, slots=True)
class Captures:
    """The packets in the order of the file, and how many entries were passed over because they are none."""

    packets: tuple[Capture, ...]
    passed_over: int


def read(path: Path, *, now: datetime, zone: tzinfo) -> Captures:
    """Read a file. `now` (aware) stamps packets without a time. Raises `CaptureError`."""
    packets, passed_over = [], 0
    for number, entry in enumerate(_entries(path), start=1):
        try:
            if not isinstance(entry, dict):
                raise ValueError("is not an object")
            name = str(entry.get("characteristic") or entry["uuid"])
            if name in _NUMBERS:
                passed_over += 1
            else:
                packets.append(_capture(number, name, entry, now, zone))
        except KeyError as missing:
            raise CaptureError(f"{path}, entry {number}: {missing} is missing") from None
        except ValueError as error:
            raise CaptureError(f"{path}, entry {number}: {error}") from None
    return Captures(tuple(packets), passed_over)


def _capture(number: int, name: str, entry: dict[str, Any], now: datetime, zone: tzinfo) -> Capture:
    at = datetime.fromisoformat(str(entry["time"])) if entry.get("time") else now
    quirks = entry.get("quirks") or ([entry["quirk"]] if entry.get("quirk") else [])
    return Capture(
        number=number,
        device=str(entry.get("device") or f"replay:{number}"),
        packet=Packet(short_name(name), bytes.fromhex(str(entry["hex"])), at if at.tzinfo else at.replace(tzinfo=zone)),
        quirks=frozenset(quirks),
        person=UUID(str(entry["person"])) if entry.get("person") else None,
    )


def _entries(path: Path) -> Iterator[Any]:
    try:
        text = path.read_text(encoding="utf-8")
        lines = filter(str.strip, text.splitlines())
        yield from json.loads(text) if text.lstrip().startswith("[") else map(json.loads, lines)
    except (OSError, UnicodeDecodeError) as error:
        raise CaptureError(f"{path} cannot be read: {error}") from None
    except json.JSONDecodeError as error:
        raise CaptureError(f"{path} is neither a JSON list nor JSON lines: {error}") from None
