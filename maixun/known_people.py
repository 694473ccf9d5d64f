"""The list of people whom a kiosk may recognise, as both ends hold it: short digests of tokens, in parts.

A digest is too short to tell a person by: of a stolen kiosk's list, with its key, one would learn of many numbers that
they might be on it. For a wrong PIN among 30,000 people to be taken for right has a chance of one in five hundred, and
then the server holds the reading, because it knows tokens and not digests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TypeAlias
from uuid import UUID

PARTS = 16  # by a digest's first four bits: a newly registered person changes one or few of them
DIGEST_BYTES = 3
_FINGERPRINT_BYTES = 6

Parts: TypeAlias = tuple[bytes, ...]  # PARTS of them, each its digests in order, one behind the other


def digest(token: UUID) -> bytes:
    """What stands for a token in the list."""
    return blake2b(token.bytes, digest_size=DIGEST_BYTES, person=b"maixun known").digest()


def parts(tokens: Iterable[UUID]) -> Parts:
    """The list of these people."""
    sorted_into: list[list[bytes]] = [[] for _ in range(PARTS)]
    for each in sorted({digest(token) for token in tokens}):
        sorted_into[each[0] >> 4].append(each)
    return tuple(b"".join(digests) for digests in sorted_into)


def digests(part: bytes) -> list[bytes]:
    """What a part holds. Raises `ValueError` for a length that no part has."""
    if len(part) % DIGEST_BYTES:
        raise ValueError(f"{len(part)} bytes are no digests")
    return [part[start : start + DIGEST_BYTES] for start in range(0, len(part), DIGEST_BYTES)]


def fingerprints(held: Sequence[bytes]) -> list[str]:
    """What tells both ends whether they hold the same: 12 hexadecimal digits a part."""
    return [blake2b(part, digest_size=_FINGERPRINT_BYTES).hexdigest() for part in held]


def differing(wanted: Parts, said: Sequence[str]) -> dict[int, bytes]:
    """The parts that somebody who says these fingerprints has not; all for one without a list, who says none."""
    return {
        number: part
        for number, (part, fingerprint) in enumerate(zip(wanted, fingerprints(wanted), strict=True))
        if number >= len(said) or said[number] != fingerprint
    }
