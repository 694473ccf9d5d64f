"""At every request's door: refuses writes another site sends, and tells the browser to run only our own scripts."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Refusal, answer
from api.language import msgid

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
A_YEAR = "public, max-age=31536000, immutable"


class Protection:
    """Pure ASGI, so that it sees streams too and holds nothing back."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cache = caching(scope["path"], scope["query_string"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", cache)
            await send(message)

        app = self.app if scope["method"] in SAFE_METHODS or is_same_origin(Headers(scope=scope)) else _foreign
        await app(scope, receive, send_with_headers)


def is_same_origin(headers: Headers) -> bool:
    """Whether a write comes from our own page: browsers say so, a program sends `Origin` with our address."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


def caching(path: str, query: bytes) -> str:
    """Pages hold personal data and are never kept; files whose address carries their fingerprint are kept a year."""
    if path.startswith(("/static/", "/assets/")):
        return A_YEAR if query.startswith(b"v=") else "no-cache"
    return "no-store"


async def _foreign(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = Refusal(403, "foreign_origin", msgid("这个请求不是从本系统的页面发出的，已拒绝。请从登录页重新进入。"))
    await answer(Request(scope), refusal)(scope, receive, send)
