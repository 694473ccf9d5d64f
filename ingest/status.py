"""What gateways say of themselves: online, how much is queued, which version. The latest word of each is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from psycopg import Connection
from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import to_json
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from maixun.known_people import PARTS

Count = Annotated[int, Field(ge=0, le=2**53)]
Text = Annotated[str, Field(pattern=r"^[ -~]{0,80}$")]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Words = Annotated[str, Field(pattern=r"^[ -~]{0,300}$")]
_LENIENT = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


@with_config(_LENIENT)
class Meter(TypedDict):
    """What a gateway knows of a meter from its last visit; seconds are positive where its clock was ahead."""

    device: Text
    model: Text
    last_visit: AwareDatetime
    battery: NotRequired[Annotated[int, Field(ge=0, le=100)]]
    clock_error: NotRequired[float]
    clock_left: NotRequired[float]


@with_config(_LENIENT)
class FailingMeter(TypedDict):
    """A meter that is heard and cannot be read."""

    device: Text
    failures: Count
    reason: Words


@with_config(_LENIENT)
class RefusedSettings(TypedDict):
    """Settings that the gateway tried and took back."""

    version: Count
    why: Text


@with_config(_LENIENT)
class Status(TypedDict):
    """One status message. A last will has no `at`: the broker sends it, and does not say since when."""

    v: Literal[1]
    online: bool
    at: NotRequired[AwareDatetime]
    queued: NotRequired[Count]
    refused: NotRequired[Count]
    version: NotRequired[Annotated[str, Field(pattern=r"^[ -~]{0,40}$")]]
    adapter: NotRequired[Literal["well", "absent", "off", "silent"]]
    adapter_says: NotRequired[Words]
    failing: NotRequired[Annotated[list[FailingMeter], Field(max_length=200)]]
    settings: NotRequired[Count]
    trial: NotRequired[bool]
    refused_settings: NotRequired[RefusedSettings]
    meters: NotRequired[Annotated[list[Meter], Field(max_length=200)]]
    people: NotRequired[Annotated[list[Fingerprint], Field(max_length=PARTS)]]


_STATUS: TypeAdapter[Status] = TypeAdapter(Status)

# A last will says nothing but that the gateway is gone: what it said before is kept beside that.
_NOTE = b"""
insert into telemetry.gateway_status as known (gateway, online, seen_at, status)
values (%(gateway)s, %(online)s, coalesce(%(at)s, %(now)s), %(status)s::jsonb)
on conflict (gateway) do update set
    online = excluded.online, seen_at = coalesce(%(at)s, known.seen_at), status = known.status || excluded.status
"""


def read(payload: bytes) -> Status | None:
    """A status message; None when it cannot be read."""
    try:
        return _STATUS.validate_json(payload)
    except ValidationError:
        return None


def note(connection: Connection[Any], gateway: str, status: Status, now: datetime, *, live: bool = True) -> None:
    """Keep what the gateway says. `live`: it has just said so, the broker had not kept it for us.

    `seen_at` is when the gateway last spoke for itself, by its own clock but never later than `now`. A live message
    tells the error of that clock as well: `clock_offset`, seconds, positive when it is ahead.
    """
    said: dict[str, Any] = dict(status)
    at = status.get("at")
    if at is not None and live:
        said["clock_offset"] = round((at - now).total_seconds(), 3)
    values = {
        "gateway": gateway,
        "online": status["online"],
        "at": min(at, now) if at is not None else None,
        "now": now,
        "status": to_json(said).decode(),
    }
    connection.execute(_NOTE, values)
