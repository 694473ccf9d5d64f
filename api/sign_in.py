"""Signing in and out with a local account, on the page and through the JSON interface."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from api import access, audit, language, sessions
from api.access import SignedIn, Viewer
from api.attempts import Limits, claim, forgive
from api.audit import Action
from api.errors import Refusal
from api.language import Language, msgid
from api.services import Database, Given, Services
from ingest.accounts import Role, password_matches

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["session"])

_HASHING = threading.BoundedSemaphore(2)  # argon2 takes 64 MiB a time: a flood of sign-ins must not eat the memory
HOME = {Role.TECHNICIAN: "/held", Role.ADMIN: "/held", Role.CDC: "/dashboard"}


class Credentials(BaseModel):
    """What a member of staff signs in with."""

    login: str = Field(max_length=40, examples=["dr.wang"])
    password: str = Field(max_length=200, examples=["a long password"])


class Account(BaseModel):
    """Who is signed in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "staff_id": 3,
                    "login": "dr.wang",
                    "display_name": "王医生",
                    "role": "doctor",
                    "station_id": 2,
                    "station_name": "青河卫生站",
                }
            ]
        }
    )

    staff_id: int
    login: str
    display_name: str
    role: Role
    station_id: int | None
    station_name: str | None


@pages.get("/")
def start(request: Request, connection: Database) -> Response:
    """The landing page: one's own first screen, or the sign-in page."""
    viewer = access.find_viewer(request, connection)
    return RedirectResponse(_home(viewer.role) if viewer else "/sign-in", status_code=303)


@pages.get("/sign-in")
def show(request: Request, given: Given, next: str = "/") -> Response:
    """The sign-in page."""
    return given.pages.show(request, "sign_in.html", viewer=None, next=local_path(next), login="", text=None)


@pages.post("/sign-in")
def submit(
    request: Request,
    given: Given,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Sign in, or show the page again with the reason."""
    try:
        token = _sign_in(request, given, Credentials(login=login[:40], password=password))
    except Refusal as refusal:
        text = refusal.says[language.of(request)]
        return given.pages.show(
            request, "sign_in.html", status=refusal.status, viewer=None, next=local_path(next), login=login, text=text
        )
    return _with_cookie(RedirectResponse(local_path(next), status_code=303), request, given, token)


@pages.post("/sign-out")
def leave(request: Request, given: Given, connection: Database, viewer: SignedIn) -> Response:
    """End the session."""
    _sign_out(request, given, connection, viewer)
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(access.COOKIE)
    return response


@pages.get("/no-page")
def no_page(request: Request, given: Given, viewer: SignedIn) -> Response:
    """Where a role without a page of its own lands."""
    return given.pages.show(request, "no_page.html", viewer=viewer)


@pages.get("/language/{chosen}")
def choose_language(chosen: Literal["zh", "en"], next: str = "/") -> Response:
    """Keep the language in a cookie and go back."""
    response = RedirectResponse(local_path(next), status_code=303)
    response.set_cookie(language.COOKIE, Language(chosen), max_age=31_536_000, samesite="lax", httponly=True)
    return response


@json.post("/session", status_code=204, summary="Sign in", responses={401: {}, 429: {}})
def begin(request: Request, given: Given, credentials: Credentials) -> Response:
    """Sets the session cookie. Too many failures for a login or an address are answered with 429 for a while."""
    token = _sign_in(request, given, credentials)
    return _with_cookie(Response(status_code=204), request, given, token)


@json.get("/session", summary="Who is signed in")
def whoami(viewer: SignedIn) -> Account:
    """The account behind the session cookie; its role decides what the other calls answer."""
    return Account.model_validate(viewer, from_attributes=True)


@json.delete("/session", status_code=204, summary="Sign out")
def end(request: Request, given: Given, connection: Database, viewer: SignedIn) -> Response:
    """Ends the session and its live streams."""
    _sign_out(request, given, connection, viewer)
    response = Response(status_code=204)
    response.delete_cookie(access.COOKIE)
    return response


def local_path(path: str) -> str:
    """The path if it stays on this site, else the start page: nobody is led elsewhere after signing in."""
    stays = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if stays else "/"


def _sign_in(request: Request, given: Services, credentials: Credentials) -> str:
    login, address, now = credentials.login.strip().lower(), _address(request), given.now()
    with given.pool.connection() as connection:
        counted = claim(connection, login, address, now, _limits(given))
        staff = connection.execute(
            "select staff_id, password_hash from care.staff where login = %s and active", (login,)
        ).fetchone()
    if not counted:
        raise Refusal(429, "too_many_attempts", msgid("尝试次数过多，请过一段时间再登录，或联系管理员。"))
    with _HASHING:
        right = password_matches(credentials.password, staff["password_hash"] if staff else None)
    if not right or staff is None:
        raise Refusal(401, "wrong_credentials", msgid("账号或密码不正确。"))
    with given.pool.connection() as connection:
        forgive(connection, login, address)
        audit.write(connection, now, staff["staff_id"], Action.SIGN_IN)
        return sessions.begin(connection, staff["staff_id"], now, timedelta(hours=given.settings.session_hours))


def _sign_out(request: Request, given: Services, connection: Database, viewer: Viewer) -> None:
    sessions.end(connection, request.cookies[access.COOKIE])
    audit.write(connection, given.now(), viewer.staff_id, Action.SIGN_OUT)
    given.feed.dismiss(viewer.staff_id)
    given.names.forget(viewer.staff_id)


def _with_cookie(response: Response, request: Request, given: Services, token: str) -> Response:
    response.set_cookie(
        access.COOKIE,
        token,
        max_age=int(given.settings.session_hours * 3600),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


def _limits(given: Services) -> Limits:
    chosen = given.settings
    return Limits(
        window=timedelta(minutes=chosen.sign_in_window_minutes),
        login=chosen.sign_in_failures_login,
        address=chosen.sign_in_failures_address,
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _home(role: Role) -> str:
    return HOME.get(role, "/work")
