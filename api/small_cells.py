"""The threshold of suppression, `config/small_cells.yaml`."""

from __future__ import annotations

from pydantic import Field

from maixun.configuration import Settings


class SmallCells(Settings):
    """Counts from 1 to below `threshold` are hidden."""

    threshold: int = Field(ge=2)
    source: str
    verified: bool
