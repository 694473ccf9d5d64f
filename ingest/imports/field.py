"""One column of a list: what it may be called, and how a cell is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ingest.imports import id_number
from ingest.imports.problem import Said, Wrong

_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))(?:[ T]00:00(?::00)?)?")
_LONGEST = 200

Reader = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`headers`: the first is the one of our own sheets, the second its English; all are understood."""

    name: str
    headers: tuple[str, ...]
    read: Reader
    required: bool = False


def plain(cell: str) -> str:
    """A cell without what people cannot see: full-width digits and letters, spaces around, a leading apostrophe."""
    return unicodedata.normalize("NFKC", cell).strip().removeprefix("'").strip()


def header(cell: str) -> str:
    """A header without what sheets put around it: a star for required, a remark in brackets, case, spaces."""
    return re.sub(r"\(.*?\)|[\s*:]", "", plain(cell)).lower()


def text(said: str) -> str:
    """Anything, up to 200 characters."""
    if len(said) > _LONGEST:
        raise Wrong(Said(f"太长，最多 {_LONGEST} 个字", f"too long: at most {_LONGEST} characters"))
    return said


def matching(pattern: str, says: Said) -> Reader:
    """A reader for text of one form."""
    form = re.compile(pattern)

    def read(said: str) -> str:
        if not form.fullmatch(said):
            raise Wrong(says)
        return said

    return read


def day(said: str) -> date:
    """A date: 2026-01-31, 2026/1/31, 2026.1.31, 20260131 or 2026年1月31日."""
    match = _DATE.fullmatch(said)
    try:
        if match is None:
            raise ValueError
        year, *others = (int(part) for part in match.groups() if part is not None)
        return date(year, *others)
    except ValueError:
        raise Wrong(Said("不是日期，请写成 2026-01-31", "not a date: write 2026-01-31")) from None


def whole(low: int, high: int) -> Reader:
    """A reader for a whole number within bounds."""

    def read(said: str) -> int:
        number = said.replace(",", "").removesuffix("年").removesuffix(".0")
        if not re.fullmatch(r"\d{1,10}", number) or not low <= int(number) <= high:
            raise Wrong(Said(f"应为 {low} 到 {high} 的整数", f"must be a whole number from {low} to {high}"))
        return int(number)

    return read


def choice(words: Mapping[str, Any]) -> Reader:
    """A reader for one of several words; case does not count."""
    known = {word.lower(): value for word, value in words.items()}

    def read(said: str) -> Any:
        if said.lower() not in known:
            allowed = ", ".join(words)
            raise Wrong(Said(f"无法识别，可以写：{allowed}", f"not known: write one of {allowed}"))
        return known[said.lower()]

    return read


def identity(said: str) -> str:
    """A valid ID number with a capital X."""
    number = said.upper().replace(" ", "")
    if not id_number.is_valid(number):
        raise Wrong(
            Said(
                "身份证号有误（位数、出生日期或校验位不对）。请与证件核对；在表格软件中请把该列设为文本",
                "the ID number is wrong (length, birthday or check digit): compare it with the card;"
                " in a spreadsheet format the column as text",
            )
        )
    return number


YES_NO = choice({"是": True, "否": False, "yes": True, "no": False, "y": True, "n": False, "1": True, "0": False})
SEX = choice(
    {"男": "male", "女": "female", "未知": "unknown", "male": "male", "female": "female", "unknown": "unknown"}
)
