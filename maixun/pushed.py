"""What a server may set at a gateway from afar: one model for both ends. Left out: as the gateway's own file says.

Only what can be taken back: every key here takes effect with a new connection, and a gateway that does not come back
with it returns to what it had.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PushedSettings(BaseModel):
    """One field a key of `config/gateway.yaml`, and `broker`: the URL of the broker to go to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: Annotated[str, Field(pattern=r"^mqtts?://[^\s/@]{1,200}$")] | None = None
    readings_a_message: Annotated[int, Field(gt=0, le=500)] | None = None
    messages_in_flight: Annotated[int, Field(gt=0, le=20)] | None = None
    retry_seconds: Annotated[float, Field(ge=1, le=3600)] | None = None
    longest_retry_seconds: Annotated[float, Field(ge=1, le=86_400)] | None = None
    keepalive_seconds: Annotated[int, Field(ge=5, le=120)] | None = None  # 120: what the broker takes at most
    heartbeat_seconds: Annotated[float, Field(ge=5, le=3600)] | None = None
    keep_stored_hours: Annotated[float, Field(ge=0, le=8760)] | None = None
    keep_journal_hours: Annotated[float, Field(ge=0, le=8760)] | None = None
