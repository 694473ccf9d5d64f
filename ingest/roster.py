"""Whose a reading is: the holder of its meter at the reading's own time, or the person it names at a shared meter.

The roster is a cache in front of `care.device`, `care.assignment` and the residents' tokens (`care.resident.token` and
the further ones in `care.person_token`). It loads what a batch asks for and is exact, because every change to those
tables raises `care.roster_version` and every batch compares it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from psycopg import Connection, Cursor
from psycopg.rows import tuple_row

from ingest.instant import micros
from ingest.reason import Reason

# Held shared by every batch, and alone by a change of hands that releases what was held for want of a holder: no batch
# can then hold one more for the same reason behind its back.
ADVISORY_LOCK = 0x726F_7374_6572  # "roster"

# A cache this full is emptied instead of growing: a gateway that invents addresses must not fill the memory.
MOST_ENTRIES = 200_000


class Holder(NamedTuple):
    """Who holds a meter (or a slot of it) and where it stands. A shared meter has no resident."""

    device_id: int
    resident_id: int | None
    setting: str
    station_id: int


@dataclass(slots=True)
class Timeline:
    """Changes of hands in order: `holders[i]` from `since[i]` on."""

    since: list[int] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)

    def at(self, instant: int) -> Holder | None:
        """The holder in force: the latest change at or before the instant."""
        index = bisect_right(self.since, instant)
        return self.holders[index - 1] if index else None


@dataclass(slots=True)
class Meter:
    """One registered meter: who held it as a whole, and who held which of its memory slots."""

    whole: Timeline = field(default_factory=Timeline)
    slots: dict[int, Timeline] = field(default_factory=dict)

    def holder(self, slot: int | None, instant: int) -> Holder | Reason:
        """The slot's own holder first, then the whole meter's."""
        of_slot = self.slots.get(slot) if slot is not None else None
        holder = (of_slot.at(instant) if of_slot else None) or self.whole.at(instant)
        if holder is not None:
            return holder
        return Reason.UNKNOWN_SLOT if self.slots else Reason.UNASSIGNED


Resolved: TypeAlias = Holder | Reason


class Roster:
    """One writer's cache. Not shared between threads: each compares the version in its own transaction."""

    def __init__(self) -> None:
        self._version: tuple[int] | None = None
        self._meters: dict[str, Meter | None] = {}
        self._residents: dict[str, int | None] = {}

    def refresh(self, connection: Connection[Any], devices: Iterable[str], persons: Iterable[str]) -> None:
        """Make the cache exact for these device addresses and person tokens, until this transaction ends."""
        with connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute("select pg_advisory_xact_lock_shared(%s)", [ADVISORY_LOCK])
            version = cursor.execute("select version from care.roster_version").fetchone()
            if version != self._version or len(self._meters) + len(self._residents) > MOST_ENTRIES:
                self._meters.clear()
                self._residents.clear()
                self._version = version
            self._load_meters(cursor, [address for address in devices if address not in self._meters])
            self._load_residents(cursor, [token for token in persons if token not in self._residents])

    def assign(self, device: str, slot: int | None, person: str | None, instant: int) -> Resolved:
        """The resident and place of a reading measured at `instant`, or why nobody can say. Call `refresh` first."""
        meter = self._meters[device]
        if meter is None:
            return Reason.UNKNOWN_DEVICE
        holder = meter.holder(slot, instant)
        if isinstance(holder, Reason) or (person is None and holder.resident_id is not None):
            return holder
        named = self._residents[person] if person is not None else None
        if named is None:
            return Reason.UNKNOWN_PERSON
        if holder.resident_id is None:
            return holder._replace(resident_id=named)
        return holder if holder.resident_id == named else Reason.OTHER_PERSON

    def _load_meters(self, cursor: Cursor[Any], addresses: list[str]) -> None:
        if not addresses:
            return
        self._meters.update(dict.fromkeys(addresses))
        rows = cursor.execute(
            "select d.address, d.device_id, a.user_slot, a.valid_from, a.resident_id, a.setting::text, a.station_id"
            " from care.device d left join care.assignment a using (device_id)"
            " where d.address = any(%s) order by d.device_id, a.valid_from",
            [addresses],
        )
        for address, device_id, slot, valid_from, resident_id, setting, station_id in rows:
            meter = self._meters[address] = self._meters[address] or Meter()
            if valid_from is not None:
                timeline = meter.whole if slot is None else meter.slots.setdefault(slot, Timeline())
                timeline.since.append(micros(valid_from))
                timeline.holders.append(Holder(device_id, resident_id, setting, station_id))

    def _load_residents(self, cursor: Cursor[Any], tokens: list[str]) -> None:
        if not tokens:
            return
        self._residents.update(dict.fromkeys(tokens))
        query = (
            "select token::text, resident_id from care.resident where token = any(%(tokens)s::uuid[])"
            " union all select token::text, resident_id from care.person_token where token = any(%(tokens)s::uuid[])"
        )
        self._residents.update(cursor.execute(query, {"tokens": tokens}).fetchall())
