"""Channels as a configuration would name them, and a small server that answers as told and keeps what it was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ingest.alerting.channels import settings
from ingest.alerting.channels.settings import ChannelsSettings, InPage, Mail, WeCom
from ingest.alerting.policy import Way

CHANNELS: ChannelsSettings = settings.read()
KEY = bytes(range(32))
Asked = tuple[str, dict[str, str], bytes]  # path with query, headers in lower case, body


def in_page() -> InPage:
    """The pages."""
    return InPage(kind="in_page", enabled=True, way=Way.IN_PAGE, per_minute=6000)


def group(**changes: Any) -> WeCom:
    """A robot in a group."""
    usual: dict[str, Any] = {"kind": "wecom", "enabled": True, "way": Way.APP, "per_minute": 20}
    return WeCom(**(usual | changes))


def mail(port: int = 25, **changes: Any) -> Mail:
    """Mail through a relay on this machine."""
    usual: dict[str, Any] = {
        "kind": "mail",
        "enabled": True,
        "way": Way.MAIL,
        "per_minute": 60,
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "maixun@example.org",
        "timeout_seconds": 2,
    }
    return Mail(**(usual | changes))


@contextmanager
def answering(answer: Callable[[Asked], tuple[int, bytes]]) -> Iterator[tuple[str, list[Asked]]]:
    """A server on this machine: its address, and what it was asked so far."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = (self.path, headers, self.rfile.read(length))
            asked.append(request)
            status, body = answer(request)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
