"""The test vectors: real captures and published test values, each with its source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILES = [Path(__file__).with_name(name) for name in ("ble_vectors.json", "more_vectors.json")]


@dataclass(frozen=True, slots=True)
class Vector:
    """One packet and what it must decode to; `expected` is `{"error": true}` for one that must be refused."""

    uuid: str
    packet: bytes
    expected: object
    quirks: frozenset[str]

    @property
    def refused(self) -> bool:
        """Whether decoding must fail."""
        return self.expected == {"error": True}

    def __str__(self) -> str:
        return f"{self.uuid} {self.packet.hex()}"


VECTORS = tuple(
    Vector(
        uuid=each["uuid"],
        packet=bytes.fromhex(each["hex"]),
        expected=each["expected"],
        quirks=frozenset({each["quirk"]} if "quirk" in each else ()),
    )
    for file in FILES
    for each in json.loads(file.read_text(encoding="utf-8"))
)
