"""What an endpoint answers when it cannot do what was asked, in both languages, as page or as JSON."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException as StarletteHTTPException

from api.language import msgid, of, says
from api.services import services
from devices.fhir.outcome import outcome

FHIR = "application/fhir+json"


class Problem(BaseModel):
    """The body of every error of the JSON interface."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"error": "not_found", "says": {"zh": "没有找到，或不在您的管理范围内。", "en": "Not found."}}]
        }
    )
    error: str
    says: dict[str, str]


class Refusal(Exception):
    """An answer other than the one asked for: status, a stable code, and a sentence for the person."""

    def __init__(self, status: int, error: str, text: str, **values: object) -> None:
        """`text` is a marked Chinese text; `values` fill its places."""
        super().__init__(error)
        self.status, self.error, self.says = status, error, says(text, **values)


class NotSignedIn(Refusal):
    """No session, or one that has ended."""

    def __init__(self) -> None:
        """No arguments: the answer is always the same."""
        super().__init__(401, "not_signed_in", msgid("请先登录。"))


def not_found() -> Refusal:
    """The same answer for what does not exist and for what is not yours."""
    return Refusal(404, "not_found", msgid("没有找到，或不在您的管理范围内。"))


def forbidden() -> Refusal:
    """The account's role has nothing to do here."""
    return Refusal(403, "forbidden", msgid("您的岗位不能使用这个页面。"))


def install(app: FastAPI) -> None:
    """Answer refusals, unknown addresses, wrong input and an absent database in one form."""
    app.exception_handler(Refusal)(_refusal)
    app.exception_handler(StarletteHTTPException)(_http)
    app.exception_handler(RequestValidationError)(_invalid)
    for kind in (PoolTimeout, OperationalError):
        app.exception_handler(kind)(_database_away)


def wants_json(request: Request) -> bool:
    """Whether the caller is a program: everything under /api/ answers JSON."""
    return request.url.path.startswith("/api/")


def answer(request: Request, refusal: Refusal) -> Response:
    """The refusal as JSON, as a redirect to the sign-in page, or as a page; to a FHIR client as it expects it."""
    if request.url.path.startswith("/fhir/"):
        said = outcome(refusal.status, " / ".join(refusal.says.values()))
        return JSONResponse(said, status_code=refusal.status, media_type=FHIR)
    if wants_json(request):
        return JSONResponse({"error": refusal.error, "says": refusal.says}, status_code=refusal.status)
    if isinstance(refusal, NotSignedIn):
        return _to_sign_in(request)
    language = of(request)
    return services(request).pages.show(
        request, "problem.html", status=refusal.status, text=refusal.says[language], viewer=None
    )


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request"):  # a swap must not put the sign-in page into half a page
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    back = request.url.path if request.method == "GET" else "/"
    return RedirectResponse(f"/sign-in?next={back}", status_code=303)


async def _refusal(request: Request, error: Refusal) -> Response:
    return answer(request, error)


async def _http(request: Request, error: StarletteHTTPException) -> Response:
    status = error.status_code
    if status == 405:
        return answer(request, Refusal(405, "method_not_allowed", msgid("这个地址不接受这种操作。")))
    return answer(request, not_found() if status == 404 else Refusal(status, "refused", msgid("请求无法处理。")))


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    fields = ", ".join(_field(one) for one in error.errors())
    return answer(request, Refusal(422, "invalid", msgid("请检查填写的内容：%(fields)s"), fields=fields))


async def _database_away(request: Request, _error: Exception) -> Response:
    return answer(request, Refusal(503, "database_away", msgid("暂时连不上数据库，请稍后再试。数据没有丢失。")))


def _field(problem: dict[str, Any]) -> str:
    return ".".join(str(part) for part in problem["loc"][1:]) or "body"
