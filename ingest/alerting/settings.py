"""Settings of the alerting process, `config/alerting.yaml`."""

from __future__ import annotations

from pydantic import Field

from maixun.configuration import Settings


class AlertingSettings(Settings):
    """How the engine works, not what it judges by."""

    poll_seconds: float = Field(gt=0, le=5)
    people_at_once: int = Field(gt=0, le=10_000)
    retry_seconds: float = Field(gt=0, le=4)  # a stop is obeyed within five seconds
    review_after_seconds: float = Field(ge=0, le=1800)  # less than the lease of a review (`ingest.alerting.review`)
    reviews_at_once: int = Field(gt=0, le=1000)
    review_every_seconds: float = Field(gt=0, le=600)
    agreements_every_seconds: float = Field(gt=0, le=86_400)
    trouble_every_seconds: float = Field(gt=0, le=3600)
