"""A person at a kiosk without a browser: sees the page as its stream tells it, taps through its HTTP interface."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

Connect = Callable[[], socket.socket]


class Visitor:
    """`page`: what the kiosk shows, a `gateway.kiosk.view.View`. `taps`: how often the screen was touched.

    `waits`: seconds from each action to the page after it.
    """

    def __init__(self, connect: Connect) -> None:
        """`connect`: a fresh connection to the kiosk. Use `at_the_kiosk`."""
        self.taps = 0
        self.waits: list[float] = []
        self.page: dict[str, Any] = {}
        self._connect = connect
        self.stream = self._ask("GET", "/api/events")

    def act(self, action: str, *, taps: int = 1, **fields: Any) -> None:
        """Do something that takes so many taps, and see the page that follows."""
        self.taps += taps
        body = {"action": action, "step": self.page["step"], **fields}
        touched = time.perf_counter()
        answer = self._ask("POST", "/api/act", json.dumps(body))
        told = answer.read()
        self.waits.append(time.perf_counter() - touched)
        assert answer.status == 200, (body, answer.status, told)
        self._see(json.loads(told))

    def until(self, step: str, **shown: Any) -> dict[str, Any]:
        """Watch the page until it is at that step and its part shows these; returns that part."""
        while self.page["step"] != step or any(self.part.get(name) != value for name, value in shown.items()):
            self._see(self._told())
        return self.part

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and content of any address of the kiosk."""
        answer = self._ask("GET", path)
        return answer.status, answer.read()

    @property
    def part(self) -> dict[str, Any]:
        """The part of the page that belongs to its step."""
        return self.page.get(self.page["step"]) or {}

    def first_look(self) -> None:
        """The stream begins with the page as it is."""
        self.page = self._told()

    def _see(self, page: dict[str, Any]) -> None:
        """The answer to a tap may overtake the stream: a page that is older is no news."""
        if page["revision"] >= self.page["revision"]:
            self.page = page

    def _told(self) -> dict[str, Any]:
        while line := self.stream.readline():
            if line.startswith(b"event: state"):
                told: dict[str, Any] = json.loads(self.stream.readline().removeprefix(b"data: "))
                return told
        raise AssertionError(f"the stream ended; the page was {self.page}")

    def _ask(self, method: str, path: str, body: str | None = None) -> HTTPResponse:
        connection = HTTPConnection("kiosk")
        connection.sock = self._connect()
        headers = {"Connection": "close"} | ({"Content-Type": "application/json"} if body else {})
        connection.request(method, path, body, headers)
        return connection.getresponse()


@contextmanager
def at_the_kiosk(connect: Connect) -> Iterator[Visitor]:
    """Step in front of it."""
    visitor = Visitor(connect)
    try:
        visitor.first_look()
        yield visitor
    finally:
        visitor.stream.close()
