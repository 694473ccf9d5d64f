"""The report as CSV and as a DHIS2 data value set."""

from __future__ import annotations

import csv
import io
import json

from api.reporting.period import Span, local_date
from api.reporting.sheet import Sheet
from api.reporting.table import Cell, Column, Shape, Table, text

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for a formula


def as_csv(sheet: Sheet) -> bytes:
    """All tables one after the other, UTF-8 with a mark, so that spreadsheets show Chinese."""
    file = io.StringIO(newline="")
    lines = csv.writer(file)
    lines.writerow([harmless(sheet.title)])
    lines.writerows([harmless(name), harmless(value)] for name, value in sheet.facts)
    for table in sheet.tables:
        lines.writerow([])
        lines.writerow([harmless(table.title[sheet.language])])
        headings = [heading[sheet.language] for heading in table.headings]
        lines.writerow([*map(harmless, headings), *(harmless(_heading(column, sheet)) for column in table.columns)])
        for row in table.rows:
            cells = (text(cell, column.shape) for column, cell in zip(table.columns, row.cells, strict=True))
            lines.writerow([*(harmless(label[sheet.language]) for label in row.labels), *cells])
    lines.writerow([])
    lines.writerows([harmless(mark), harmless(note)] for mark, note in sheet.notes)
    return file.getvalue().encode("utf-8-sig")


def _heading(column: Column, sheet: Sheet) -> str:
    group = column.group[sheet.language] if column.group else ""
    label = column.label[sheet.language]
    return f"{group}: {label}" if group else label


def harmless(value: str) -> str:
    """A text no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(DANGEROUS) else value


def as_dhis2(sheet: Sheet, data_set: str, codes: dict[str, str]) -> bytes:
    """A data value set: counts by institution; rates are made there from numerators and denominators.

    `codes`: organisation unit by row key. Year-to-date figures are elements of their own: DHIS2 has no such period.
    The set is complete when the report is closed.
    """
    head = sheet.head
    values = [
        {"dataElement": element, "period": str(head.period), "orgUnit": codes[row.key], "value": str(cell.numerator)}
        for table in sheet.tables
        for row in table.rows
        if row.key in codes
        for column, cell in zip(table.columns, row.cells, strict=True)
        if (element := _element(table, column, cell)) is not None
    ]
    document: dict[str, object] = {
        "dataSet": data_set,
        "dataSetIdScheme": "CODE",
        "dataElementIdScheme": "CODE",
        "orgUnitIdScheme": "CODE",
        "period": str(head.period),
        "dataValues": values,
    }
    if head.closed_at:
        document["completeDate"] = str(local_date(head.closed_at))
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _element(table: Table, column: Column, cell: Cell) -> str | None:
    """The code of a data element, e.g. HYPERTENSION_MANAGED_YTD; None for what is not sent."""
    if column.shape is Shape.RATE or cell.numerator is None:
        return None
    programme, _, span = table.name.partition("_")
    suffix = "_YTD" if span == Span.YEAR_TO_DATE else ""
    return f"{programme}_{column.key}".upper() + suffix
