"""Writes the archive the kernel unpacks as its first file system: cpio in its "new ASCII" form."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

_PROGRAM = stat.S_IFREG | 0o755
_FOLDER = stat.S_IFDIR | 0o755


class Entry(NamedTuple):
    """A file by its path below the root."""

    path: str
    content: bytes


def pack(entries: Iterable[Entry], folders: Iterable[str] = ()) -> bytes:
    """The archive of `entries`, all of them executable, and of `folders`, those of the entries included."""
    entries = list(entries)
    above = {str(parent) for entry in entries for parent in PurePosixPath(entry.path).parents}
    paths = sorted(({*above, *folders}) - {"."})
    records = [*((path, _FOLDER, b"") for path in paths), *((path, _PROGRAM, content) for path, content in entries)]
    packed = (_record(number, *record) for number, record in enumerate(records, start=1))
    return b"".join([*packed, _record(0, "TRAILER!!!", 0, b"")])


def _record(number: int, path: str, mode: int, content: bytes) -> bytes:
    name = path.encode() + b"\0"
    # inode, mode, uid, gid, links, time, size, device twice (major, minor), length of the name, checksum
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return b"".join(_padded([header + name, content]))


def _padded(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield part + bytes(-len(part) % 4)
