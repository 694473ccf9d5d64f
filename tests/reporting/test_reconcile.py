"""A ledger against the records: the 5.1 points of the reference have names, and every row is accounted for."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.reporting.figures import Counted
from api.reporting.ledger import UnreadableLedger, read
from api.reporting.reconcile import Said, reconcile
from ingest.identity import hash_id_number

KEY = bytes(32)


def record(resident: int, counted: bool, why: str = "no_visit") -> Counted:
    return Counted(resident, 1, None, 1, int(counted), "visited_each_quarter" if counted else why)


def test_the_five_point_one_points_are_246_people() -> None:
    """4860 managed; the ledger says 3402 by the standard (70.0 %), the system 3648 (75.1 %)."""
    records = [record(person, person < 3648) for person in range(4860)]
    ledger = [Said(person + 2, person, person < 3402) for person in range(4860)]
    outcome = reconcile(ledger, records)
    assert (outcome.ledger_total, outcome.records_total, outcome.denominator) == (3402, 3648, 4860)
    assert round(100 * outcome.ledger_total / outcome.denominator, 1) == 70.0
    assert round(100 * outcome.records_total / outcome.denominator, 1) == 75.1
    assert round(outcome.points or 0, 1) == 5.1
    assert [each.resident_id for each in outcome.differences] == list(range(3402, 3648))
    assert {each.why for each in outcome.differences} == {"visited_each_quarter"}


def test_equal_totals_hide_different_people() -> None:
    outcome = reconcile([Said(2, 1, True), Said(3, 2, False)], [record(1, False, "quarter_missed"), record(2, True)])
    assert outcome.ledger_total == outcome.records_total == 1
    assert [(each.resident_id, each.in_ledger, each.why) for each in outcome.differences] == [
        (1, True, "quarter_missed"),
        (2, False, "visited_each_quarter"),
    ]


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 9)), st.sampled_from([True, False, None]))),
    st.dictionaries(st.integers(0, 9), st.booleans()),
)
def test_every_row_and_every_person_is_accounted_for(
    rows: list[tuple[int | None, bool | None]], records: dict[int, bool]
) -> None:
    said = [Said(number, who, counted) for number, (who, counted) in enumerate(rows)]
    outcome = reconcile(said, [record(person, counted) for person, counted in records.items()])
    named = {each.resident_id for each in said if each.resident_id is not None and each.counted is not None}
    assert outcome.both + outcome.neither + len(outcome.differences) == len(named | records.keys())
    rows_of_people = sum(each.resident_id is not None and each.counted is not None for each in said)
    assert rows_of_people == len(named) + len(outcome.repeated)
    assert outcome.records_total == sum(records.values())
    yes = {each.resident_id for each in said if each.counted and each.resident_id is not None}
    assert outcome.both + outcome.ledger_only == len(yes)
    assert len(outcome.unknown) == sum(each.resident_id is None and each.counted is True for each in said)
    assert len(outcome.unclear) == sum(each.counted is None for each in said)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_as_spreadsheets_in_the_country_write_it(encoding: str) -> None:
    text = "姓名,身份证号,是否计入\r\n张三,33010819600615123x,是\r\n李四,330108196006151248,否\r\n,,\r\n王五,,maybe\r\n"
    entries = read("台账.csv", text.encode(encoding), KEY).entries
    assert [(each.row, each.counted) for each in entries] == [(2, True), (3, False), (5, None)]
    assert entries[0].key == hash_id_number("33010819600615123X", KEY)
    assert entries[2].key is None


def test_a_workbook_without_a_yes_column_counts_everybody_in_it() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["ID_Number"])
    book.active.append(["330108196006151248"])
    file = io.BytesIO()
    book.save(file)
    (entry,) = read("ledger.XLSX", file.getvalue(), KEY).entries
    assert (entry.row, entry.counted) == (2, True)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"no workbook", "not_a_table"),
        ("a.csv", b"\xff\xfe\x00\x01\xff", "not_a_table"),
        ("a.csv", b"", "not_a_table"),
        ("a.csv", "姓名\n张三\n".encode(), "no_key_column"),
    ],
)
def test_what_is_no_ledger_is_refused_with_a_reason(name: str, content: bytes, code: str) -> None:
    with pytest.raises(UnreadableLedger) as refused:
        read(name, content, KEY)
    assert refused.value.code == code
