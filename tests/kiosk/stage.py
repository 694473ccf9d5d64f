"""A stage for the pages: shows any view, hears what is touched. No visit behind it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.kiosk.view import Live, View

WEB = Path(__file__).parents[2] / "gateway/kiosk/web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = ((b"content-security-policy", POLICY.encode()), (b"cache-control", b"no-store"))
PATIENCE = 10


class Policy:
    """Every answer carries the policy that the gateway sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def strict(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await self._app(scope, receive, strict)


class Stage:
    """`show` a view on every open page; `heard` are the actions touched there, in order."""

    def __init__(self, view: View, clips: Path) -> None:
        self.view = view
        self.heard: list[dict[str, Any]] = []
        self.then: dict[str, View] = {}  # what an action leads to
        self._streams: set[asyncio.Queue[str | None]] = set()
        self._server = uvicorn.Server(uvicorn.Config(self._app(clips), port=0, log_config=None))
        self._thread = threading.Thread(target=self._run)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        self._thread.start()
        pause = threading.Event()
        for _ in range(PATIENCE * 100):
            if self._server.started:
                return
            pause.wait(0.01)
        raise AssertionError("the stage did not open")

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self._server.should_exit = True
        self._send(None)
        self._thread.join(PATIENCE)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def show(self, view: View) -> None:
        self.view = view.model_copy(update={"revision": self.view.revision + 1})
        self._send(f"event: state\ndata: {self.view.model_dump_json()}\n\n")

    def live(self, live: Live) -> None:
        self._send(f"event: live\ndata: {live.model_dump_json()}\n\n")

    def _send(self, event: str | None) -> None:
        assert self._loop is not None
        for queue in list(self._streams):
            self._loop.call_soon_threadsafe(queue.put_nowait, event)

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve()

        asyncio.run(serve())

    def _app(self, clips: Path) -> Policy:
        app = FastAPI()

        @app.post("/api/act")
        async def act(request: Request) -> JSONResponse:
            action = await request.json()
            self.heard.append(action)
            if action["action"] in self.then:
                self.show(self.then[action["action"]])
            return JSONResponse(json.loads(self.view.model_dump_json()))

        @app.get("/api/events")
        async def events() -> StreamingResponse:
            return StreamingResponse(self._events(), media_type="text/event-stream")

        app.mount("/clips", StaticFiles(directory=clips))
        app.mount("/", StaticFiles(directory=WEB, html=True))
        return Policy(app)

    async def _events(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._streams.add(queue)
        yield f"event: state\ndata: {self.view.model_dump_json()}\n\n"
        while (event := await queue.get()) is not None:
            yield event
