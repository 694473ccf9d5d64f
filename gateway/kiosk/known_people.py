"""Who is known at this kiosk: the server's list, kept on disk, so that it holds with the cable cut."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field

from maixun import secret_file
from maixun.known_people import PARTS, Parts, digest, digests, fingerprints

_log = logging.getLogger(__name__)
_NOTED = timedelta(hours=1)  # how often "still up to date" is written down: an SD card wears out by writing


class _Change(BaseModel):
    """What the server says: the parts that are others now, by their number. None: the list is up to date."""

    model_config = ConfigDict(frozen=True)
    parts: dict[int, Base64Bytes] = Field(max_length=PARTS)


class _Command(BaseModel):
    """A message on the topic of commands; the settings in it are for others."""

    model_config = ConfigDict(frozen=True)
    people: _Change | None = None


class _File(BaseModel):
    """What is on disk."""

    model_config = ConfigDict(frozen=True)
    confirmed_at: AwareDatetime
    parts: tuple[Base64Bytes, ...] = Field(min_length=PARTS, max_length=PARTS)


class KnownPeople:
    """The list of one kiosk; it has none until the server has sent one."""

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`path` keeps the list; it need not exist."""
        self._path = path
        self._now = now
        self._parts: Parts = ()
        self._digests: frozenset[bytes] = frozenset()
        self._confirmed_at: datetime | None = None
        self._noted_at: datetime | None = None
        self._read()

    def knows(self, token: UUID) -> bool:
        """Whether the token is on the list."""
        return digest(token) in self._digests

    @property
    def confirmed_at(self) -> datetime | None:
        """When the server last said that the list is up to date; None: there is none."""
        return self._confirmed_at

    def report(self) -> Mapping[str, object]:
        """What the heartbeat says: a fingerprint of each part, so that the server sends what is another."""
        return {"people": fingerprints(self._parts)}

    def hear(self, payload: bytes) -> bool:
        """A command came; whether the list is another now."""
        try:
            change = _Command.model_validate_json(payload).people
            if change is None:
                return False
            parts = _changed(self._parts, change.parts)
            known = _known(parts)
        except ValueError as error:  # of pydantic as well
            _log.warning("the list of known people is not taken: %s", type(error).__name__)
            return False
        changed, now = parts != self._parts, self._now()
        self._parts, self._digests, self._confirmed_at = parts, known, now
        if changed or self._noted_at is None or now - self._noted_at >= _NOTED:
            self._note(now)
        return changed

    def _note(self, now: datetime) -> None:
        kept = _File.model_construct(confirmed_at=now, parts=self._parts)
        try:
            secret_file.replace(self._path, kept.model_dump_json().encode())
        except OSError as error:
            _log.warning("%s cannot be written (%s): after a restart the server sends it again", self._path, error)
        self._noted_at = now

    def _read(self) -> None:
        try:
            kept = _File.model_validate_json(self._path.read_bytes())
            known = _known(kept.parts)
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            _log.warning("%s cannot be read: everybody is let in until the server sends the list again", self._path)
            return
        self._parts, self._digests = kept.parts, known
        self._confirmed_at = self._noted_at = kept.confirmed_at


def _changed(parts: Parts, by: dict[int, bytes]) -> Parts:
    """The list with these parts instead. Raises `ValueError` when it would not be whole."""
    held = {**dict(enumerate(parts)), **by}
    if held.keys() != set(range(PARTS)):
        raise ValueError("parts of the list are missing")
    return tuple(held[number] for number in range(PARTS))


def _known(parts: Parts) -> frozenset[bytes]:
    """The digests of all parts. Raises `ValueError` for a spoilt one."""
    return frozenset(each for part in parts for each in digests(part))
