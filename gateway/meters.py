"""What is known of each meter from its last visit: battery, clock, when; for the heartbeat, not for readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.disk import Disk

SCHEMA = """
create table if not exists meter (
    device      text primary key,
    model       text not null,   -- its name in the catalogue
    last_visit  text not null,   -- UTC
    battery     integer,         -- per cent
    clock_error real,            -- seconds the meter was ahead of the true time when it was last read
    clock_left  real             -- the same after it was set, read back; null when it was not set or does not tell
) without rowid;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterState:
    """One meter. `last_visit` is aware; None: it never told. A clock's error is positive when it is ahead.

    `clock_error`: as it was found. `clock_left`: what was left of it when the clock was set and read back.
    """

    device: str
    model: str
    last_visit: datetime
    battery: int | None = None
    clock_error: timedelta | None = None
    clock_left: timedelta | None = None


class Meters:
    """The table in the gateway's file."""

    def __init__(self, disk: Disk) -> None:
        """The table is made by whoever opens the file."""
        self._disk = disk

    def visited(self, state: MeterState) -> None:
        """Note a visit; what the meter did not tell this time stays as it was. Raises `OutboxFull`."""
        row = (
            state.device,
            state.model,
            state.last_visit.astimezone(UTC).isoformat(),
            state.battery,
            _seconds(state.clock_error),
            _seconds(state.clock_left),
        )
        with self._disk.change() as connection:
            connection.execute(
                "insert into meter values (?, ?, ?, ?, ?, ?) on conflict (device) do update set"
                " model = excluded.model, last_visit = excluded.last_visit,"
                " battery = coalesce(excluded.battery, battery),"
                " clock_error = coalesce(excluded.clock_error, clock_error),"
                " clock_left = iif(excluded.clock_error is null, clock_left, excluded.clock_left)",
                row,
            )

    def all(self) -> list[MeterState]:
        """Every meter that was ever visited, by address."""
        with self._disk.meaning():
            rows = self._disk.connection.execute("select * from meter order by device").fetchall()
        return [
            MeterState(
                device=device,
                model=model,
                last_visit=datetime.fromisoformat(last_visit),
                battery=battery,
                clock_error=_duration(error),
                clock_left=_duration(left),
            )
            for device, model, last_visit, battery, error, left in rows
        ]


def _seconds(error: timedelta | None) -> float | None:
    return None if error is None else error.total_seconds()


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
