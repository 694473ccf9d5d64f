"""What the page can ask for: the body of `POST /api/act`, told apart by `action`.

`step` is the step that the page showed when it was tapped: an action meant for another step is refused, so that a
double tap never reaches the page after.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from gateway.kiosk.names import Language, Measurement, Step

Digits = Annotated[str, Field(pattern=r"^[0-9]+$", max_length=20)]


class Act(BaseModel):
    """Base of all actions."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    step: Step


class Begin(Act):
    """Leave the welcome page: `idle` to `identify`."""

    action: Literal["begin"]


class Scan(Act):
    """A card's QR code, as the keyboard-wedge scanner typed it. Also in `idle`."""

    action: Literal["scan"]
    code: Annotated[str, Field(max_length=200)]


class Phone(Act):
    """Phone number and PIN."""

    action: Literal["phone"]
    number: Digits
    pin: Digits


class Guest(Act):
    """Go on without a name: results are shown and belong to nobody."""

    action: Literal["guest"]


class Choose(Act):
    """What to measure; done in the kiosk's own order."""

    action: Literal["choose"]
    measurements: Annotated[tuple[Measurement, ...], Field(min_length=1, max_length=20)]


class Answer(Act):
    """The answer to the question shown: choices (none of them is an answer where several may be given) or a number."""

    action: Literal["answer"]
    choices: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    number: float | None = None


class Typed(Act):
    """Staff enter what the instrument shows, by metric; marked as entered by hand."""

    action: Literal["typed"]
    code: Digits
    values: Annotated[dict[str, float], Field(min_length=1, max_length=20)]


class Plain(Act):
    """`skip` this measurement; `repeat` it; `next` after a result; `more` from the slip back to choosing; `print`;

    `finish` (to the slip, or from it to the end); `stay`: still here.
    """

    action: Literal["skip", "repeat", "next", "more", "print", "finish", "stay"]


class SetLanguage(Act):
    """Switch the language, on any step."""

    action: Literal["language"]
    language: Language


class SetLargeType(Act):
    """Switch large type on or off, on any step."""

    action: Literal["large_type"]
    on: bool


Action: TypeAlias = Annotated[
    Begin | Scan | Phone | Guest | Choose | Answer | Typed | Plain | SetLanguage | SetLargeType,
    Field(discriminator="action"),
]
