"""The kiosk's HTTP: the page's state, actions and stream; phones' pages; vendors' pushes. Nothing personal in URLs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from fastapi import Body, FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from devices.metrics import Catalogue
from gateway.kiosk import meter_code
from gateway.kiosk import vendor as vendors
from gateway.kiosk.actions import Action
from gateway.kiosk.desk import Desk
from gateway.kiosk.feed import frame_of
from gateway.kiosk.intake import Intake
from gateway.kiosk.names import Measurement
from gateway.kiosk.transitions import NotNow
from gateway.kiosk.vendor import Forged, Incomprehensible, Vendor
from gateway.kiosk.view import ResultPage, View
from gateway.passkey_desk import PasskeyDesk

WEB = Path(__file__).parent / "web"
_FROM_ANYWHERE = ("/r/", "/instruments/", "/phone/", "/js/", "/locale/", "/pictures/")
_LONGEST_PUSH = 64 * 1024  # bytes; a record of numbers has a few hundred
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)


@dataclass(frozen=True, slots=True)
class Push:
    """One vendor that may push: its field map, its key, and the registered devices of its measurements."""

    vendor: Vendor
    key: bytes
    devices: Mapping[Measurement, str]


def create_app(
    desk: Desk,
    intake: Intake,
    pushes: Mapping[str, Push],
    catalogue: Catalogue,
    *,
    window: timedelta,
    clips: Path,
    passkeys: PasskeyDesk,
) -> FastAPI:
    """The application. `window`: how far a push's time may be off. `clips`: the folder of the spoken prompts.

    `passkeys`: where the radio asks for the codes that meters show.
    """
    clips.mkdir(parents=True, exist_ok=True)
    app = FastAPI(title="Maixun kiosk", docs_url=None, redoc_url=None, openapi_url=None)
    _page(app, desk, intake)
    _phones(app, intake)
    _pushes(app, intake, pushes, catalogue, window)
    app.include_router(meter_code.routes(passkeys))
    app.mount("/clips", StaticFiles(directory=clips))
    app.mount("/", StaticFiles(directory=WEB, html=True))
    app.add_middleware(Gate)
    return app


def _page(app: FastAPI, desk: Desk, intake: Intake) -> None:
    kiosk = intake.kiosk

    @app.get("/api/state")
    async def state() -> View:
        """The page as it is now."""
        return kiosk.view()

    @app.post("/api/act", response_model=View, responses={409: {"model": View}})
    async def act(action: Annotated[Action, Body()]) -> Response:
        """Do what was tapped; 409 with the present page when it does not fit."""
        try:
            desk.act(action)
        except NotNow:
            return _json(kiosk.view(), 409)
        return _json(kiosk.view(), 200)

    @app.get("/api/events")
    async def stream() -> StreamingResponse:
        """The page now and at every change, and values on their way."""
        frames: AsyncIterator[bytes] = kiosk.feed.stream(lambda: frame_of("state", kiosk.view()))
        return StreamingResponse(frames, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _phones(app: FastAPI, intake: Intake) -> None:
    kiosk = intake.kiosk

    @app.get("/r/{token}")
    async def result(token: str) -> Response:
        """The person's own page, for a phone."""
        if kiosk.pages.get(token, kiosk.now()) is None:
            return PlainTextResponse("结果已过期,请在自测机上重新查看。\nThis result is no longer open.", 404)
        return FileResponse(WEB / "result.html")

    @app.get("/r/{token}/data", response_model=ResultPage)
    async def data(token: str) -> Response:
        """What that page shows."""
        page = kiosk.pages.get(token, kiosk.now())
        return JSONResponse({"detail": "over"}, 404) if page is None else _json(page, 200)


def _pushes(app: FastAPI, intake: Intake, pushes: Mapping[str, Push], catalogue: Catalogue, window: timedelta) -> None:
    @app.post("/instruments/{name}")
    async def push(name: str, request: Request) -> JSONResponse:
        """A vendor's signed record; pushed again it changes nothing."""
        known = pushes.get(name)
        if known is None:
            return _refused(404, "no vendor of this name is set up, or its key is missing")
        body = await _body(request)
        if body is None:
            return _refused(413, f"a push has at most {_LONGEST_PUSH} bytes")
        now = intake.kiosk.now()
        try:
            vendors.verify(known.vendor, known.key, request.headers, body, now=now, window=window)
            said = vendors.heard(known.vendor, known.devices, body, at=now, catalogue=catalogue)
        except Forged as forged:
            return _refused(401, str(forged))
        except Incomprehensible as error:
            return _refused(422, str(error))
        kept = [intake.take_in(each) for each in said]
        return JSONResponse({"kept": len(said)}) if all(kept) else _refused(503, "not kept: push it again later")


async def _body(request: Request) -> bytes | None:
    """The body, None when it is too long; no more than that is held."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_PUSH:
            return None
    return body


def _json(model: View | ResultPage, status: int) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")


def _refused(status: int, why: str) -> JSONResponse:
    return JSONResponse({"detail": why}, status)


class Gate:
    """The page is for the kiosk's own browser: from elsewhere only phones' pages and pushes are reached."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, with the headers that every answer has."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _is_here(scope) and not scope["path"].startswith(_FROM_ANYWHERE):
            await PlainTextResponse("Only at the kiosk itself.", 403)(scope, receive, send)
            return

        async def with_headers(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]  # type: ignore[misc]
            await send(message)

        await self._app(scope, receive, with_headers)  # type: ignore[arg-type]


def _is_here(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and ip_address(client[0]).is_loopback
