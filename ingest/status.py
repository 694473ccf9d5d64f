"""What gateways say of themselves: online, how much is queued, which version. The latest word of each is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from psycopg import Connection
from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import to_json
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

Count = Annotated[int, Field(ge=0, le=2**53)]


@with_config(ConfigDict(strict=True, extra="ignore", allow_inf_nan=False))
class Status(TypedDict):
    """One status message. A last will has no `at`: the broker sends it, and does not say since when."""

    v: Literal[1]
    online: bool
    at: NotRequired[AwareDatetime]
    queued: NotRequired[Count]
    refused: NotRequired[Count]
    version: NotRequired[Annotated[str, Field(pattern=r"^[ -~]{0,40}$")]]


_STATUS: TypeAdapter[Status] = TypeAdapter(Status)

# A last will says nothing but that the gateway is gone: what it said before is kept beside that.
_NOTE = b"""
insert into telemetry.gateway_status as known (gateway, online, seen_at, status)
values (%(gateway)s, %(online)s, coalesce(%(at)s, %(now)s), %(status)s::jsonb)
on conflict (gateway) do update set
    online = excluded.online, seen_at = coalesce(%(at)s, known.seen_at), status = known.status || excluded.status
"""


def note(connection: Connection[Any], gateway: str, payload: bytes, now: datetime) -> bool:
    """Keep what the gateway says; False when it cannot be read. A status is no reading: what is unreadable is dropped.

    `seen_at` is when the gateway last spoke for itself, by its own clock but never later than `now`.
    """
    try:
        status = _STATUS.validate_json(payload)
    except ValidationError:
        return False
    at = min(status["at"], now) if "at" in status else None
    values = {"gateway": gateway, "online": status["online"], "at": at, "now": now, "status": to_json(status).decode()}
    connection.execute(_NOTE, values)
    return True
