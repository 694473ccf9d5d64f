"""The state machine: every state against every event, and what each change does to the episode."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Flag
from ingest.alerting import episode as machine
from ingest.alerting.episode import ENGINE_OUTCOMES, Episode, Outcome, Transition, absorb
from ingest.alerting.finding import Finding, Verdict, Why
from ingest.alerting.person import StoredReading
from ingest.alerting.rules import evaluate
from ingest.alerting.states import TABLE, Event, NotAllowed, State, following
from tests.ingest.alerting.people import DAY, MINUTE, NONE, NOON, finding, pressure, shipped, somebody, sugar

LATER = NOON + 3 * MINUTE

# The expected machine, written a second time and another way round: by event.
ENGINE_EVENTS = {
    Event.SUSPECTED: "new->confirming",
    Event.CONFIRMED: "new->open confirming->open",
    Event.WORSENED: "confirming->open acknowledged->open shelved->open",
    Event.SILENCE: "confirming->closed",
    Event.LAPSED: "confirming->closed",
    Event.NORMAL: "confirming->closed",
    Event.CLEARED: "confirming->closed open->closed acknowledged->closed shelved->closed",
}
OTHER_EVENTS = {
    Event.RETURNS: "acknowledged->open shelved->open",
    Event.ACKNOWLEDGE: "open->acknowledged",
    Event.ACT: "open->acknowledged acknowledged->acknowledged shelved->shelved",
    Event.SHELVE: "open->shelved acknowledged->shelved",
    Event.UNSHELVE: "shelved->open",
    Event.CLOSE: "open->closed acknowledged->closed shelved->closed",
}
IMPOSSIBLE = {(None, Event.WORSENED)}  # what is not there cannot get worse


@pytest.mark.parametrize(("state", "event"), list(product([None, *State], Event)))
def test_every_state_meets_every_event(state: State | None, event: Event) -> None:
    name = state.value if state else "new"
    moves = dict(move.split("->") for move in (ENGINE_EVENTS | OTHER_EVENTS)[event].split())
    if name in moves:
        assert following(state, event) is State(moves[name])
    elif event in ENGINE_EVENTS and state is not State.CLOSED and (state, event) not in IMPOSSIBLE:
        assert following(state, event) in (None, state)
    else:
        with pytest.raises(NotAllowed, match=name if state else "not there"):
            following(state, event)


def test_the_table_knows_every_state() -> None:
    assert set(TABLE) == {None, *State}


def begun(*readings: StoredReading, now: datetime = NOON) -> Episode:
    """The stored episode that readings begin."""
    transition = absorb(None, finding(*readings, now=now), now)
    assert transition
    assert transition.before is None
    assert transition.actor == "engine"
    return replace(transition.after, episode_id=7)


def opened() -> Episode:
    return begun(sugar(2.8))


def step(episode: Episode, found: Finding | None, now: datetime) -> Transition:
    transition = absorb(episode, found, now)
    assert transition
    assert transition.before == episode
    assert transition.after.revision == episode.revision + 1
    assert transition.after.changed_at == now
    return transition


def test_a_suspicion_waits_and_is_not_yet_shown() -> None:
    episode = begun(pressure(186, 112))
    assert (episode.state, episode.opened_at, episode.due_at) == (State.CONFIRMING, None, NOON + 10 * MINUTE)


def test_the_same_finding_again_changes_nothing() -> None:
    first = pressure(186, 112)
    assert absorb(begun(first), finding(first, now=LATER), LATER) is None


def test_an_agreeing_repeat_opens() -> None:
    first, second = pressure(186, 112), pressure(185, 100, LATER)
    transition = step(begun(first), finding(first, second, now=LATER), LATER)
    assert (transition.after.state, transition.after.opened_at) == (State.OPEN, LATER)
    assert transition.why is Why.AGREED
    assert transition.after.due_at is None
    assert len(transition.after.finding["readings"]) == 2


def test_no_repeat_in_time_opens() -> None:
    first, over = pressure(186, 112), NOON + 10 * MINUTE
    transition = step(begun(first), finding(first, now=over), over)
    assert (transition.after.state, transition.why) == (State.OPEN, Why.UNREPEATED)
    assert transition.after.finding["why"] == Why.UNREPEATED


def test_a_normal_repeat_closes_as_not_confirmed_and_the_first_reading_stays_on_record() -> None:
    first, second = pressure(186, 112), pressure(150, 90, LATER)
    episode = begun(first)
    transition = step(episode, finding(first, second, now=LATER), LATER)
    assert (transition.after.state, transition.after.outcome) == (State.CLOSED, Outcome.NOT_CONFIRMED)
    assert (transition.after.opened_at, transition.after.due_at) == (None, None)
    assert transition.after.finding == episode.finding
    assert transition.finding
    assert len(transition.finding["readings"]) == 2


def test_a_milder_repeat_opens_at_the_milder_tier() -> None:
    first, second = sugar(17.5), sugar(14.2, LATER)
    episode = begun(first)
    assert episode.tier == 1
    transition = step(episode, finding(first, second, now=LATER), LATER)
    assert (transition.after.state, transition.after.tier) == (State.OPEN, 2)


def test_a_doubtful_value_without_repeat_closes_as_not_confirmed() -> None:
    first, over = pressure(186, 112, flags=Flag.BODY_MOVEMENT), NOON + 10 * MINUTE
    transition = step(begun(first), finding(first, now=over), over)
    assert (transition.after.state, transition.after.outcome) == (State.CLOSED, Outcome.NOT_CONFIRMED)
    assert transition.why is Why.DOUBTFUL


def test_a_suspicion_whose_readings_have_grown_old_closes_as_stale() -> None:
    transition = step(begun(pressure(186, 112)), None, NOON + 3 * DAY)
    assert (transition.after.state, transition.after.outcome) == (State.CLOSED, Outcome.STALE)
    assert transition.why is Why.STALE


def test_an_open_episode_survives_silence_and_one_normal_reading() -> None:
    episode = opened()
    assert absorb(episode, None, NOON + 5 * DAY) is None
    assert absorb(episode, finding(sugar(5.5, NOON + 5 * DAY), now=NOON + 5 * DAY), NOON + 5 * DAY) is None


def test_two_normal_readings_resolve_it_even_when_the_first_one_is_long_past() -> None:
    course = [sugar(5.5, NOON + 5 * DAY), sugar(5.6, NOON + 5 * DAY + MINUTE)]
    after = NOON + 6 * DAY
    transition = step(opened(), low(*course, now=after), after)
    assert (transition.after.state, transition.after.outcome) == (State.CLOSED, Outcome.RESOLVED)


def low(*readings: StoredReading, now: datetime) -> Finding | None:
    """What readings say of low glucose."""
    return next((f for f in evaluate(somebody(), readings, shipped(), now) if f.cause == "glucose_low"), None)


def test_a_new_reading_is_added_to_an_open_episode() -> None:
    first, second = sugar(2.8), sugar(2.9, LATER)
    episode = begun(first)
    transition = step(episode, finding(first, second, now=LATER), LATER)
    assert (transition.after.state, transition.why) == (State.OPEN, Why.NEW_READING)
    assert transition.after.opened_at == episode.opened_at
    assert len(transition.after.finding["readings"]) == 2


def test_readings_growing_old_are_no_news() -> None:
    first, second = sugar(2.8), sugar(2.9, NOON + DAY)
    known = begun(first, second, now=NOON + DAY)
    later = NOON + 3 * DAY + MINUTE
    assert absorb(known, finding(first, second, now=later), later) is None


def test_severity_only_grows_while_it_is_open() -> None:
    first, second, third = sugar(3.4), sugar(2.7, LATER), sugar(3.5, NOON + DAY)
    episode = step(begun(first), finding(first, second, now=LATER), LATER).after
    assert episode.tier == 1
    much_later = NOON + 3 * DAY + 4 * MINUTE  # only the mild reading is still fresh
    transition = step(episode, finding(first, second, third, now=much_later), much_later)
    assert transition.after.tier == 1


def acknowledged(now: datetime = LATER) -> Episode:
    return machine.acknowledge(opened(), staff_id=3, now=now).after


def test_an_acknowledgement_holds_as_long_as_the_rule_says() -> None:
    episode = acknowledged()
    assert (episode.state, episode.doctor_id) == (State.ACKNOWLEDGED, 3)
    assert episode.returns_at == episode.due_at == LATER + timedelta(hours=4)
    first = sugar(2.8)
    assert absorb(episode, finding(first, now=LATER), LATER)  # a new reading is shown
    over = LATER + timedelta(hours=4)
    transition = step(episode, None, over)
    assert (transition.after.state, transition.why) == (State.OPEN, Why.RETURNED)
    assert (transition.after.returns_at, transition.after.due_at, transition.after.doctor_id) == (None, None, None)


def test_what_is_normal_again_does_not_come_back_when_the_acknowledgement_ends() -> None:
    over = LATER + timedelta(hours=4)
    course = [sugar(5.5, over - 2 * MINUTE), sugar(5.5, over - MINUTE)]
    transition = step(acknowledged(), low(*course, now=over), over)
    assert (transition.after.state, transition.after.outcome) == (State.CLOSED, Outcome.RESOLVED)
    assert transition.after.due_at is None


@pytest.mark.parametrize("set_aside", [False, True])
def test_a_worse_finding_brings_it_back_before_its_time(*, set_aside: bool) -> None:
    mild, repeat, severe = sugar(3.4), sugar(3.5, NOON + MINUTE), sugar(2.6, NOON + 20 * MINUTE)
    episode = begun(mild, repeat, now=LATER)
    assert (episode.state, episode.tier) == (State.OPEN, 2)
    held = (
        machine.shelve(episode, staff_id=3, until=NOON + DAY, now=LATER, note="known")
        if set_aside
        else machine.acknowledge(episode, staff_id=3, now=LATER)
    ).after
    now = NOON + 21 * MINUTE
    transition = step(held, finding(mild, repeat, severe, now=now), now)
    assert (transition.after.state, transition.after.tier, transition.why) == (State.OPEN, 1, Why.WORSENED)
    assert (transition.after.returns_at, transition.after.due_at) == (None, None)


def test_a_shelf_replaces_the_acknowledgement_and_its_end() -> None:
    shelf = machine.shelve(acknowledged(), staff_id=4, until=NOON + 2 * DAY, now=LATER, note="on holiday").after
    assert (shelf.state, shelf.returns_at, shelf.due_at) == (State.SHELVED, NOON + 2 * DAY, NOON + 2 * DAY)
    assert absorb(shelf, None, LATER + timedelta(hours=5)) is None
    assert step(shelf, None, NOON + 2 * DAY).after.state is State.OPEN


def test_a_shelf_must_end_in_the_future() -> None:
    with pytest.raises(NotAllowed, match="to come"):
        machine.shelve(opened(), staff_id=4, until=LATER, now=LATER, note="known")


@pytest.mark.parametrize("note", ["", " \n"])
def test_a_shelf_and_an_action_need_words(note: str) -> None:
    with pytest.raises(NotAllowed, match="reason"):
        machine.shelve(opened(), staff_id=4, until=NOON + DAY, now=LATER, note=note)
    with pytest.raises(NotAllowed, match="what was done"):
        machine.act(opened(), staff_id=4, now=LATER, note=note)


def test_acting_takes_it_in_hand_and_begins_the_time_anew() -> None:
    first = machine.act(opened(), staff_id=3, now=LATER, note="called, nobody there").after
    assert (first.state, first.doctor_id, first.returns_at) == (State.ACKNOWLEDGED, 3, LATER + timedelta(hours=4))
    again = LATER + timedelta(hours=3)
    transition = machine.act(first, staff_id=5, now=again, note="called, will eat and measure")
    assert (transition.after.state, transition.after.returns_at) == (State.ACKNOWLEDGED, again + timedelta(hours=4))
    assert (transition.why, transition.note) == (Why.ACTED, "called, will eat and measure")
    assert transition.after.doctor_id == 5
    assert absorb(transition.after, None, LATER + timedelta(hours=4)) is None  # the first promise is replaced
    assert step(transition.after, None, again + timedelta(hours=4)).after.state is State.OPEN


def test_acting_on_what_is_set_aside_leaves_it_there_until_its_end() -> None:
    shelf = machine.shelve(opened(), staff_id=4, until=NOON + 2 * DAY, now=LATER, note="known").after
    after = machine.act(shelf, staff_id=3, now=NOON + DAY, note="asked the hospital").after
    assert (after.state, after.returns_at, after.due_at) == (State.SHELVED, NOON + 2 * DAY, NOON + 2 * DAY)


def test_what_comes_back_says_from_where_until_somebody_acts() -> None:
    forgotten = step(acknowledged(), None, LATER + timedelta(hours=4)).after
    assert forgotten.returned_from == "acknowledged"
    assert machine.act(forgotten, staff_id=3, now=NOON + DAY, note="done").after.returned_from is None
    shelf = machine.shelve(opened(), staff_id=4, until=NOON + DAY, now=LATER, note="known").after
    back = step(shelf, None, NOON + DAY)
    assert (back.after.returned_from, back.why) == ("shelved", Why.SHELF_OVER)
    first, second = sugar(2.8), sugar(2.7, NOON + 2 * DAY)
    news = step(back.after, finding(first, second, now=NOON + 2 * DAY), NOON + 2 * DAY)
    assert news.after.returned_from == "shelved"  # a new reading is not somebody acting


def test_what_is_taken_back_early_is_open_and_was_not_forgotten() -> None:
    shelf = machine.shelve(opened(), staff_id=4, until=NOON + 9 * DAY, now=LATER, note="known").after
    transition = machine.unshelve(shelf, staff_id=3, now=NOON + DAY)
    after = transition.after
    assert (after.state, after.returns_at, after.due_at, after.doctor_id) == (State.OPEN, None, None, None)
    assert (after.returned_from, transition.why) == (None, Why.UNSHELVED)


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - ENGINE_OUTCOMES))
def test_a_doctor_closes_with_an_outcome_and_a_note(outcome: Outcome) -> None:
    transition = machine.close(acknowledged(), staff_id=3, outcome=outcome, now=LATER, note="called")
    assert (transition.after.state, transition.after.outcome) == (State.CLOSED, outcome)
    assert (transition.actor, transition.note, transition.why) == ("staff:3", "called", Why.CLOSED)
    assert (transition.after.due_at, transition.after.returns_at) == (None, None)


@pytest.mark.parametrize("outcome", sorted(ENGINE_OUTCOMES))
def test_a_doctor_cannot_close_with_the_engines_words(outcome: Outcome) -> None:
    with pytest.raises(NotAllowed, match="not a doctor's"):
        machine.close(opened(), staff_id=3, outcome=outcome, now=LATER)


def test_nobody_acts_on_what_is_still_being_confirmed_or_closed() -> None:
    waiting = begun(pressure(186, 112))
    closed = machine.close(opened(), staff_id=3, outcome=Outcome.OTHER, now=LATER).after
    for episode in (waiting, closed):
        with pytest.raises(NotAllowed):
            machine.acknowledge(episode, staff_id=3, now=LATER)
        with pytest.raises(NotAllowed):
            machine.close(episode, staff_id=3, outcome=Outcome.OTHER, now=LATER)


def test_acknowledging_does_not_forget_the_repeat_that_is_awaited() -> None:
    course = [sugar(14.2), sugar(14.0, NOON + MINUTE), sugar(17.5, LATER)]
    held = machine.acknowledge(begun(*course, now=LATER), staff_id=3, now=LATER).after
    assert held.due_at == LATER + 10 * MINUTE
    assert held.returns_at == LATER + DAY
    over = LATER + 10 * MINUTE
    transition = step(held, finding(*course, now=over), over)
    assert (transition.after.state, transition.after.tier) == (State.OPEN, 1)


# Whatever happens: a life of readings, ticks of the clock and a doctor who does what comes to mind

readings = st.tuples(
    st.integers(1, 600), st.sampled_from([2.5, 3.4, 5.5, 14.5, 18.0]), st.sampled_from([NONE, Flag.SAMPLE_INSUFFICIENT])
)
lives = st.lists(
    readings | st.integers(1, 3000) | st.sampled_from(["acknowledge", "act", "shelve", "unshelve", "close"]),
    max_size=25,
)


@given(lives)
def test_a_life_of_an_episode(life: list[tuple[int, float, Flag] | int | str]) -> None:
    now, history, episode = NOON, list[StoredReading](), None
    for happening in life:
        if isinstance(happening, str):
            episode = _staff(episode, happening, now)
            continue
        minutes = happening if isinstance(happening, int) else happening[0]
        now += minutes * MINUTE
        if not isinstance(happening, int):
            history.append(sugar(happening[1], now, flags=happening[2]))
        episode = _engine(episode, history, now)


def _engine(episode: Episode | None, history: list[StoredReading], now: datetime) -> Episode | None:
    found = low(*history, now=now)
    transition = absorb(episode, found, now)
    after = transition.after if transition else episode
    if after is None or after.state is State.CLOSED:
        return None
    assert absorb(after, found, now) is None  # absorbing the same again changes nothing
    assert after.due_at is None or after.due_at > now  # what is due is dealt with, else it would be claimed for ever
    assert (after.returns_at is not None) is (after.state in (State.ACKNOWLEDGED, State.SHELVED))
    assert (after.opened_at is None) is (after.state is State.CONFIRMING)
    if after.state is State.CONFIRMING:
        assert found
        assert found.verdict is Verdict.SUSPECTED
        assert after.due_at is not None
    return after


def _staff(episode: Episode | None, action: str, now: datetime) -> Episode | None:
    if episode is None or episode.state in (State.CONFIRMING, State.CLOSED):
        return episode
    if action == "close":
        assert machine.close(episode, staff_id=1, outcome=Outcome.OTHER, now=now).after.due_at is None
        return None
    if action == "shelve" and episode.state is not State.SHELVED:
        return machine.shelve(episode, staff_id=1, until=now + DAY, now=now, note="known").after
    if action == "unshelve" and episode.state is State.SHELVED:
        return machine.unshelve(episode, staff_id=1, now=now).after
    if action == "act":
        return machine.act(episode, staff_id=1, now=now, note="called").after
    if action == "acknowledge" and episode.state is State.OPEN:
        return machine.acknowledge(episode, staff_id=1, now=now).after
    return episode
