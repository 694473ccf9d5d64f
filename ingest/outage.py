"""The database's absence, said once by a process however many of its writers wait for it."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger(__name__)


class Outage:
    """Shared by the writers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = False

    def met(self, why: str) -> None:
        """A writer could not save its batch: worth a line if the last word was that all is well."""
        with self._lock:
            if not self._told:
                log.warning("the database does not take readings, waiting for it: %s", why)
            self._told = True

    def over(self) -> None:
        """A writer that had to wait has saved its batch."""
        with self._lock:
            if self._told:
                log.info("the database takes readings again")
            self._told = False
