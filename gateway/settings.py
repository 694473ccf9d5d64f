"""Settings of a gateway: `config/gateway.yaml`."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from gateway.outbox import Limits
from gateway.patience import Patience
from maixun.configuration import ConfigurationError, Settings

Positive = Annotated[int, Field(gt=0)]


class GatewaySettings(Settings):
    """One field a key; what each means stands in the file."""

    zone: str
    consents: dict[str, dict[Annotated[int, Field(ge=0, le=254)], Annotated[int, Field(ge=0, le=9999)]]]
    radio: Patience
    limit_readings: Positive
    reserve_mb: Annotated[int, Field(ge=0)]
    keep_stored_hours: Annotated[float, Field(ge=0)]
    keep_journal_hours: Annotated[float, Field(ge=0)]
    readings_a_message: Annotated[int, Field(gt=0, le=500)]
    messages_in_flight: Annotated[int, Field(gt=0, le=20)]
    limit_under_way: Positive
    retry_seconds: Annotated[float, Field(gt=0)]
    longest_retry_seconds: Annotated[float, Field(gt=0)]
    keepalive_seconds: Positive
    heartbeat_seconds: Annotated[float, Field(gt=0)]
    session_expiry_seconds: Positive
    will_delay_seconds: Annotated[int, Field(ge=0)]
    tls_ca: Path | None
    tls_certificate: Path | None
    tls_key: Path | None

    def limits(self) -> Limits:
        """What the outbox needs to know."""
        return Limits(
            readings=self.limit_readings,
            under_way=self.limit_under_way,
            retry_seconds=self.retry_seconds,
            longest_retry_seconds=self.longest_retry_seconds,
            reserve_bytes=self.reserve_mb << 20,
        )

    def wall_clock(self) -> tzinfo:
        """The zone. Raises `ConfigurationError`."""
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigurationError(
                f"gateway.yaml: zone {self.zone!r} is unknown: write it like Asia/Shanghai, and install tzdata"
            ) from None
