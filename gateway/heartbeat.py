"""What a gateway says of itself: a retained status, and a last will for when it cannot speak any more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from gateway import wire
from gateway.outbox import Counts

_NOTHING: Mapping[str, object] = {}
LAST_WILL = json.dumps({"v": wire.VERSION, "online": False}).encode()


def status(counts: Counts, *, at: datetime, online: bool = True, more: Mapping[str, object] = _NOTHING) -> bytes:
    """The payload for `maixun/1/<gateway>/status`: how much waits, and `more` of adapter, meters, settings."""
    return json.dumps(
        {
            **more,
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
