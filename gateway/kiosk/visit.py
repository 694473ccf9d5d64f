"""One person's visit: a frozen state. All that is personal is in it and gone with it; see `transitions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from devices.reading import Meal
from gateway.kiosk.names import Measurement, Question, RestKind, Step, Way
from gateway.kiosk.outcome import Outcome, Sex, Take
from gateway.kiosk.view import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is here. `token` goes out with readings (None: a guest); `shown` is masked.

    `to_be_assigned`: not on this kiosk's list, which is old; only the server can say whose the readings are.
    """

    way: Way
    token: UUID | None = None
    shown: str = ""
    sex: Sex | None = None
    to_be_assigned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The numbers of a visit, from `config/kiosk.yaml`."""

    rest: timedelta
    between: timedelta
    differ: float  # mmHg: two takes that differ by more ask for a third
    failures: int  # as often a meter may fail before the measurement is given up
    limits: Mapping[Step, timedelta]
    farewell: timedelta
    asks_symptoms: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a visit is. `queue` begins with what is being done; `active` is the last sign of life."""

    active: datetime
    step: Step = Step.IDLE
    began: datetime | None = None  # when the person identified: nothing measured before is theirs
    who: Identity | None = None
    queue: tuple[Measurement, ...] = ()
    done: tuple[Outcome, ...] = ()
    question: Question | None = None
    meal: Meal | None = None
    sex: Sex | None = None
    rest: RestKind | None = None
    until: datetime | None = None  # when the rest ends
    takes: tuple[Take, ...] = ()
    failures: int = 0
    notice: Notice | None = None

    @property
    def measurement(self) -> Measurement | None:
        """What is being done."""
        return self.queue[0] if self.queue else None

    @property
    def awaits(self) -> Measurement | None:
        """What may be handed in now: by an instrument, or as the answer to a question that is itself a measurement."""
        asked = self.step is Step.ASK and self.question in (Question.WAIST, Question.SYMPTOMS)
        return self.measurement if asked or self.step is Step.MEASURE else None

    @property
    def results(self) -> tuple[Outcome, ...]:
        """What there is to tell: not what could not be measured, and no symptoms are no result."""
        return tuple(
            outcome
            for outcome in self.done
            if outcome.takes
            and (outcome.measurement is not Measurement.SYMPTOMS or any(outcome.takes[0].values.values()))
        )

    @property
    def outcome(self) -> Outcome | None:
        """The latest outcome of the measurement being done."""
        return next((outcome for outcome in self.done if outcome.measurement is self.measurement), None)


def runs_out(visit: Visit, course: Course) -> datetime | None:
    """When the visit ends by itself unless somebody shows that they are still here."""
    limit = course.limits.get(visit.step)
    return None if limit is None else visit.active + limit


def wants_another(taken: tuple[Take, ...], course: Course) -> bool:
    """Blood pressure: two takes, and a third when systolic or diastolic differ by more than allowed."""
    if len(taken) != 2:
        return len(taken) < 2
    first, second = (take.values for take in taken)
    return any(abs(first[metric] - second[metric]) > course.differ for metric in ("systolic", "diastolic"))
