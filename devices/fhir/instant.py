"""A moment as FHIR writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(moment: datetime) -> str:
    """In UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
