"""A chart as page and file show it: a picture, the same numbers as a table, how to read it, what it was counted by."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.dashboard.svg import Drawing
from api.reporting.files import harmless


class Name(StrEnum):
    """The charts, as addresses name them."""

    TREND = "trend"
    RANKING = "ranking"
    OUTCOMES = "outcomes"
    PYRAMID = "pyramid"
    RHYTHM = "rhythm"
    OVERVIEW = "overview"
    FLEET = "fleet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a chart's numbers. `at`: the place it leads to."""

    cells: Sequence[str]
    at: str | None = None
    indicator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of a chart as text; the first `labels` columns name the row, the others are right-aligned."""

    headings: Sequence[str]
    rows: Sequence[Row]
    labels: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A definition: its mark, and what it says with version, source and verification."""

    mark: str
    says: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One of them. `picture`: None where there is nothing to draw, and then `says` tells why."""

    name: Name
    title: str
    says: Sequence[str]
    picture: Drawing | None
    numbers: Numbers
    notes: Sequence[Note]


def as_csv(chart: Chart, facts: Sequence[tuple[str, str]]) -> bytes:
    """The table with what stands around it, UTF-8 with a mark, so that spreadsheets show Chinese."""
    file = io.StringIO(newline="")
    lines = csv.writer(file)
    lines.writerow([harmless(chart.title)])
    lines.writerows(map(harmless, fact) for fact in facts)
    lines.writerow([])
    lines.writerow(map(harmless, chart.numbers.headings))
    lines.writerows(map(harmless, row.cells) for row in chart.numbers.rows)
    lines.writerow([])
    lines.writerows([harmless(each)] for each in chart.says)
    lines.writerows([harmless(note.mark), harmless(note.says)] for note in chart.notes)
    return file.getvalue().encode("utf-8-sig")
