"""A report in the form a reader asks for: workbook, CSV, PDF or data value set; all made from the same tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from psycopg import Connection
from psycopg.rows import DictRow

from api.language import Language, translator
from api.reporting import files, pdf, xlsx
from api.reporting.reports import Report
from api.reporting.settings import ReportingSettings
from api.reporting.sheet import Sheet
from api.reporting.table import Table


class Kind(StrEnum):
    """What a report can be had as; the value is the file's ending."""

    XLSX = "xlsx"
    CSV = "csv"
    PDF = "pdf"
    JSON = "json"


MEDIA = {
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.CSV: "text/csv; charset=utf-8",
    Kind.PDF: "application/pdf",
    Kind.JSON: "application/json",
}


def sheet(report: Report, tables: Sequence[Table], settings: ReportingSettings, language: Language) -> Sheet:
    """The report in one language, with just these of its tables."""
    used = {column.indicator for table in tables for column in table.columns}
    return Sheet(
        language=language,
        translate=translator(language),
        head=report.head,
        tables=tables,
        definitions=[each for each in report.definitions if each.mark in used],
        due=report.head.period.due(settings.due_day),
    )


def written(kind: Kind, page: Sheet, settings: ReportingSettings, codes: dict[str, str]) -> bytes:
    """The file. `codes`: what DHIS2 calls the row of a table."""
    writers: dict[Kind, Callable[[], bytes]] = {
        Kind.XLSX: lambda: xlsx.write(page),
        Kind.CSV: lambda: files.as_csv(page),
        Kind.PDF: lambda: pdf.write(page),
        Kind.JSON: lambda: files.as_dhis2(page, settings.dhis2.data_set, codes),
    }
    return writers[kind]()


def file_name(report: Report, kind: Kind) -> str:
    """A name without a person in it: region, quarter, version."""
    head = report.head
    return f"maixun-{head.region_prefix}-{head.period}-v{head.version}.{kind}"


def organisation_units(connection: Connection[DictRow]) -> dict[str, str]:
    """The code of each station's row: its region code and number, because several may share one region code."""
    rows = connection.execute("select station_id, region_code from care.station").fetchall()
    return {f"station:{row['station_id']}": f"{row['region_code']}-{row['station_id']}" for row in rows}
