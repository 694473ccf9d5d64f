"""Results that stay open for the person's phone: in memory, by a random token, for a quarter of an hour."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.kiosk.names import Language
from gateway.kiosk.view import Judged, ResultPage

_TOKEN_BYTES = 16  # nobody guesses one of 2**128 in a quarter of an hour


@dataclass(slots=True)
class Pages:
    """The open pages."""

    valid: timedelta
    _open: dict[str, ResultPage] = field(default_factory=dict)

    def open(self, judged: tuple[Judged, ...], language: Language, now: datetime) -> str:
        """Open a page and return its token."""
        self._close_old(now)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._open[token] = ResultPage(measured_at=now, language=language, judged=judged, valid_until=now + self.valid)
        return token

    def get(self, token: str, now: datetime) -> ResultPage | None:
        """The page, None when there never was one or its time is over."""
        self._close_old(now)
        return self._open.get(token)

    def _close_old(self, now: datetime) -> None:
        self._open = {token: page for token, page in self._open.items() if now < page.valid_until}
