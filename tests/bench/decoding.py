"""How many packets a second the decoders read, beside unpacking the same bytes with `struct` alone."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator

from devices.gatt import decode
from tests.bench.figure import Figure

_ROUNDS = 60_000
_PACKETS = {
    "2A35": (bytes.fromhex("167c0056006100e807060f11111b33000000"), struct.Struct("<BHHHHBBBBBHH")),
    "2A18": (bytes.fromhex("1b0100e307021b0b0a1efbff1e00120501"), struct.Struct("<BHHBBBBBhHBH")),
}


def figures() -> Iterator[Figure]:
    """One figure a characteristic."""
    for uuid, (packet, layout) in _PACKETS.items():

        def decoded(uuid: str = uuid, packet: bytes = packet) -> object:
            return decode(uuid, packet)

        def unpacked(packet: bytes = packet, layout: struct.Struct = layout) -> object:
            return layout.unpack_from(packet)

        rates = [_rate(decoded), _rate(unpacked)]
        yield Figure(
            name=f"decode {uuid}", value=rates[0], unit="packets/s", baseline_name="struct.unpack", baseline=rates[1]
        )


def _rate(work: Callable[[], object]) -> float:
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(_ROUNDS):
            work()
        best = max(best, _ROUNDS / (time.perf_counter() - began))
    return best
