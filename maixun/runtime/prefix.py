"""A fetched bundle on disk: made once, by one process at a time, appearing whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from maixun.endpoints import runtime_folder
from maixun.runtime.debian import PrivateApt, unpack
from maixun.runtime.mirror import debian_mirror
from maixun.runtime.packages import Bundle
from maixun.runtime.relink import relink

Report = Callable[[str], None]


def cache_folder() -> Path:
    """Where bundles are kept: `MAIXUN_CACHE` (many checkouts may share one), else `packages` in the runtime folder."""
    named = os.environ.get("MAIXUN_CACHE")
    return Path(named).absolute() if named else runtime_folder() / "packages"


def location(bundle: Bundle) -> Path:
    """The prefix of this very bundle; another package list has another folder."""
    return cache_folder() / f"{bundle.name}-{bundle.digest()}"


def ensure(bundle: Bundle, report: Report) -> Path:
    """The bundle's prefix, fetched first if it is not there. Raises `PackagesUnavailable`."""
    home = location(bundle)
    home.parent.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        if not home.is_dir():
            _fetch(bundle, home, report)
        elif _made_for(home) != home:
            report(f"{bundle.name}: the folder was moved, linking again")
            _link(bundle, home, home)
    return home


def _fetch(bundle: Bundle, home: Path, report: Report) -> None:
    aside = home.with_suffix(".part")
    shutil.rmtree(aside, ignore_errors=True)
    apt, root = aside / "apt", aside / "root"
    root.mkdir(parents=True)
    try:
        mirror = debian_mirror()
        report(f"{bundle.name}: fetching Debian packages into {home.parent} (once, about half a minute)")
        archives = PrivateApt(apt, mirror).fetch(bundle)
        report(f"{bundle.name}: unpacking {len(archives)} packages")
        unpack(archives, root, bundle.unwanted)
        _link(bundle, root, home)
        root.rename(home)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _link(bundle: Bundle, root: Path, home: Path) -> None:
    relink(bundle, root, home)
    (root / "made-for").write_text(str(home))


def _made_for(home: Path) -> Path:
    stamp = home / "made-for"
    return Path(stamp.read_text()) if stamp.is_file() else Path()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two commands started together must not fetch into one folder; the second waits and finds it done."""
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
