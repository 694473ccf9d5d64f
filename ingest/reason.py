"""Why a reading was not accepted: a closed list, each reason with what becomes of the reading."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What became of something received. The first three are the database's enum `telemetry.outcome`."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"  # may yet become a reading: a person or a changed roster can release it
    REJECTED = "rejected"  # holds no usable measurement; kept with its bytes all the same
    DUPLICATE = "duplicate"  # the ledger had it already


class Reason(StrEnum):
    """Why it is held. Counted, shown to people, sent in receipts: a name, once given, stays."""

    MALFORMED = "malformed"  # no JSON, or not the envelope's shape
    UNKNOWN_VERSION = "unknown_version"
    UNDECODABLE = "undecodable"  # the gateway's decoder could not read the meter's bytes; a later one may
    NOT_A_NUMBER = "not_a_number"  # the measurement failed
    NOT_READABLE = "not_readable"  # an ECG too short, flat, clipped or noisy: record again
    PLACEHOLDER = "placeholder"
    CONTROL_SOLUTION = "control_solution"
    UNKNOWN_METRIC = "unknown_metric"  # a measurement we have no column for, e.g. ketones
    IMPLAUSIBLE = "implausible"  # no living person has this value
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_DEVICE = "unknown_device"
    UNASSIGNED = "unassigned"  # a known meter, held by nobody at the reading's time
    UNKNOWN_SLOT = "unknown_slot"  # its memory slot belonged to nobody at that time
    UNKNOWN_PERSON = "unknown_person"  # a shared meter's reading names nobody, or nobody we know
    OTHER_PERSON = "other_person"  # the reading names somebody who does not hold this meter
    CLOCK_UNUSABLE = "clock_unusable"
    IN_FUTURE = "in_future"
    TOO_OLD = "too_old"
    REFUSED = "refused"  # the database would not take the row

    @property
    def outcome(self) -> Outcome:
        """Rejected when there is no measurement in it, else quarantined."""
        return Outcome.REJECTED if self in _WITHOUT_A_MEASUREMENT else Outcome.QUARANTINED


_WITHOUT_A_MEASUREMENT = frozenset(
    {Reason.MALFORMED, Reason.NOT_A_NUMBER, Reason.NOT_READABLE, Reason.PLACEHOLDER, Reason.CONTROL_SOLUTION}
)

# What a person who looked at the value may vouch for; everything else is cured by changing the roster or the software.
VOUCHABLE = frozenset({Reason.IMPLAUSIBLE, Reason.CLOCK_UNUSABLE, Reason.IN_FUTURE, Reason.TOO_OLD})

# Nobody is known to be meant: cured by an entry in the roster, also one made later.
WITHOUT_HOLDER = frozenset(
    {
        Reason.UNKNOWN_DEVICE,
        Reason.UNASSIGNED,
        Reason.UNKNOWN_SLOT,
        Reason.UNKNOWN_PERSON,
        Reason.OTHER_PERSON,
    }
)


class Settled(NamedTuple):
    """What became of one id, and why when it is held."""

    outcome: Outcome
    reason: Reason | None
