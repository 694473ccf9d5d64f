"""Settings of indicators and reports: `config/reporting.yaml`."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from maixun.configuration import Settings


class Dhis2(BaseModel):
    """What a receiving DHIS2 instance calls our report; identifiers are its codes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    data_set: str = Field(pattern=r"^[A-Za-z0-9_-]+$")


class ReportingSettings(Settings):
    """One field a key; what each is for stands in the file."""

    zone: str
    age_bands: tuple[int, ...] = Field(min_length=1)
    due_day: int = Field(ge=1, le=28)
    county_names: dict[str, str]
    pdf_fonts: tuple[Path, ...]
    dhis2: Dhis2

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone whose days and quarters count."""
        return ZoneInfo(self.zone)
