"""The states of an episode, what can happen to one, and the whole state machine as one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """The names are those of the database's enum `care.episode_state`."""

    CONFIRMING = "confirming"  # a repeat is awaited; nobody is told yet
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # a doctor has it in hand, for a limited time
    SHELVED = "shelved"  # set aside by a doctor until a time
    CLOSED = "closed"


class Event(StrEnum):
    """What can happen to an episode."""

    SILENCE = "silence"  # the readings say nothing, for there is no fresh one
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    WORSENED = "worsened"  # confirmed, and more severe than the episode so far
    LAPSED = "lapsed"
    NORMAL = "normal"
    CLEARED = "cleared"
    RETURNS = "returns"  # the time of an acknowledgement or a shelf is over
    ACKNOWLEDGE = "acknowledge"
    ACT = "act"  # a doctor did something about it and is not done yet
    UNSHELVE = "unshelve"
    SHELVE = "shelve"
    CLOSE = "close"


# The whole machine. None as a state: there is no episode. None as a target: it stays as it is. No entry: not allowed.
# A doctor never acts on what is still being confirmed, because nobody has been shown it.
TABLE: Mapping[State | None, Mapping[Event, State | None]] = {
    None: {
        Event.SILENCE: None,
        Event.SUSPECTED: State.CONFIRMING,
        Event.CONFIRMED: State.OPEN,
        Event.LAPSED: None,
        Event.NORMAL: None,
        Event.CLEARED: None,
    },
    State.CONFIRMING: {
        Event.SILENCE: State.CLOSED,
        Event.SUSPECTED: State.CONFIRMING,
        Event.CONFIRMED: State.OPEN,
        Event.WORSENED: State.OPEN,
        Event.LAPSED: State.CLOSED,
        Event.NORMAL: State.CLOSED,
        Event.CLEARED: State.CLOSED,
    },
    State.OPEN: {
        Event.SILENCE: None,
        Event.SUSPECTED: State.OPEN,
        Event.CONFIRMED: State.OPEN,
        Event.WORSENED: State.OPEN,
        Event.LAPSED: None,
        Event.NORMAL: None,
        Event.CLEARED: State.CLOSED,
        Event.ACKNOWLEDGE: State.ACKNOWLEDGED,
        Event.ACT: State.ACKNOWLEDGED,  # whoever acts has it in hand
        Event.SHELVE: State.SHELVED,
        Event.CLOSE: State.CLOSED,
    },
    State.ACKNOWLEDGED: {
        Event.SILENCE: None,
        Event.SUSPECTED: State.ACKNOWLEDGED,
        Event.CONFIRMED: State.ACKNOWLEDGED,
        Event.WORSENED: State.OPEN,
        Event.LAPSED: None,
        Event.NORMAL: None,
        Event.CLEARED: State.CLOSED,
        Event.RETURNS: State.OPEN,
        Event.ACT: State.ACKNOWLEDGED,
        Event.SHELVE: State.SHELVED,
        Event.CLOSE: State.CLOSED,
    },
    State.SHELVED: {
        Event.SILENCE: None,
        Event.SUSPECTED: State.SHELVED,
        Event.CONFIRMED: State.SHELVED,
        Event.WORSENED: State.OPEN,
        Event.LAPSED: None,
        Event.NORMAL: None,
        Event.CLEARED: State.CLOSED,
        Event.RETURNS: State.OPEN,
        Event.ACT: State.SHELVED,
        Event.UNSHELVE: State.OPEN,
        Event.CLOSE: State.CLOSED,
    },
    State.CLOSED: {},
}


class NotAllowed(Exception):
    """The episode's state does not allow it: show the reader the episode as it is now."""


def following(state: State | None, event: Event) -> State | None:
    """The state after an event, None if it stays as it is. Raises `NotAllowed`."""
    try:
        return TABLE[state][event]
    except KeyError:
        raise NotAllowed(
            f"{event.value} is not possible: the episode is {state.value if state else 'not there'}"
        ) from None
