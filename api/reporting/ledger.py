"""A station's own ledger (台账), from CSV or XLSX: who it says was served. ID numbers are hashed as they are read."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from openpyxl import load_workbook

from ingest.identity import hash_id_number

ID_NUMBER = ("身份证号", "身份证号码", "公民身份号码", "id_number")
TOKEN = ("居民标识", "token")
COUNTED = ("是否计入", "计入", "counted")
YES = {"是", "y", "yes", "1", "true", "√", "有"}
NO = {"否", "n", "no", "0", "false", "×", "无"}
MOST_ROWS = 200_000


class UnreadableLedger(Exception):
    """The file is none, or lacks a column; `code` says which."""

    def __init__(self, code: str) -> None:
        """`code`: not_a_table, no_key_column, too_long."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its number in the file, who, and whether the ledger counts them. `counted` None: neither yes nor no."""

    row: int
    key: bytes | UUID | None
    counted: bool | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of a file in order."""

    entries: list[Entry] = field(default_factory=list)


def read(name: str, content: bytes, key: bytes) -> Ledger:
    """The ledger in a file. A header row names the person's column and, where there is one, the yes/no column.

    Raises `UnreadableLedger`.
    """
    rows = _xlsx(content) if name.lower().endswith(".xlsx") else _csv(content)
    header = next(rows, None)
    if header is None:
        raise UnreadableLedger("not_a_table")
    titles = [title.strip().lower() for title in header]
    by_number, by_token, counted = (_column(titles, names) for names in (ID_NUMBER, TOKEN, COUNTED))
    if by_number is None and by_token is None:
        raise UnreadableLedger("no_key_column")
    ledger = Ledger()
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS:
            raise UnreadableLedger("too_long")
        if any(row):
            who = _token(_at(row, by_token)) or _hashed(_at(row, by_number), key)
            ledger.entries.append(Entry(number, who, _yes(_at(row, counted)) if counted is not None else True))
    return ledger


def _column(titles: Sequence[str], names: Iterable[str]) -> int | None:
    return next((titles.index(name) for name in names if name in titles), None)


def _at(row: Sequence[str], column: int | None) -> str:
    return row[column].strip() if column is not None and column < len(row) else ""


def _yes(said: str) -> bool | None:
    word = said.lower()
    return True if word in YES else False if word in NO else None


def _token(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _hashed(text: str, key: bytes) -> bytes | None:
    return hash_id_number(text, key) if text else None


def _csv(content: bytes) -> Iterator[list[str]]:
    """UTF-8 with or without a mark, else GB 18030: what spreadsheets in the country write."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise UnreadableLedger("not_a_table") from None
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error:
        raise UnreadableLedger("not_a_table") from None


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, IndexError):
        raise UnreadableLedger("not_a_table") from None
    for row in sheet.iter_rows(values_only=True):
        yield ["" if value is None else str(value) for value in row]
