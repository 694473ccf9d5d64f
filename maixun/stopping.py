"""One way to stop: SIGTERM and SIGINT set an event, every loop looks at it, every wait is cut short by it."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. Call once, from the main thread."""
    event = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        event.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return event
