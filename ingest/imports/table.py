"""A list as rows of named cells, out of a CSV or XLSX file or a FHIR Bundle of Patients; nothing is judged here."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from devices.fhir import bundle
from devices.fhir.patient import incoming
from ingest.imports.field import Field, header, plain
from ingest.imports.problem import NotReadable, Said

MOST_BYTES = 20_000_000
MOST_ROWS = 200_000
_UNPACKED_BYTES = 400_000_000  # a sheet of 200,000 rows; beyond it is a file that was made to fill the memory
_HEADER_WITHIN = 10  # rows: titles and remarks stand above the headers in many sheets
_MARKS = ("=", "+", "-", "@", "\t", "\r")  # what makes a cell a formula in a spreadsheet


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as the sheet's program counts; cells by header, as they were written."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """The headers as they stand in the file, and the rows below that are not empty."""

    headers: tuple[str, ...]
    header_row: int
    rows: tuple[Row, ...]


def read(name: str, content: bytes, fields: Sequence[Field], id_number_systems: Sequence[str]) -> Table:
    """The rows of a file, by its name's ending. Raises `NotReadable`."""
    if len(content) > MOST_BYTES:
        raise NotReadable(Said("文件超过 20 MB，请分成几个文件", "the file is over 20 MB: split it"))
    ending = name.lower().rpartition(".")[2]
    if ending == "json":
        return _of_bundle(content, id_number_systems)
    if ending not in ("csv", "xlsx"):
        raise NotReadable(
            Said("只接受 .csv、.xlsx 和 FHIR 的 .json 文件", "only .csv, .xlsx and FHIR .json files are read")
        )
    lines = _workbook(content) if ending == "xlsx" else _text(content)
    return _table(lines, fields)


def as_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV that spreadsheet programs open rightly, in which no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(cell) for cell in headers])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def safe(cell: str) -> str:
    """The cell with an apostrophe in front where a spreadsheet would calculate; `field.plain` takes it away again."""
    return f"'{cell}" if cell.startswith(_MARKS) else cell


def _table(lines: Iterable[Sequence[str]], fields: Sequence[Field]) -> Table:
    known = {header(one) for each in fields for one in each.headers}
    numbered = [(n, line) for n, line in enumerate(lines, 1) if any(cell.strip() for cell in line)]
    if not numbered:
        raise NotReadable(Said("文件是空的", "the file is empty"))
    top = numbered[:_HEADER_WITHIN]
    at, best = max(top, key=lambda one: (sum(header(cell) in known for cell in one[1]), -one[0]))
    if not any(header(cell) in known for cell in best):
        first = "、".join(each.headers[0] for each in fields if each.required)
        raise NotReadable(Said(f"没有找到表头，至少需要：{first}", f"no headers were found; needed at least: {first}"))
    headers = tuple(plain(cell) for cell in best)
    rows = [Row(n, dict(zip(headers, (*line, *[""] * len(headers)), strict=False))) for n, line in numbered if n > at]
    if len(rows) > MOST_ROWS:
        raise NotReadable(Said(f"超过 {MOST_ROWS} 行，请分成几个文件", f"more than {MOST_ROWS} rows: split the file"))
    return Table(headers, at, tuple(rows))


def _text(content: bytes) -> Iterator[list[str]]:
    """UTF-8 with or without its mark, else GB 18030, which is what spreadsheets save on Chinese desks."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            decoded = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            return iter(list(csv.reader(io.StringIO(decoded, newline=""), strict=True)))
        except csv.Error:
            raise NotReadable(
                Said("不是完整的 CSV（引号不成对？）", "not a whole CSV (a quote without its pair?)")
            ) from None
    raise NotReadable(
        Said("文字编码无法识别，请另存为 UTF-8 或 GBK 的 CSV", "the encoding is not known: save as CSV in UTF-8 or GBK")
    )


def _workbook(content: bytes) -> Iterator[list[str]]:
    """The first sheet of a workbook, row by row."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > _UNPACKED_BYTES:
                raise NotReadable(Said("工作簿太大，请分成几个文件", "the workbook is too large: split it"))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        lines = [[_cell(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError):
        raise NotReadable(Said("不是可用的 .xlsx 文件，请重新另存", "not a sound .xlsx file: save it anew")) from None
    return iter(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_OF_PATIENT = {"name": "姓名", "id_number": "身份证号", "sex": "性别", "birth_date": "出生日期", "station": "机构"}


def _of_bundle(content: bytes, id_number_systems: Sequence[str]) -> Table:
    """Patients as rows; what is no Patient is left out. `number` is the place in the Bundle."""
    try:
        resources = bundle.resources(json.loads(content))
    except (ValueError, AttributeError, RecursionError):
        raise NotReadable(Said("不是 FHIR Bundle", "not a FHIR Bundle")) from None
    rows = []
    for number, resource in enumerate(resources, 1):
        if resource.get("resourceType") == "Patient":
            said = incoming(resource, id_number_systems)
            rows.append(Row(number, {word: getattr(said, name) or "" for name, word in _OF_PATIENT.items()}))
    if not rows:
        raise NotReadable(Said("Bundle 中没有 Patient", "there is no Patient in the Bundle"))
    return Table(tuple(_OF_PATIENT.values()), 0, tuple(rows))
