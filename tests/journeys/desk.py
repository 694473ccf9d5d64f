"""A member of staff at a desk: signed in through real HTTP, with the live stream open when wanted."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from httpx2 import Client, Response

PATIENCE = 30.0  # seconds until a test gives up waiting


class Stream:
    """The events of one open stream, in their order."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        """Reads on a thread of its own until the server ends the stream, or `close`."""
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._socket = connection.sock
        self._reader = threading.Thread(target=self._read, args=(response,), daemon=True)
        self._reader.start()

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next alert that is wanted. Raises `queue.Empty` when nothing at all comes for too long."""
        while not wanted(event := self._events.get(timeout=PATIENCE)):
            pass
        return event

    def has_ended(self) -> bool:
        """Whether the server ends the stream in time."""
        self._reader.join(PATIENCE)
        return not self._reader.is_alive()

    def close(self) -> None:
        """Leave; the reader sees the end at once."""
        with suppress(OSError):  # the server was first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(PATIENCE)

    def _read(self, response: HTTPResponse) -> None:
        with suppress(HTTPException):  # cut in the middle of a chunk
            while line := response.readline():
                if line.startswith(b"data: {"):
                    self._events.put(json.loads(line.removeprefix(b"data: ")))


class Desk:
    """What a program would do with the interface, as one person."""

    def __init__(self, client: Client) -> None:
        """Use `desk`."""
        self.client = client

    def read(self, path: str, **parameters: str | int) -> Any:
        """The JSON at `/api/v1<path>`."""
        answer = self.client.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, path: str, **body: Any) -> Response:
        """The answer to a decision."""
        return self.client.post(f"/api/v1{path}", json=body)

    @contextmanager
    def stream(self) -> Iterator[Stream]:
        """The live stream, open for the length of the block."""
        address = urlsplit(str(self.client.base_url))
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        with closing(HTTPConnection(address.hostname or "", address.port)) as connection:
            connection.request("GET", "/api/v1/alerts/stream", headers={"cookie": cookies})
            response = connection.getresponse()
            assert response.status == 200
            with closing(Stream(connection, response)) as stream:
                yield stream


@contextmanager
def desk(address: str, login: str, password: str) -> Iterator[Desk]:
    """Somebody signed in."""
    with Client(base_url=address, headers={"origin": address}, timeout=PATIENCE) as client:
        answer = client.post("/api/v1/session", json={"login": login, "password": password})
        assert answer.status_code == 204, answer.text
        yield Desk(client)
