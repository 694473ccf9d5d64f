"""Who is known at this station, as digests of their tokens: to say "ask the staff" without asking the server."""

from __future__ import annotations

import json
import logging
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

_log = logging.getLogger(__name__)


def digest(token: UUID) -> str:
    """What stands for a token in the list: blake2b-128, in hex."""
    return blake2b(token.bytes, digest_size=16).hexdigest()


class KnownPeople:
    """The list that the server leaves in a file: `{"v": 1, "people": ["<digest>", …]}`; read again when it changes."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist: without a list everybody counts as known, and the server judges."""
        self._path = path
        self._read_at: int | None = None
        self._people: frozenset[str] | None = None

    def knows(self, token: UUID) -> bool:
        """Whether the token is on the list, or there is none."""
        self._refresh()
        return self._people is None or digest(token) in self._people

    def _refresh(self) -> None:
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at == self._read_at:
                return
            document = json.loads(self._path.read_text())
            people = frozenset(map(str, document["people"]))
        except FileNotFoundError:
            self._people, self._read_at = None, None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s cannot be read (%s): the list before it goes on to hold", self._path, type(error).__name__)
        else:
            self._people, self._read_at = people, changed_at
