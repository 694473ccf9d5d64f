"""`maixun api`: web pages and HTTP interface."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
import threading

import uvicorn

from api.app import create_app
from api.services import Services
from api.settings import ApiSettings
from ingest.identity import IdentityKeyError
from maixun import endpoints, logs, stopping
from maixun.configuration import ConfigurationError, settings
from maixun.endpoints import NotRunning

log = logging.getLogger(__name__)

GRACE = 3  # seconds for requests under way; streams are ended first, so that the whole stop takes less than five


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen; everything else is in `config/api.yaml`."""
    parser.add_argument("--host", help="address to listen on (default: from config/api.yaml)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for any free one")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    logs.start("api")
    try:
        chosen = settings(ApiSettings, "api")
        app = create_app(chosen, endpoints.database())
        listener = _listen(arguments.host or chosen.host, chosen.port if arguments.port is None else arguments.port)
    except (ConfigurationError, NotRunning, IdentityKeyError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE)
    with listener:
        log.info("pages are at http://%s:%d/", *listener.getsockname()[:2])
        return _serve(uvicorn.Server(config), listener, app.state.services)


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another with MAIXUN_API_PORT"
        ) from None
    # Connections inherit it. asyncio does not see that a socket made here is TCP; without it the body of every answer
    # waits 40 ms for the browser to acknowledge the head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _serve(server: uvicorn.Server, listener: socket.socket, services: Services) -> int:
    """The server runs beside the main thread, so that a signal first ends the streams it would otherwise wait for."""
    stop = stopping.on_signals()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="server")
    thread.start()
    while thread.is_alive() and not stop.wait(0.2):
        pass
    died = thread.is_alive() is False
    server.should_exit = True
    services.feed.close_streams()
    thread.join()
    return 1 if died else 0
