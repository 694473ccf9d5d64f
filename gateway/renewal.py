"""Watches the end of this gateway's certificate and fetches the next one in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from gateway.identity import Identity
from gateway.saying import Saying

_log = logging.getLogger(__name__)
_LOOK = 6 * 3600.0  # seconds; there is a month to do it in


async def watch(
    identity: Identity,
    renewed: Callable[[], None],
    stop: asyncio.Event,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    look: float = _LOOK,
) -> None:
    """Until `stop`; calls `renewed` after a renewal: a connection goes on with the certificate it began with."""
    saying = Saying(_log, well=True)
    while not stop.is_set():
        if now() >= identity.renew_after:
            identity = await _renewed(identity, saying, renewed)
        try:
            await asyncio.wait_for(stop.wait(), look)
        except TimeoutError:
            continue


async def _renewed(identity: Identity, saying: Saying, renewed: Callable[[], None]) -> Identity:
    """Imports what it needs itself: all the other months a gateway does without."""
    from gateway.claim import ClaimRefused, renew

    try:
        successor = await asyncio.to_thread(renew, identity)
    except ClaimRefused as refused:
        saying.trouble("refused", f"this gateway's certificate ends soon and cannot be renewed: {refused}")
        return identity
    saying.well("the certificate is renewed")
    renewed()
    return successor
