"""Messages between the network thread, which only ever appends, and the writers, which take them in batches."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple


class Delivery(NamedTuple):
    """One message as the broker delivered it. Its packet id means something in its own connection epoch only."""

    epoch: int
    packet_id: int  # 0: QoS 0, nothing to acknowledge
    topic: bytes
    payload: bytes
    retained: bool

    @property
    def readings(self) -> int:
        """About how many readings it holds, without parsing it."""
        return self.payload.count(b'"id"') or 1


class Inbox:
    """A queue that hands out batches. The broker's receive-maximum bounds it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Delivery] = deque()
        self._readings = 0
        self._wanted = 1  # readings from which a waiting writer is worth waking
        self._closed = False

    def put(self, deliveries: Iterable[Delivery]) -> None:
        """Append; called by the network thread alone, once a read of the socket."""
        with self._changed:
            for delivery in deliveries:
                self._waiting.append(delivery)
                self._readings += delivery.readings
            if self._readings >= self._wanted:
                self._changed.notify_all()

    def forget(self) -> None:
        """Drop what nobody has taken: after a reconnect the broker delivers it again, under new packet ids."""
        with self._changed:
            self._waiting.clear()
            self._readings = 0

    def close(self) -> None:
        """No more batches: every waiting and every later `take` returns at once, empty-handed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, readings: int, seconds: float) -> list[Delivery]:
        """Wait for a message, then until there are so many readings or so much time has gone; empty when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            deadline = time.monotonic() + seconds
            self._wanted = readings
            while self._readings < readings and not self._closed and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            self._wanted = 1
            return [] if self._closed else self._pop(readings)

    def __len__(self) -> int:
        """Messages waiting."""
        return len(self._waiting)

    def _pop(self, readings: int) -> list[Delivery]:
        batch: list[Delivery] = []
        while self._waiting and readings > 0:
            delivery = self._waiting.popleft()
            batch.append(delivery)
            readings -= delivery.readings
            self._readings -= delivery.readings
        return batch
