"""The speech synthesiser espeak-ng: the machine's own, else Debian's unpacked without root."""

from __future__ import annotations

import shutil
from pathlib import Path

from maixun.runtime import prefix
from maixun.runtime.packages import SPEECH
from maixun.runtime.relink import library_folders

_NAME = "espeak-ng"


def find(report: prefix.Report) -> tuple[Path, dict[str, str]]:
    """The program and what its environment needs beside ours. Raises `PackagesUnavailable`."""
    installed = shutil.which(_NAME)
    if installed:
        return Path(installed), {}
    home = prefix.ensure(SPEECH, report)
    libraries = library_folders(SPEECH, home)
    data = next(folder for folder in libraries if (folder / "espeak-ng-data").is_dir())
    return home / "usr/bin" / _NAME, {"ESPEAK_DATA_PATH": str(data), "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
