"""One `maixun up` a runtime folder: two would fight over its data."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process works on this folder; the message says which folder."""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder; it is given back when the process ends, however it ends. Raises `AlreadyRunning`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"maixun is running in {folder} already: stop it, or set MAIXUN_RUNTIME") from None
        yield
