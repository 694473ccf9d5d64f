"""Finding residents by name or by the initials of its pinyin, in an index that lives in memory only.

Names are sealed in the database, so it cannot search them. The index is made of the viewer's residents when it is first
needed and forgotten after a while, at sign-out, or when the residents change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, product

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pypinyin import Style, pinyin

from api.access import Viewer, residents_of
from api.people import name_of

KEPT = timedelta(minutes=15)
VIEWERS = 64  # indexes held at once; 1,500 names take about half a megabyte
READINGS = 3  # of one character, the usual first
SPELLINGS = 32  # of one name: few names have more than two characters with several readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A name and all the ways it may be typed without Chinese characters."""

    resident_id: int
    name: str
    spellings: tuple[str, ...]
    initials: tuple[str, ...]

    def rank(self, wanted: str) -> int | None:
        """How well it fits: 0 best; None: not at all. `wanted` is as `normal` gives it."""
        if self.name.startswith(wanted) or wanted in self.initials:
            return 0
        if wanted in self.name or any(each.startswith(wanted) for each in (*self.initials, *self.spellings)):
            return 1
        return None


@dataclass(frozen=True, slots=True)
class _Index:
    made_at: datetime
    version: tuple[int, int]
    names: tuple[Indexed, ...]


class Names:
    """The indexes of the viewers that searched lately. Safe to use from several threads."""

    def __init__(self, key: bytes) -> None:
        """`key` opens the names."""
        self._key = key
        self._lock = threading.Lock()
        self._indexes: OrderedDict[int, _Index] = OrderedDict()

    def find(
        self, connection: Connection[DictRow], viewer: Viewer, text: str, now: datetime, limit: int
    ) -> Sequence[int]:
        """Ids of the viewer's residents whose name fits, the best first."""
        wanted = normal(text)
        if not wanted:
            return []
        index = self._index(connection, viewer, now)
        ranked = [(rank, one.name, one.resident_id) for one in index.names if (rank := one.rank(wanted)) is not None]
        return [resident_id for _, _, resident_id in sorted(ranked)[:limit]]

    def forget(self, staff_id: int) -> None:
        """Drop what was made for a member of staff."""
        with self._lock:
            self._indexes.pop(staff_id, None)

    @property
    def held(self) -> int:
        """How many indexes are in memory."""
        return len(self._indexes)

    def _index(self, connection: Connection[DictRow], viewer: Viewer, now: datetime) -> _Index:
        version = _version(connection, viewer)
        with self._lock:
            known = self._indexes.get(viewer.staff_id)
        if known is None or known.version != version or now - known.made_at > KEPT:
            known = _Index(now, version, tuple(self._made(connection, viewer)))
        with self._lock:
            self._indexes[viewer.staff_id] = known
            self._indexes.move_to_end(viewer.staff_id)
            while len(self._indexes) > VIEWERS:
                self._indexes.popitem(last=False)
        return known

    def _made(self, connection: Connection[DictRow], viewer: Viewer) -> Iterable[Indexed]:
        query = sql.SQL(
            "select r.resident_id, p.name_sealed from care.resident r join identity.person p using (resident_id)"
            " where {}"
        )
        for row in connection.execute(query.format(residents_of(viewer)), viewer.parameters).fetchall():
            name = name_of(row["name_sealed"], self._key)
            if name:
                yield indexed(row["resident_id"], name)


def indexed(resident_id: int, name: str) -> Indexed:
    """A name with its spellings: 单 is read shan, dan and chan, so 单玉 is found as sy, dy and cy."""
    plain = normal(name)
    readings = [one[:READINGS] for one in pinyin(plain, style=Style.NORMAL, heteronym=True)]
    letters = [tuple(dict.fromkeys(reading[0] for reading in one)) for one in readings]
    return Indexed(
        resident_id=resident_id,
        name=plain,
        spellings=_spelt(readings),
        initials=_spelt(letters),
    )


def _spelt(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple("".join(one) for one in islice(product(*parts), SPELLINGS))


def normal(text: str) -> str:
    """Small letters, no blanks, nothing that separates parts of a name."""
    return "".join(each for each in text.casefold() if each.isalnum())


def _version(connection: Connection[DictRow], viewer: Viewer) -> tuple[int, int]:
    query = sql.SQL("select count(*) as n, coalesce(max(r.resident_id), 0) as last from care.resident r where {}")
    row = connection.execute(query.format(residents_of(viewer)), viewer.parameters).fetchone()
    return (row["n"], row["last"]) if row else (0, 0)
