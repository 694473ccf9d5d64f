"""A POST of JSON with a time-out; what went wrong is named, and no address is ever part of the words."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ingest.alerting.channels.outcome import MendChannel, TryAgain

LONGEST_ANSWER = 100_000  # bytes; what a robot answers is a line


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message is for the address that was configured and for no other."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Refuse."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def post(url: str, body: bytes, *, timeout: float, headers: Mapping[str, str] | None = None) -> bytes:
    """The body of the answer. Raises `TryAgain` (no connection, 408, 429, 5xx) and `MendChannel` (anything else)."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise MendChannel("the channel's address is no http or https address")
    request = urllib.request.Request(  # noqa: S310 - looked at above
        url, data=body, method="POST", headers={"content-type": "application/json; charset=utf-8", **(headers or {})}
    )
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            return bytes(answer.read(LONGEST_ANSWER))
    except urllib.error.HTTPError as error:
        error.close()
        kind = TryAgain if error.code in (408, 429) or error.code >= 500 else MendChannel
        raise kind(f"HTTP {error.code}") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise TryAgain(f"no answer ({type(reason).__name__})") from None


def answered(body: bytes) -> dict[str, Any]:
    """An answer as JSON object. Raises `TryAgain`: something in between answered instead."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TryAgain("the answer was not the service's own")
    return found


def dumped(content: Mapping[str, Any]) -> bytes:
    """JSON as these services take it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
