"""Settings of the ingest process: `config/ingest.yaml`, each key overridable as `MAIXUN_INGEST_<KEY>`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from maixun.configuration import Settings


class Limits(Settings):
    """What time a reading may claim."""

    future_seconds: Annotated[float, Field(ge=0)] = 600
    oldest_days: Annotated[float, Field(gt=0)] = 1100


class IngestSettings(Settings):
    """Sizes and times of one worker; the reason for each number stands in the file."""

    worker: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "ingest-1"
    writers: Annotated[int, Field(ge=1, le=16)] = 2
    batch_readings: Annotated[int, Field(ge=1, le=20_000)] = 1000
    batch_milliseconds: Annotated[float, Field(ge=0, le=10_000)] = 20
    session_days: Annotated[float, Field(gt=0, le=365)] = 7
    tls_ca: str | None = None
    tls_certificate: str | None = None
    tls_key: str | None = None
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    limits: Limits = Limits()

    @property
    def window(self) -> int:
        """Messages the broker may send unacknowledged (receive-maximum): a batch for every writer and one waiting.

        It bounds memory and back-pressure; throughput is at most the window divided by the time of a batch.
        """
        return min(65_535, (self.writers + 1) * self.batch_readings)
