"""Who is told next: family doctor, deputy, station lead; nights, leave, gaps; nothing twice, nothing left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.accounts import Role
from ingest.alerting.escalation import Call, Matter, Progress, Told, decide
from ingest.alerting.policy import Policy, Way
from ingest.alerting.rota import GapKind, Rota
from tests.notify.made import (
    ADMIN,
    ALL_WAYS,
    DEPUTY,
    DOCTOR,
    LEAD,
    NIGHT,
    NIGHT_DUTY,
    NIGHT_TWO,
    PAGES_ONLY,
    SECOND,
    STATION,
    TECHNICIAN,
    TUESDAY_TEN,
    duty,
    episode,
    leave,
    local,
    minutes,
    rota,
)


def told_until(matter: Matter, policy: Policy, who: Rota, until: datetime) -> list[tuple[datetime, Call]]:
    """Everything that is sent until then, looking only when a decision says so."""
    found: list[tuple[datetime, Call]] = []
    progress: Progress | None = None
    told: list[Told] = []
    now: datetime | None = matter.opened_at
    while now is not None and now <= until:
        decision = decide(matter, progress, told, policy, who, now)
        progress = decision.progress
        found += [(now, call) for call in decision.calls]
        told = [Told(call.level, all_failed=False) for _, call in found if call.people]
        now = decision.look_at
    return found


def test_a_critical_alert_climbs_through_every_channel_and_level() -> None:
    sent = told_until(episode(), ALL_WAYS, rota(), TUESDAY_TEN + minutes(60))
    assert [((at - TUESDAY_TEN) / minutes(1), call.people) for at, call in sent] == [
        (0, (DOCTOR,)),
        (1, (DOCTOR,)),
        (3, (DOCTOR,)),
        (5, (DOCTOR,)),
        (15, (DEPUTY,)),
        (30, (LEAD,)),
    ]
    assert [call.by for _, call in sent[:4]] == [(Way.IN_PAGE,), (Way.APP, Way.MAIL), (Way.SMS,), (Way.VOICE,)]


def test_with_pages_only_the_time_limits_stay() -> None:
    sent = told_until(episode(), PAGES_ONLY, rota(), TUESDAY_TEN + minutes(60))
    assert [((at - TUESDAY_TEN) / minutes(1), call.people) for at, call in sent] == [
        (0, (DOCTOR,)),
        (15, (DEPUTY,)),
        (30, (LEAD,)),
    ]


def test_an_urgent_alert_waits_four_working_hours_over_the_weekend() -> None:
    friday = local("2026-11-27T16:30")  # an hour of work, two of the evening clinic, then Monday
    sent = told_until(episode(2, friday), ALL_WAYS, rota(), friday + timedelta(days=4))
    assert [(at, call.people) for at, call in sent] == [
        (friday, (DOCTOR,)),
        (local("2026-11-30T09:00"), (DEPUTY,)),
        (local("2026-11-30T15:00"), (LEAD,)),
    ]


def test_a_review_is_for_the_worklist_only() -> None:
    (first,) = told_until(episode(3), ALL_WAYS, rota(), TUESDAY_TEN + timedelta(days=13))
    assert first[1].by == ()


def test_at_night_the_rota_is_told_and_the_second_line_is_the_deputy() -> None:
    who = rota(duties=(NIGHT_DUTY, duty(SECOND, "2026-11-23T17:30", "2026-11-24T08:00", line=2)))
    sent = told_until(episode(since=NIGHT_TWO), PAGES_ONLY, who, NIGHT_TWO + minutes(60))
    assert [call.people for _, call in sent] == [(NIGHT,), (SECOND,), (LEAD,)]


def test_when_the_shift_ends_the_next_one_is_told() -> None:
    before_eight = local("2026-11-24T07:58")
    sent = told_until(episode(since=before_eight), ALL_WAYS, rota(duties=(NIGHT_DUTY,)), before_eight + minutes(4))
    assert [call.people for _, call in sent] == [(NIGHT,), (NIGHT,), (DOCTOR,)]


def test_nobody_on_duty_goes_straight_to_the_station_lead() -> None:
    decision = decide(episode(since=NIGHT_TWO), None, (), ALL_WAYS, rota(), NIGHT_TWO)
    assert [call.people for call in decision.calls][-1] == (LEAD,)
    assert decision.progress is not None
    assert not decision.progress.unanswered


def test_nobody_at_all_is_an_alarm_at_once() -> None:
    decision = decide(episode(since=NIGHT_TWO), None, (), ALL_WAYS, rota(without=(LEAD,)), NIGHT_TWO)
    assert decision.progress is not None
    assert decision.progress.unanswered


def test_all_levels_without_an_answer_are_an_alarm() -> None:
    done = Progress(round=1, tier=1, since=TUESDAY_TEN, level=6)
    told = [Told(6, all_failed=False)]
    early = decide(episode(), done, told, ALL_WAYS, rota(), TUESDAY_TEN + minutes(44))
    assert early.look_at == TUESDAY_TEN + minutes(45)
    late = decide(episode(), done, told, ALL_WAYS, rota(), TUESDAY_TEN + minutes(45))
    assert late.progress == replace(done, unanswered=True)
    assert decide(episode(), late.progress, told, ALL_WAYS, rota(), TUESDAY_TEN + minutes(90)).calls == ()


def test_on_leave_the_deputy_is_told_and_a_circle_of_leaves_is_nobody() -> None:
    away = leave(DOCTOR, NIGHT, "2026-11-24T00:00", "2026-11-25T00:00")
    sent = told_until(episode(), PAGES_ONLY, rota(leaves=(away,)), TUESDAY_TEN)
    assert sent[0][1].people == (NIGHT,)
    back = leave(NIGHT, DOCTOR, "2026-11-24T00:00", "2026-11-25T00:00")
    assert rota(leaves=(away, back)).present(DOCTOR, TUESDAY_TEN) is None


def test_acknowledging_stops_it_and_a_return_starts_anew() -> None:
    progress = Progress(round=1, tier=1, since=TUESDAY_TEN, level=5)
    assert decide(episode(open=False), progress, (), ALL_WAYS, rota(), TUESDAY_TEN + minutes(40)).stop
    again = episode(opening=4, revision=4, opened_at=TUESDAY_TEN + minutes(60))
    decision = decide(again, progress, [Told(5, all_failed=False)], ALL_WAYS, rota(), TUESDAY_TEN + minutes(60))
    assert [call.level for call in decision.calls] == [1]
    assert decision.progress is not None
    assert (decision.progress.round, decision.progress.level) == (4, 1)


def test_what_becomes_more_severe_starts_anew_with_the_stricter_limits() -> None:
    progress = Progress(round=1, tier=2, since=TUESDAY_TEN, level=1)
    worse = episode(1, revision=3, changed_at=TUESDAY_TEN + minutes(50))
    decision = decide(worse, progress, (), ALL_WAYS, rota(), TUESDAY_TEN + minutes(51))
    assert [call.level for call in decision.calls] == [1, 2]
    assert decision.progress is not None
    assert decision.progress.round == 3


def test_when_all_outside_channels_of_a_critical_level_failed_the_next_does_not_wait() -> None:
    progress = Progress(round=1, tier=1, since=TUESDAY_TEN, level=2)
    waits = decide(episode(), progress, [Told(2, all_failed=False)], ALL_WAYS, rota(), TUESDAY_TEN + minutes(1.1))
    assert waits.calls == ()
    goes_on = decide(episode(), progress, [Told(2, all_failed=True)], ALL_WAYS, rota(), TUESDAY_TEN + minutes(1.1))
    assert [call.by for call in goes_on.calls] == [(Way.SMS,)]


def test_an_incident_goes_to_its_role() -> None:
    gateway = episode(2, kind="incident", doctor_id=None, audience=Role.TECHNICIAN)
    sent = told_until(gateway, ALL_WAYS, rota(), TUESDAY_TEN + timedelta(days=1))
    assert [call.people for _, call in sent] == [(TECHNICIAN,), (ADMIN,)]


def test_gaps_are_found_and_covered() -> None:
    since, until = local("2026-11-23T17:30"), local("2026-11-24T14:00")
    assert [(gap.starts_at, gap.ends_at) for gap in rota().gaps(STATION, since, until)] == [
        (local("2026-11-23T17:30"), local("2026-11-23T18:00")),
        (local("2026-11-23T20:00"), local("2026-11-24T08:00")),
        (local("2026-11-24T12:00"), local("2026-11-24T14:00")),
    ]
    assert [gap.starts_at for gap in rota(duties=(NIGHT_DUTY,)).gaps(STATION, since, until)] == [
        local("2026-11-24T12:00")
    ]


def test_a_deputy_who_is_away_too_is_a_gap() -> None:
    both = (
        leave(DOCTOR, DEPUTY, "2026-11-24T00:00", "2026-11-25T00:00"),
        leave(DEPUTY, DOCTOR, "2026-11-24T00:00", "2026-11-25T00:00"),
    )
    gaps = rota(leaves=both).gaps(STATION, local("2026-11-24T08:00"), local("2026-11-24T12:00"))
    assert {(gap.kind, gap.staff_id) for gap in gaps} == {(GapKind.DEPUTY, DOCTOR), (GapKind.DEPUTY, DEPUTY)}


@pytest.mark.parametrize("policy", [ALL_WAYS, PAGES_ONLY])
@given(
    tier=st.integers(1, 4),
    start=st.integers(0, 7 * 24 * 60),
    looks=st.lists(st.integers(0, 5 * 24 * 60), max_size=12),
    lost=st.lists(st.booleans(), max_size=12),
)
def test_however_often_and_late_it_is_looked_at_every_level_is_told_once_in_order(
    policy: Policy, tier: int, start: int, looks: list[int], lost: list[bool]
) -> None:
    """`lost`: the process died before it wrote its decision down, so the next look decides from the old progress."""
    since = local("2026-11-20T00:00") + timedelta(minutes=start)
    who = rota(duties=(duty(NIGHT, "2026-11-20T00:00", "2026-12-20T00:00"),))
    matter, progress, levels = episode(tier, since), None, list[int]()
    crashes = [*lost, *[False] * (len(looks) + 1 - len(lost))]
    for look, crashed in zip([*sorted(looks), 40 * 24 * 60], crashes, strict=False):
        decision = decide(
            matter, progress, [Told(n, all_failed=False) for n in levels], policy, who, since + minutes(look)
        )
        if not crashed:
            progress, levels = decision.progress, [*levels, *(call.level for call in decision.calls)]
            assert decision.look_at is None or decision.look_at > since + minutes(look)
    assert levels == list(range(1, len(levels) + 1))
    if not crashes[len(looks)]:
        assert len(levels) == len(policy.episodes[tier].steps)
