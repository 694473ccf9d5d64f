"""A headless Chromium for the tests of the pages: the machine's own, else Debian's, with a Chinese font."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from maixun.runtime import prefix
from maixun.runtime.packages import BROWSER
from maixun.runtime.relink import library_folders

_NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
# No sandbox: root and containers cannot have one, and the pages are ours. No request to anybody else's host.
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{home}/usr/share/fonts</dir><cachedir>{home}/var/cache/fontconfig</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Browser:
    """What a test driver needs to start it: program, arguments, and the whole environment."""

    program: Path
    arguments: tuple[str, ...]
    environment: dict[str, str]


def find(report: prefix.Report) -> Browser:
    """The browser, fetched first if the machine has none. Raises `PackagesUnavailable`."""
    for name in _NAMES:
        installed = shutil.which(name)
        if installed:
            return Browser(Path(installed), _ARGUMENTS, dict(os.environ))
    return _fetched(prefix.ensure(BROWSER, report))


def _fetched(home: Path) -> Browser:
    fonts = home / "fonts.conf"
    fonts.write_text(_FONTS.format(home=home))
    libraries = ":".join(
        map(str, library_folders(BROWSER, home))
    )  # some libraries ignore the program's own search path
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(fonts)}
    return Browser(home / "usr/lib/chromium/chromium-headless-shell", _ARGUMENTS, environment)
