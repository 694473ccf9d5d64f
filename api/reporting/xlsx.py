"""The report as a workbook in the form's layout: merged headings, number formats, lines to sign on."""

from __future__ import annotations

import io

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from api.reporting.sheet import Sheet
from api.reporting.table import Cell, Row, Shape, Table, text

_BORDER = {"border": 1, "valign": "vcenter", "font_name": "SimSun", "font_size": 10}
_FORMATS = {
    "title": {"bold": True, "align": "center", "valign": "vcenter", "font_name": "SimSun", "font_size": 16},
    "fact": {"font_name": "SimSun", "font_size": 10},
    "heading": _BORDER | {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#E6F1F5"},
    "label": _BORDER,
    "count": _BORDER | {"num_format": "#,##0", "align": "right"},
    "rate": _BORDER | {"num_format": "0.0%", "align": "right"},
    "absent": _BORDER | {"align": "right"},
    "note": {"font_name": "SimSun", "font_size": 10, "text_wrap": True, "valign": "top"},
}
_TOTAL = {"bold": True, "bg_color": "#F3F5F7"}
_FIRST_HEADING = 3  # rows before it: title, facts, an empty one


def write(sheet: Sheet) -> bytes:
    """The file. Text is written as text whatever it begins with, so no cell is a formula."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": sheet.title, "comments": "; ".join(mark for mark, _ in sheet.notes)[:250]})
    formats = {name: book.add_format(how) for name, how in _FORMATS.items()}
    totals = {name: book.add_format(_FORMATS[name] | _TOTAL) for name in ("label", "count", "rate", "absent")}
    for table in sheet.tables:
        _table(book.add_worksheet(_tab(table, sheet)), table, sheet, formats, formats | totals)
    _notes(book.add_worksheet(sheet.translate("指标定义")), sheet, formats)
    book.close()
    return file.getvalue()


def _tab(table: Table, sheet: Sheet) -> str:
    """At most 31 characters and none of those a tab's name may not have."""
    return "".join(each for each in table.title[sheet.language] if each not in "[]:*?/\\")[:31]


def _table(page: Worksheet, table: Table, sheet: Sheet, formats: dict[str, Format], totals: dict[str, Format]) -> None:
    width, spoken = len(table.headings) + len(table.columns), sheet.language
    page.merge_range(0, 0, 0, width - 1, f"{sheet.title} — {table.title[spoken]}", formats["title"])
    page.set_row(0, 28)
    page.merge_range(
        1, 0, 1, width - 1, "    ".join(f"{name}: {value}" for name, value in sheet.facts), formats["fact"]
    )
    _headings(page, table, sheet, formats)
    for place, row in enumerate(table.rows, start=_FIRST_HEADING + 2):
        _row(page, place, row, table, sheet, totals if row.total else formats)
    _signatures(page, _FIRST_HEADING + 3 + len(table.rows), width, sheet, formats)
    page.set_column(0, len(table.headings) - 2, 12)
    page.set_column(len(table.headings) - 1, len(table.headings) - 1, 26)
    page.set_column(len(table.headings), width - 1, 12)
    page.freeze_panes(_FIRST_HEADING + 2, len(table.headings))
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_FIRST_HEADING, _FIRST_HEADING + 1)
    page.set_footer("&C&P / &N")


def _headings(page: Worksheet, table: Table, sheet: Sheet, formats: dict[str, Format]) -> None:
    top, spoken = _FIRST_HEADING, sheet.language
    for place, heading in enumerate(table.headings):
        page.merge_range(top, place, top + 1, place, heading[spoken], formats["heading"])
    place = len(table.headings)
    for group, columns in table.groups:
        name = group[spoken] if group else ""
        if columns > 1:
            page.merge_range(top, place, top, place + columns - 1, name, formats["heading"])
        else:
            page.write_string(top, place, name, formats["heading"])
        place += columns
    for place, column in enumerate(table.columns, start=len(table.headings)):
        page.write_string(top + 1, place, column.label[spoken], formats["heading"])
    page.set_row(top + 1, 54)


def _row(page: Worksheet, place: int, row: Row, table: Table, sheet: Sheet, formats: dict[str, Format]) -> None:
    for number, label in enumerate(row.labels):
        page.write_string(place, number, label[sheet.language], formats["label"])
    for number, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True), start=len(row.labels)):
        _cell(page, place, number, cell, column.shape, formats)


def _cell(page: Worksheet, row: int, column: int, cell: Cell, shape: Shape, formats: dict[str, Format]) -> None:
    value = cell.rate if shape is Shape.RATE else cell.numerator
    if value is None:
        page.write_string(row, column, text(cell, shape), formats["absent"])
    else:
        page.write_number(row, column, value, formats[shape.value])


def _signatures(page: Worksheet, row: int, width: int, sheet: Sheet, formats: dict[str, Format]) -> None:
    for number, (what, who) in enumerate(sheet.signatures):
        page.write_string(
            row, number * width // len(sheet.signatures), f"{what}: {who or '____________'}", formats["fact"]
        )


def _notes(page: Worksheet, sheet: Sheet, formats: dict[str, Format]) -> None:
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 110)
    for row, (mark, words) in enumerate(sheet.notes):
        page.write_string(row, 0, mark, formats["note"])
        page.write_string(row, 1, words, formats["note"])
