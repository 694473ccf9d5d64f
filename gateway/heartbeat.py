"""What a gateway says of itself: a retained status, and a last will for when it cannot speak any more."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from gateway import wire
from gateway.outbox import Counts

LAST_WILL = json.dumps({"v": wire.VERSION, "online": False}).encode()


def status(counts: Counts, *, at: datetime, online: bool = True) -> bytes:
    """The payload for `maixun/1/<gateway>/status`: no device, no person, only how much waits."""
    return json.dumps(
        {
            "v": wire.VERSION,
            "online": online,
            "at": wire.moment(at),
            "queued": counts.unsettled,
            "refused": counts.refused,
            "version": _version(),
        }
    ).encode()


def _version() -> str:
    try:
        return version("maixun")
    except PackageNotFoundError:  # run from a checkout
        return "0"
