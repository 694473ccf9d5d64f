"""Settings of the `api` process: `config/api.yaml`."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from maixun.configuration import Settings


class ApiSettings(Settings):
    """One field a key of `config/api.yaml`; what each is for stands there."""

    host: str
    port: int = Field(ge=0, le=65535)
    zone: str
    session_hours: float = Field(gt=0)
    sign_in_window_minutes: float = Field(gt=0)
    sign_in_failures_login: int = Field(ge=1)
    sign_in_failures_address: int = Field(ge=1)
    stream_minutes: float = Field(gt=0)
    heartbeat_seconds: float = Field(gt=0)
    list_limit: int = Field(ge=1, le=1000)
    recent_days: int = Field(ge=1)
    database_connections: int = Field(ge=2)
    database_wait_seconds: float = Field(gt=0)

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{zone!r} is no time zone: use a name such as Asia/Shanghai") from None
        return zone

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone every time is shown in."""
        return ZoneInfo(self.zone)
