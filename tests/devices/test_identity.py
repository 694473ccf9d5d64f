"""The content id: the same for the same record, another for another, and ordered by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from devices.identity import reading_id

MILLISECOND = timedelta(milliseconds=1)
stamps = st.datetimes()
records = st.tuples(st.text(), st.text(), st.binary(), stamps | st.none())


@given(records, records)
def test_two_records_have_the_same_id_only_when_they_are_the_same(
    one: tuple[str, str, bytes, datetime | None], other: tuple[str, str, bytes, datetime | None]
) -> None:
    assert reading_id(*one) == reading_id(*one)
    if (one[0].upper(), *one[1:3]) != (other[0].upper(), *other[1:3]):
        assert reading_id(*one) != reading_id(*other)


@given(
    st.binary(),
    st.binary(),
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2500, 1, 1)),
    st.timedeltas(min_value=MILLISECOND, max_value=timedelta(days=9999)),
)
def test_ids_sort_by_the_meters_stamp(one: bytes, other: bytes, earlier: datetime, apart: timedelta) -> None:
    assert reading_id("a", "2A35", one, earlier) < reading_id("a", "2A35", other, earlier + apart)


@given(records)
def test_it_is_a_uuid_of_version_8_that_holds_the_stamp(record: tuple[str, str, bytes, datetime | None]) -> None:
    made = reading_id(*record)
    stamp = record[3]
    assert (made.version, made.variant) == (8, UUID(int=2 << 62).variant)
    if stamp is not None and stamp.year >= 1970:
        assert made.int >> 80 == (stamp.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // MILLISECOND


def test_a_meters_address_is_the_same_in_any_case() -> None:
    assert reading_id("a4:c1:38:00:00:01", "2A35", b"x", None) == reading_id("A4:C1:38:00:00:01", "2A35", b"x", None)


def test_the_id_of_a_known_record_never_changes() -> None:
    """The ledger of every installation depends on it: a change here doubles every reading that is sent again."""
    packet = bytes.fromhex("167c0056006100e807060f11111b33001000")
    made = reading_id("A4:C1:38:00:00:01", "2A35", packet, datetime(2024, 6, 15, 17, 17, 27))
    assert str(made) == "01901ce7-6c58-851c-9d0c-78847cc978f2"
