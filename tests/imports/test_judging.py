"""What a cell, a row and a file say, without a database."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.imports import field, id_number, table
from ingest.imports.field import Field
from ingest.imports.judging import Action, Existing, Resolved, Values, judge
from ingest.imports.problem import NotReadable, Wrong
from ingest.imports.table import Table

FIELDS = (
    Field(name="name", headers=("姓名", "name"), read=field.text, required=True),
    Field(name="born", headers=("出生日期", "birth date"), read=field.day),
)


def resolve(values: Values) -> Resolved:
    known = {"王秀英": Existing(1, {"name": "王秀英", "born": date(1951, 4, 2)})}
    return Resolved(values, known.get(values["name"]), (values["name"],))


def read(text: str, encoding: str = "utf-8", name: str = "list.csv") -> Table:
    return table.read(name, text.encode(encoding), FIELDS, ())


# The first is the example printed in GB 11643-1999 itself; the others are of province 99, which does not exist.
@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", False),
        ("110105194912310021", False),
        ("11010519491331002X", False),
        ("99010119510402002", False),
        ("", False),
        ("１１０１０５１９４９１２３１００２X", False),
    ],
)
def test_an_id_number_is_checked_by_its_last_digit_and_its_birthday(number: str, valid: bool) -> None:
    assert id_number.is_valid(number) is valid


def test_an_id_number_says_birthday_and_sex() -> None:
    assert id_number.read("11010519491231002X") == (date(1949, 12, 31), "female")


@given(st.integers(0, 10**6 - 1), st.dates(date(1900, 1, 1), date(2030, 1, 1)), st.integers(0, 999), st.data())
def test_one_wrong_digit_is_always_noticed(region: int, born: date, serial: int, data: st.DataObject) -> None:
    first = f"{region:06}{born:%Y%m%d}{serial:03}"
    number = first + id_number.check_digit(first)
    assert id_number.is_valid(number)
    assert id_number.read(number) == (born, "male" if serial % 2 else "female")
    place = data.draw(st.integers(0, 16))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert not id_number.is_valid(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize(
    "said", ["2026-01-31", "2026/1/31", "2026.1.31", "20260131", "2026年1月31日", "2026-01-31 00:00:00"]
)
def test_dates_as_people_write_them(said: str) -> None:
    assert field.day(said) == date(2026, 1, 31)


@pytest.mark.parametrize(
    "said", ["2026-02-30", "31.1.2026", "1.2026", "202601", "yesterday", "46053", "2026-01-31 12:00"]
)
def test_what_is_no_date(said: str) -> None:
    with pytest.raises(Wrong):
        field.day(said)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_in_any_encoding_with_a_title_above(encoding: str) -> None:
    found = read("某站居民名单,,\n\n姓名*, 出生日期（公历） ,备注\n王秀英,1951-04-02,好\n,,\n李建国,,\n", encoding)
    assert found.headers == ("姓名*", "出生日期(公历)", "备注")
    assert [(row.number, row.cells["姓名*"]) for row in found.rows] == [(4, "王秀英"), (6, "李建国")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.csv", b""),
        ("list.csv", "甲,乙\n1,2\n".encode()),
        ("list.csv", '姓名\n"开始'.encode()),
        ("list.csv", b"\xff\xff\xff"),
        ("list.xlsx", b"PK\x03\x04 not a workbook"),
        ("list.xls", b"\xd0\xcf\x11\xe0"),
        ("list.json", b"[]"),
        ("list.json", b'{"resourceType": "Bundle"}'),
        ("list.csv", b"x" * (table.MOST_BYTES + 1)),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(name: str, content: bytes) -> None:
    with pytest.raises(NotReadable) as refused:
        table.read(name, content, FIELDS, ())
    assert refused.value.says.zh
    assert refused.value.says.en


def test_rows_are_new_changed_the_same_or_refused_with_the_reason() -> None:
    found = judge(
        read("姓名,出生日期,备注\n王秀英,1951-04-02,\n王秀英,,\n赵六,,\n,1950-01-01,\n钱七,1950-13-01,\n"),
        FIELDS,
        resolve,
    )
    assert [(change.row, change.action) for change in found.changes] == [(2, Action.UNCHANGED), (4, Action.NEW)]
    assert [(p.row, p.column, p.blocks) for p in found.problems] == [
        (1, "备注", False),
        (3, "", True),
        (5, "姓名", True),
        (6, "出生日期", True),
    ]
    assert [row.number for row in found.refused] == [3, 5, 6]
    changed = judge(read("姓名,出生日期\n王秀英,1951-04-03\n"), FIELDS, resolve).changes[0]
    assert (changed.action, changed.values) == (Action.UPDATED, {"born": date(1951, 4, 3)})


def test_a_blank_cell_erases_nothing() -> None:
    assert judge(read("姓名,出生日期\n王秀英,\n"), FIELDS, resolve).changes[0].action is Action.UNCHANGED


def test_a_missing_column_is_named() -> None:
    with pytest.raises(NotReadable, match="姓名"):
        judge(read("出生日期\n1951-04-02\n"), FIELDS, resolve)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=12), min_size=2, max_size=2
        ),
        max_size=6,
    )
)
def test_no_cell_that_is_given_back_is_a_formula_and_none_is_lost(rows: list[list[str]]) -> None:
    content = table.as_csv(["姓名", "出生日期"], rows)
    back = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for line in back for cell in line)
    assert [[cell.removeprefix("'") for cell in line] for line in back[1:]] == [
        [c.removeprefix("'") for c in row] for row in rows
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from(["王秀英", "赵六", "钱七", ""]), st.sampled_from(["", "1951-04-02", "x"])), max_size=8
    )
)
def test_every_row_is_accounted_for_once(rows: list[tuple[str, str]]) -> None:
    lines = [("姓名", "出生日期"), *rows]
    found = judge(read("\n".join(",".join(line) for line in lines)), FIELDS, resolve)
    told: list[Any] = [change.row for change in found.changes] + [row.number for row in found.refused]
    assert sorted(told) == [n for n, line in enumerate(lines[1:], 2) if any(line)]
    assert {p.row for p in found.problems if p.blocks} == {row.number for row in found.refused}
    assert sum(found.counts.values()) == len(told)
