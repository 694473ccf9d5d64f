"""The bar: all pages of a role in their order, as many as stand in one line; the rest behind "more"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access import Viewer
from api.language import Language
from api.navigation import ENTRIES, bar
from ingest.accounts import Role


def viewer(role: Role, name: str = "王医生", station: str | None = None) -> Viewer:
    return Viewer(
        staff_id=1, login="x", display_name=name, role=role, station_id=1, station_name=station, region_prefix=None
    )


@given(
    st.sampled_from(Role), st.sampled_from(Language), st.text(max_size=30), st.none() | st.text("站县a ", max_size=60)
)
def test_every_page_is_in_the_bar_or_behind_more_in_order(
    role: Role, language: Language, name: str, station: str | None
) -> None:
    placed = bar(viewer(role, name, station), language)
    assert [*placed.shown, *placed.others] == [entry for entry in ENTRIES if role in entry.roles]
    longer = bar(viewer(role, f"{name}长名字", station), language)
    assert len(longer.shown) <= len(placed.shown)


@pytest.mark.parametrize("language", Language)
def test_a_doctor_has_everything_in_one_line(language: Language) -> None:
    assert bar(viewer(Role.DOCTOR, station="柳塘社区卫生服务站"), language).others == []
