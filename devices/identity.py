"""The content id of a reading: the same bytes from the same meter give the same id, through any gateway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = 8 << 76  # RFC 9562: contents defined by the application
_VARIANT = 2 << 62
_VERSION_AND_VARIANT_CLEARED = ~(0xF << 76 | 3 << 62)


def reading_id(device: str, characteristic: str, identifying: bytes, stamp: datetime | None) -> UUID:
    """A UUID of version 8: 48 bits of the device's own stamp, so that a ledger is ordered by time, then a digest.

    `identifying` is what makes the record unique within the meter. `stamp` is what the meter says, naive, read as UTC
    (its zone does not matter here, only that it never changes); for a meter without a clock the moment at which the
    gateway received the packet, aware; None where neither identifies, which sorts first.
    """
    digest = blake2b(digest_size=10)
    for part in (device.upper().encode(), characteristic.encode(), identifying):
        digest.update(len(part).to_bytes(4, "big") + part)
    number = _milliseconds(stamp) << 80 | int.from_bytes(digest.digest(), "big")
    return UUID(int=number & _VERSION_AND_VARIANT_CLEARED | _VERSION | _VARIANT)


def _milliseconds(stamp: datetime | None) -> int:
    if stamp is None:
        return 0
    moment = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return max(0, (moment - _EPOCH) // timedelta(milliseconds=1))
