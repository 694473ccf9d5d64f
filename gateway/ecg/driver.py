"""The interface of portable ECGs: whatever reaches one turns what it says into a `Recording`.

No Bluetooth profile carries an ECG's curve, so portable ECGs differ in everything; nearly all write files. A driver is
a plug-in (entry point group `maixun.ecg`): a callable that takes a file and the device's address. The name of its entry
point is the suffix of its files. A device reached otherwise hands its `Recording` to `gateway.ecg.keeping.keep`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

from devices.ecg.recording import NotARecording, Recording
from gateway.ecg.csv_file import read_csv
from gateway.ecg.edf_file import read_edf

Driver: TypeAlias = Callable[[Path, str], Recording]

GROUP = "maixun.ecg"
OWN: dict[str, Driver] = {"csv": read_csv, "edf": read_edf}
MOST_BYTES = 20 << 20  # ten times a minute at 1000 Hz written in full


def read(path: Path, device: str) -> Recording:
    """The recording in a file. Raises `NotARecording`, with the file's name and what to do."""
    suffix = path.suffix.removeprefix(".").lower()
    driver = OWN.get(suffix) or _plugged_in(suffix)
    if driver is None:
        raise NotARecording(f"{path}: no driver reads .{suffix} files; export it as {' or '.join(OWN)}")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NotARecording(f"larger than {MOST_BYTES >> 20} MB: export one recording of half a minute")
        return driver(path, device)
    except (NotARecording, OSError) as error:
        raise NotARecording(f"{path}: {error}") from error


def _plugged_in(suffix: str) -> Driver | None:
    found = next(iter(entry_points(group=GROUP, name=suffix)), None)
    driver: Driver | None = found.load() if found else None
    return driver
