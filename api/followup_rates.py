"""How much of what a doctor had to do was dispatched and done: the indicators of the reports, by doctor, this quarter.

The figures are sums over the same person-level queries as everywhere (`config/indicators/work.yaml`), so a page and a
report never differ. A resident's tasks count for the doctor the resident has now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer
from api.reporting.definitions import Indicators
from api.reporting.figures import Dimension, Figure, Scope, figures
from api.reporting.period import Quarter, Span, Window
from ingest.accounts import Role

DISPATCHED, DONE, IN_TIME = "follow_up_dispatch_rate", "follow_up_completion_rate", "follow_up_in_time_rate"
BY = (Dimension.DOCTOR, Dimension.STATION)
NONE = Figure(0, 0)


class Rate(BaseModel):
    """How much was dispatched and done of what one doctor had to do in a quarter; a share of nothing is None.

    `expected`: people (a programme each) owed a regular follow-up; `dispatched`: those with a task. `due`: tasks due up
    to today, missed ones too; `done`, `in_time` of these. Without contract packages.
    """

    model_config = ConfigDict(frozen=True)

    doctor_id: int | None
    doctor: str | None
    station: str
    expected: int
    dispatched: int
    due: int
    done: int
    in_time: int
    last_due: int = Field(description="the same of the quarter before")
    last_done: int

    @property
    def dispatch_rate(self) -> float | None:
        """Dispatched of expected."""
        return _share(self.dispatched, self.expected)

    @property
    def completion_rate(self) -> float | None:
        """Done of due."""
        return _share(self.done, self.due)

    @property
    def in_time_rate(self) -> float | None:
        """Done in time of due."""
        return _share(self.in_time, self.due)

    @property
    def last_completion_rate(self) -> float | None:
        """Done of due in the quarter before."""
        return _share(self.last_done, self.last_due)


def rates(connection: Connection[DictRow], viewer: Viewer, indicators: Indicators, *, today: date) -> list[Rate]:
    """One row a doctor of the viewer's residents, for the quarter `today` is in, by station and name."""
    found: list[Rate] = []
    for scope in _scopes(viewer):
        found += _of(connection, indicators, scope, today)
    return sorted(found, key=lambda one: (one.station, one.doctor is None, one.doctor or ""))


def together(found: list[Rate], name: str | None) -> Rate | None:
    """The rates of a whole station, or of all there are: counts add up, shares do not."""
    if not found:
        return None
    counts = ("expected", "dispatched", "due", "done", "in_time", "last_due", "last_done")
    sums: Mapping[str, int] = {each: sum(getattr(one, each) for one in found) for each in counts}
    return Rate(doctor_id=None, doctor=name, station=found[0].station, **sums)


def _scopes(viewer: Viewer) -> list[Scope]:
    """A station lead's station; a doctor's own residents, and those of a colleague whose deputy this is."""
    if viewer.role is Role.STATION_LEAD:
        return [Scope(station_id=viewer.station_id)] if viewer.station_id is not None else []
    return [Scope(doctor_id=each) for each in sorted({viewer.staff_id, *viewer.stands_in_for})]


def _of(connection: Connection[DictRow], indicators: Indicators, scope: Scope, today: date) -> list[Rate]:
    quarter = Quarter.of(today)
    window = Window.of(quarter, Span.QUARTER, today)
    before = Window.of(quarter.previous, Span.QUARTER, today)

    def counted(name: str, over: Window) -> dict[tuple[int | None, int], Figure]:
        definition = indicators.on(name, over.last_day)
        return {(key[0], key[1]): each for key, each in figures(connection, definition, over, BY, scope).items()}

    sent, done, in_time, last = (
        counted(DISPATCHED, window),
        counted(DONE, window),
        counted(IN_TIME, window),
        counted(DONE, before),
    )
    doctors = _names(connection, "select staff_id as id, display_name as name from care.staff")
    stations = _names(connection, "select station_id as id, name from care.station")
    return [
        Rate(
            doctor_id=doctor_id,
            doctor=doctors.get(doctor_id) if doctor_id is not None else None,
            station=stations[station_id],
            dispatched=sent.get(key, NONE).numerator,
            expected=sent.get(key, NONE).denominator or 0,
            done=done.get(key, NONE).numerator,
            due=done.get(key, NONE).denominator or 0,
            in_time=in_time.get(key, NONE).numerator,
            last_done=last.get(key, NONE).numerator,
            last_due=last.get(key, NONE).denominator or 0,
        )
        for key in sent.keys() | done.keys() | last.keys()
        for doctor_id, station_id in [key]
    ]


def _names(connection: Connection[DictRow], query: str) -> dict[int, str]:
    return {row["id"]: row["name"] for row in connection.execute(query.encode()).fetchall()}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
