"""Where a page of a long list ended: the moment and id of its last row, as one opaque word for an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Query

from api.errors import Refusal
from api.language import msgid

Cursor = Annotated[str | None, Query(max_length=100, description="the `next` of the page before")]
Row = TypeVar("Row")


class Place(NamedTuple):
    """The last row of a page; the next page begins after it."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.id}"


def parsed(word: str | None) -> Place | None:
    """The place a word names, None for none. Raises the 422 refusal for a word we did not give out."""
    if word is None:
        return None
    at, _, identifier = word.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        place = Place(moment, UUID(identifier))
    except ValueError:
        place = None
    if place is None or place.at.tzinfo is None:
        raise Refusal(422, "invalid", msgid("页码无效，请从第一页重新开始。"))
    return place


def following(rows: Sequence[Row], limit: int, place: Callable[[Row], Place]) -> str | None:
    """The word for the page after these rows; None if this one was not full, for then there are no more."""
    return str(place(rows[-1])) if len(rows) == limit else None
