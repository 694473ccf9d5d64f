"""What the kiosk's page shows: the whole of the current step, as `GET /api/state` and each SSE event `state` give it.

The page draws this and nothing else; it keeps no state of its own but what is being typed. Names in enums are stable:
the page's locale files translate them. Sentences that depend on a value come ready in both languages (`Text`).

`POST /api/act` takes one of `gateway.kiosk.actions` and answers 200 with the new `View`, or 409 with the current one
when that action does not fit (any more), e.g. after a double tap. `GET /api/events` sends `state` (a `View`) at once
and at every change, and `live` (a `Live`) while a cuff fills. `GET /r/{token}` is the phone's page (`web/result.html`,
or 404 when the time is over); it reads `GET /r/{token}/data`, a `ResultPage`. A phone reaches nothing but that and
`/phone/*`, files of `web/phone/`: whatever the page loads lies there.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from gateway.kiosk.names import Language, Level, Measurement, Question, RestKind, Shape, Step, Way


class Shown(BaseModel):
    """Base of all view models."""

    model_config = ConfigDict(frozen=True)


class Notice(StrEnum):
    """Something to tell the person on the current step; gone with the next action."""

    CODE_UNREADABLE = "code_unreadable"  # the scanned text is no card of ours: scan again
    CARD_UNREADABLE = "card_unreadable"  # the ID card moved too early: lay it down again
    NOT_KNOWN = "not_known"  # not on this kiosk's list: ask the staff, or go on as a guest
    TO_BE_ASSIGNED = "to_be_assigned"  # let in without being on the list, which is old: the server will assign it
    PHONE_CLOSED = "phone_closed"  # too many wrong PINs: use another way or ask the staff
    MEASURED_BADLY = "measured_badly"  # the meter could not measure: sit still, once more
    OUT_OF_BOUNDS = "out_of_bounds"  # a typed number no living person has: type again
    NOT_STORED = "not_stored"  # the gateway's disk is full: nothing was kept, call the staff
    STAFF_CODE_WRONG = "staff_code_wrong"


class Text(Shown):
    """One sentence or word in both languages; the page shows the one of `View.language`."""

    # A comma too many in a flow mapping of YAML would else cut a sentence short and nobody would know.
    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str


class Person(Shown):
    """Who is here. `shown` is a masked name or number ("李*国", "****5678"), or empty for a guest or a card."""

    way: Way
    shown: str


class Identify(Shown):
    """Step `identify`: the ways that this kiosk has. Scanner and ID card reader also work in step `idle`."""

    ways: tuple[Way, ...]


class Offer(Shown):
    """One measurement to choose."""

    measurement: Measurement
    minutes: int  # about how long, rest included
    done: bool  # already in this visit; may be chosen again


class Choose(Shown):
    """Step `choose`. The symptom question comes by itself and is not offered."""

    offers: tuple[Offer, ...]


class NumberPad(Shown):
    """What may be typed."""

    unit: str
    decimals: int
    low: float
    high: float


class Ask(Shown):
    """Step `ask`: one question. Exactly one of `choices` and `number` is given; `several` choices may be combined.

    Stable choices: meal fasting|before_meal|after_meal|casual; sex female|male; symptoms fever|diarrhoea (none: []).
    """

    question: Question
    choices: tuple[str, ...] = ()
    several: bool = False
    number: NumberPad | None = None


class Rest(Shown):
    """Step `rest`: calm countdown. The page counts on by itself; the step ends without a tap."""

    kind: RestKind
    seconds_left: float
    seconds_total: float
    next_take: int


class Field(Shown):
    """One value that staff may type instead of the instrument."""

    metric: str
    label: Text
    number: NumberPad


class Measure(Shown):
    """Step `measure`: waiting for the instrument. `typed`: what staff may enter with their code, if anything."""

    measurement: Measurement
    take: int
    takes: int
    failures: int
    typed: tuple[Field, ...] = ()


class Value(Shown):
    """One number, ready to show: `shown` has the metric's decimals, or a bound such as ">7.34", or HI / LO."""

    metric: str
    label: Text
    shown: str
    unit: str


class Judged(Shown):
    """One judged thing, e.g. a blood pressure (two values) or a triglyceride. Never shown by colour alone.

    `word`: one word. `means`: what it means. `now`: what to do now. `source`: where the threshold is from.
    """

    name: str
    label: Text
    values: tuple[Value, ...]
    level: Level
    shape: Shape
    word: Text
    means: Text
    now: Text
    source: Text


class Result(Shown):
    """Step `result`: the measurement just made. `mean_of` counts takes; 0: it could not be measured (no `judged`)."""

    measurement: Measurement
    judged: tuple[Judged, ...]
    mean_of: int
    following: Measurement | None  # what `next` leads to; None: the slip


class Printing(StrEnum):
    """State of the printed slip."""

    OFF = "off"  # this kiosk has no printer
    READY = "ready"
    UNDER_WAY = "under_way"
    PRINTED = "printed"
    FAILED = "failed"  # no paper, no power: the person can try again or take the QR


class Slip(Shown):
    """Step `slip`: everything of this visit, the printer, and the QR to one's own page for a phone.

    `qr` is an SVG document (None when phones cannot reach this gateway); `url` is what it says.
    """

    judged: tuple[Judged, ...]
    printing: Printing
    qr: str | None
    url: str | None
    valid_minutes: int


class View(Shown):
    """The page. Exactly the part of the current step is given, the others are None; `idle` and `cleared` have none.

    `actions`: names of the actions that `POST /api/act` takes now. `warning`: seconds until everything is cleared,
    given only in the last ones (then ask "still here?"; action `stay`). `alarm`: a dangerous value was measured in this
    visit: on every step, say clearly to call the staff. `prompt`: stable name of what is to be spoken on this step.
    """

    revision: int
    step: Step
    language: Language
    large_type: bool
    person: Person | None
    notice: Notice | None
    warning: float | None
    alarm: Judged | None
    prompt: str
    actions: tuple[str, ...]
    identify: Identify | None = None
    choose: Choose | None = None
    ask: Ask | None = None
    rest: Rest | None = None
    measure: Measure | None = None
    result: Result | None = None
    slip: Slip | None = None


class Live(Shown):
    """SSE event `live`: a value on its way, e.g. the pressure in the cuff; never a result."""

    metric: Literal["cuff"]
    value: float
    unit: str


class ResultPage(Shown):
    """The person's own page on a phone. Holds no name and no number of theirs."""

    measured_at: datetime
    language: Language
    judged: tuple[Judged, ...]
    valid_until: datetime
