"""The order of work: who comes first, in which section, whatever the order in which it was read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.worklist import Alarm, Section, Task, Wanted, arrange, cut

TODAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def alarm(resident_id: int, tier: int, state: str = "open", *, waited: int = 1, returned: bool = False) -> Alarm:
    """An alert that waits for so many hours."""
    return Alarm(
        resident_id=resident_id,
        episode_id=resident_id * 100 + tier,
        cause=f"cause_{tier}",
        tier=tier,
        state=state,
        since=NOON - timedelta(hours=waited),
        revision=1,
        returned_from="acknowledged" if returned else None,
        in_hand_of=None,
    )


def task(resident_id: int, days: int, reason: str = "quarterly") -> Task:
    """A follow-up due in so many days; negative: overdue."""
    return Task(
        resident_id=resident_id,
        follow_up_id=resident_id,
        programme="hypertension",
        reason=reason,
        due_on=TODAY + timedelta(days=days),
    )


def order(*work: Alarm | Task) -> list[tuple[int, str]]:
    """Residents with their sections, in order."""
    alarms = [one for one in work if isinstance(one, Alarm)]
    tasks = [one for one in work if isinstance(one, Task)]
    return [(entry.resident_id, entry.section.value) for entry in arrange(alarms, tasks, TODAY)]


def test_urgent_before_review_and_the_longest_waiting_first() -> None:
    work = (alarm(1, 3), alarm(2, 1, waited=1), alarm(3, 2, waited=9), alarm(4, 1, waited=5))
    assert order(*work) == [(4, "now"), (2, "now"), (3, "now"), (1, "week")]


def test_what_somebody_has_in_hand_is_for_today_and_what_came_back_is_before_its_like() -> None:
    work = (alarm(1, 1, "acknowledged"), alarm(2, 2), alarm(3, 2, returned=True), alarm(4, 3, returned=True))
    assert order(*work) == [(3, "now"), (2, "now"), (1, "today"), (4, "today")]


def test_one_entry_a_resident_with_all_causes() -> None:
    (entry,) = arrange([alarm(1, 3), alarm(1, 1), alarm(1, 2, "shelved")], [task(1, 3), task(1, 60)], TODAY)
    assert entry.section is Section.NOW
    assert [one.tier for one in entry.alarms] == [1, 3, 2], "the most severe first, what is set aside last"
    assert [one.due_on for one in entry.tasks] == [TODAY + timedelta(days=3)], "what is far off is not this week's work"


def test_set_aside_alone_is_no_work() -> None:
    assert order(alarm(1, 1, "shelved"), task(2, 8)) == []


def test_tasks_by_risk_then_the_longest_overdue() -> None:
    work = (task(1, -90), task(2, -3, "emergency"), task(3, 0), task(4, 7), task(5, -5))
    assert order(*work) == [(2, "today"), (1, "today"), (5, "today"), (3, "today"), (4, "week")]


def test_filters_admit_by_any_alert() -> None:
    entries = arrange([alarm(1, 1), alarm(1, 3), alarm(2, 2)], [task(3, 0)], TODAY)
    admitted = [entry.resident_id for entry in entries if Wanted(tier=3).admits(entry)]
    assert admitted == [1]
    assert [e.resident_id for e in entries if Wanted(cause="cause_2").admits(e)] == [2]
    assert len([e for e in entries if Wanted().admits(e)]) == 3


ALARMS = st.lists(
    st.builds(
        alarm,
        st.integers(1, 6),
        st.integers(1, 4),
        st.sampled_from(("open", "acknowledged", "shelved")),
        waited=st.integers(0, 90),
        returned=st.booleans(),
    ),
    max_size=12,
)
TASKS = st.lists(st.builds(task, st.integers(1, 6), st.integers(-99, 30)), max_size=6)


@given(ALARMS, TASKS, st.randoms())
def test_the_order_does_not_depend_on_how_it_was_read(alarms: list[Alarm], tasks: list[Task], random: object) -> None:
    once = arrange(alarms, tasks, TODAY)
    random.shuffle(alarms)  # type: ignore[attr-defined]
    assert [(e.resident_id, e.section, e.order) for e in arrange(alarms, tasks, TODAY)] == [
        (e.resident_id, e.section, e.order) for e in once
    ]


@given(ALARMS, TASKS)
def test_nobody_with_an_open_urgent_alert_is_missing_from_now(alarms: list[Alarm], tasks: list[Task]) -> None:
    entries = arrange(alarms, tasks, TODAY)
    urgent = {one.resident_id for one in alarms if one.tier <= 2 and one.state == "open"}
    assert {entry.resident_id for entry in entries if entry.section is Section.NOW} == urgent
    assert len({entry.resident_id for entry in entries}) == len(entries)


@given(ALARMS, TASKS, st.integers(1, 4))
def test_pages_of_a_section_are_the_whole_section(alarms: list[Alarm], tasks: list[Task], limit: int) -> None:
    entries = arrange(alarms, tasks, TODAY)
    for section in Section:
        seen, after, more = [], None, True
        while more:
            page, more = cut(entries, section, after, limit)
            seen += page
            after = page[-1].order if page else None
        assert seen == [entry for entry in entries if entry.section is section]
