"""Files of captured GATT packets: a JSON list, or one JSON object a line.

Keys: `characteristic` (or `uuid`), `hex`; optional `device` (else `replay:<position in the file>`), `time` (ISO 8601,
local when it names no zone; else the file's own), `quirk` or `quirks`, `person`. Other keys are passed over, so
that the decoders' own test vectors can be replayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
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


def read(path: Path, *, zone: tzinfo) -> Captures:
    """Read a file. Raises `CaptureError`.

    Packets without a time get the time at which the file was written: so a second replay makes the same readings.
    """
    packets, passed_over = [], 0
    text, written = _content(path)
    for number, entry in enumerate(_entries(path, text), start=1):
        try:
            if not isinstance(entry, dict):
                raise ValueError("is not an object")
            name = str(entry.get("characteristic") or entry["uuid"])
            if name in _NUMBERS:
                passed_over += 1
            else:
                packets.append(_capture(number, name, entry, written, zone))
        except KeyError as missing:
            raise CaptureError(f"{path}, entry {number}: {missing} is missing") from None
        except ValueError as error:
            raise CaptureError(f"{path}, entry {number}: {error}") from None
    return Captures(tuple(packets), passed_over)


def _capture(number: int, name: str, entry: dict[str, Any], written: datetime, zone: tzinfo) -> Capture:
    at = datetime.fromisoformat(str(entry["time"])) if entry.get("time") else written
    quirks = entry.get("quirks") or ([entry["quirk"]] if entry.get("quirk") else [])
    return Capture(
        number=number,
        device=str(entry.get("device") or f"replay:{number}"),
        packet=Packet(short_name(name), bytes.fromhex(str(entry["hex"])), at if at.tzinfo else at.replace(tzinfo=zone)),
        quirks=frozenset(quirks),
        person=UUID(str(entry["person"])) if entry.get("person") else None,
    )


def _content(path: Path) -> tuple[str, datetime]:
    try:
        return path.read_text(encoding="utf-8"), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, UnicodeDecodeError) as error:
        raise CaptureError(f"{path} cannot be read: {error}") from None


def _entries(path: Path, text: str) -> Iterator[Any]:
    lines = filter(str.strip, text.splitlines())
    try:
        yield from json.loads(text) if text.lstrip().startswith("[") else map(json.loads, lines)
    except json.JSONDecodeError as error:
        raise CaptureError(f"{path} is neither a JSON list nor JSON lines: {error}") from None
