"""What a FHIR search asks for, read from its parameters; whatever is not understood is refused, never ignored."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from api.errors import Refusal
from api.language import msgid
from devices.fhir.codes import Json

MOST = 500  # entries of a page
USUAL = 100
_DATE = re.compile(r"(eq|ge|gt|le|lt)?(\d{4}(?:-\d\d(?:-\d\d(?:T.+)?)?)?)")

Parameters = Sequence[tuple[str, str]]


class Position(NamedTuple):
    """Where the page before ended: at this reading, after so many of its Observations."""

    at: datetime
    reading_id: UUID
    given: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.reading_id}_{self.given}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Observations of one person. Each of `codes` must be matched by one of its (system, code); None: any.

    `spans`: each date asked for, from (included) to (excluded); `since` and `before` are what all of them leave.
    """

    spans: Sequence[tuple[datetime | None, datetime | None]]
    since: datetime | None
    before: datetime | None
    codes: Sequence[Sequence[tuple[str | None, str | None]]]
    count: int
    after: Position | None

    def wants(self, coding: Json) -> bool:
        """Whether a coding can be what is searched for."""
        return not self.codes or any(_matches(coding, one) for some in self.codes for one in some)

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether something that lasted is in the time asked for: within a date, else reaching into what is open."""
        return all(_covers(span, start, end) for span in self.spans)

    def matches(self, observation: Json) -> bool:
        """Whether an Observation is what is searched for."""
        coding = observation["code"]["coding"]
        return all(any(_matches(c, one) for c in coding for one in some) for some in self.codes)


def check(parameters: Parameters, known: Iterable[str]) -> None:
    """Raises the 400 refusal for a parameter that is not known: a filter left out silently would show too much."""
    unknown = sorted({name for name, _ in parameters} - {*known, "_format"})
    if unknown:
        raise Refusal(400, "invalid", msgid("不支持的查询参数：%(names)s"), names=", ".join(unknown))


def search(parameters: Parameters, zone: ZoneInfo, *, dates: tuple[str, str, str] = ("date", "", "")) -> Search:
    """The search. `dates` names the parameters with a date, from a date, and to a date. Raises the 400 refusal.

    A date without a zone is a day of `zone`.
    """
    plain, start, end = dates
    said = [value for name, value in parameters if name == plain]
    said += [f"ge{value}" for name, value in parameters if name == start]
    said += [f"le{value}" for name, value in parameters if name == end]
    spans = [_span(value, zone) for value in said]
    return Search(
        spans=spans,
        since=max((since for since, _ in spans if since), default=None),
        before=min((before for _, before in spans if before), default=None),
        codes=[[_token(one) for one in value.split(",")] for name, value in parameters if name == "code"],
        count=count(parameters),
        after=_after(parameters),
    )


def count(parameters: Parameters) -> int:
    """How many entries a page shall have. Raises the 400 refusal."""
    said = last(parameters, "_count")
    if said is None:
        return USUAL
    if not said.isdigit() or int(said) == 0:
        raise _wrong("_count", said)
    return min(int(said), MOST)


def last(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter that comes once. Raises the 400 refusal when it comes again."""
    found = [value for key, value in parameters if key == name]
    if len(found) > 1:
        raise _wrong(name, ", ".join(found))
    return found[0] if found else None


def token(parameters: Parameters, name: str, read: Callable[[str], str]) -> UUID | None:
    """The pseudonym a parameter names; None: the parameter is not there. What is nobody's becomes the nil UUID."""
    said = last(parameters, name)
    if said is None:
        return None
    try:
        return UUID(read(said))
    except ValueError:
        return UUID(int=0)


def _covers(span: tuple[datetime | None, datetime | None], start: datetime, end: datetime) -> bool:
    since, before = span
    if since is not None and before is not None:
        return since <= start and end < before
    return (since is None or since <= end) and (before is None or start < before)


def _matches(coding: Json, wanted: tuple[str | None, str | None]) -> bool:
    system, code = wanted
    return (system is None or coding["system"] == system) and (code is None or coding["code"] == code)


def _token(said: str) -> tuple[str | None, str | None]:
    system, bar, code = said.partition("|")
    if not bar:
        return None, said
    return system, code or None


def _span(said: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From when (included) to when (excluded), by FHIR's prefixes."""
    match = _DATE.fullmatch(said)
    try:
        first, end = _moments(match[2] if match else "", zone)
    except (ValueError, OverflowError):
        raise _wrong("date", said) from None
    spans: dict[str, tuple[datetime | None, datetime | None]] = {
        "eq": (first, end),
        "ge": (first, None),
        "gt": (end, None),
        "lt": (None, first),
        "le": (None, end),
    }
    return spans[(match[1] if match else None) or "eq"]


def _moments(said: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The time a date or a moment covers, as precise as it was said. Raises ValueError."""
    if "T" in said:
        at = datetime.fromisoformat(said)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        return at, at + timedelta(seconds=1 if at.microsecond == 0 else 1e-6)
    year, month, day = (*map(int, said.split("-")), 0, 0)[:3]
    first = date(year, month or 1, day or 1)
    if day:
        following = first + timedelta(days=1)
    elif month:
        following = first + timedelta(days=calendar.monthrange(year, month)[1])
    else:
        following = date(year + 1, 1, 1)
    return datetime.combine(first, time(), zone), datetime.combine(following, time(), zone)


def _after(parameters: Parameters) -> Position | None:
    said = last(parameters, "page")
    if said is None:
        return None
    try:
        at, identifier, given = said.split("_")
        position = Position(datetime.fromisoformat(at), UUID(identifier), int(given))
        if position.at.tzinfo is None or position.given < 0:
            raise ValueError
    except ValueError:
        raise _wrong("page", said) from None
    return position


def _wrong(name: str, said: Any) -> Refusal:
    return Refusal(400, "invalid", msgid("查询参数 %(name)s 的值无法理解：%(said)s"), name=name, said=said)
