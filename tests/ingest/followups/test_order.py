"""The order of what is overdue: what makes waiting dangerous comes first, and says so."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest.followups.order import MOST_WEEKS, Waiting, points
from tests.ingest.followups.made import RULEBOOK

ORDER = RULEBOOK.file.order


def waiting(**about: Any) -> Waiting:
    usual: dict[str, Any] = {
        "reason": "quarterly",
        "tier": None,
        "classification": "controlled",
        "lives_alone": False,
        "age": 60,
        "days_overdue": 1,
    }
    return Waiting(**usual | about)


def total(**about: Any) -> int:
    return sum(each.points for each in points(waiting(**about), ORDER))


def test_danger_goes_before_routine() -> None:
    reasons = ("emergency", "referred", "unsatisfactory", "quarterly", "yearly", "package:medication_guidance")
    order = [total(reason=reason) for reason in reasons]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == len(order)
    assert total(tier=1) > total(tier=2) > total(tier=3) > total(tier=4) == total()
    assert total(reason="emergency") > total(classification="uncontrolled", lives_alone=True, age=85, days_overdue=60)


def test_every_point_has_its_reason_the_most_first() -> None:
    found = points(waiting(tier=2, classification="uncontrolled", lives_alone=True, age=80, days_overdue=15), ORDER)
    assert {each.code for each in found} == {
        "reasons",
        "open_alert",
        "last_uncontrolled",
        "lives_alone",
        "aged_80",
        "week_overdue",
    }
    assert [each.points for each in found] == sorted((each.points for each in found), reverse=True)


@given(days=st.integers(-400, 2000), more=st.integers(0, 400))
def test_waiting_longer_never_counts_less_and_never_outweighs_danger(days: int, more: int) -> None:
    assert total(days_overdue=days) <= total(days_overdue=days + more) <= total(days_overdue=0) + MOST_WEEKS
    assert total(reason="unsatisfactory", days_overdue=1) > total(days_overdue=days)
