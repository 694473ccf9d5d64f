"""Says a lasting condition once, and again only when it changed: logs stay readable through a night without network."""

from __future__ import annotations

import logging


class Saying:
    """The condition of one thing, as last logged."""

    def __init__(self, log: logging.Logger) -> None:
        """`log` is the logger of whoever speaks."""
        self._log = log
        self._condition: str | None = None

    def trouble(self, condition: str, detail: str) -> None:
        """Log `detail` as a warning when the condition is new."""
        if condition != self._condition:
            self._log.warning("%s", detail)
        self._condition = condition

    def well(self, detail: str) -> None:
        """Log `detail` when there was trouble before, or nothing yet."""
        if self._condition != "":
            self._log.info("%s", detail)
        self._condition = ""
