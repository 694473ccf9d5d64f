"""Says a lasting condition once, and again only when it changed: logs stay readable through a night without network."""

from __future__ import annotations

import logging

_WELL = ""


class Saying:
    """The condition of one thing, as last logged."""

    def __init__(self, log: logging.Logger, *, well: bool = False) -> None:
        """`log` is the logger of whoever speaks; `well`: nobody needs to hear that all is well at the start."""
        self._log = log
        self._condition = _WELL if well else None

    def trouble(self, condition: str, detail: str) -> None:
        """Log `detail` as a warning when the condition is new."""
        if condition != self._condition:
            self._log.warning("%s", detail)
        self._condition = condition

    def well(self, detail: str) -> None:
        """Log `detail` when there was trouble before, or nothing was known."""
        if self._condition != _WELL:
            self._log.info("%s", detail)
        self._condition = _WELL
