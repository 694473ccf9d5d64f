"""Hiding small cells in a table of 200 stations and 20 columns, beside merely finding them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from api.counts import Counts
from api.disclosure import unproved
from api.suppression import suppress
from tests.bench.figure import Figure
from tests.reporting.tables import Key, two_way

SHAPE = (200, 20)
THRESHOLD = 10


def figures() -> Iterator[Figure]:
    """The time to hide, the time to prove it, and how much had to be hidden beside what is small."""
    counts = _table()
    began = time.perf_counter()
    small = [key for key, value in counts.values.items() if 0 < value < THRESHOLD]
    finding = time.perf_counter() - began
    found = suppress(counts, THRESHOLD)
    hiding = time.perf_counter() - began
    left = unproved(counts, found, THRESHOLD)
    proving = time.perf_counter() - began - hiding
    if left:
        raise AssertionError(f"{len(left)} hidden counts can be worked out")
    yield Figure(
        name="hide small cells of 200 × 20", value=hiding, unit="s", baseline_name="find them", baseline=finding
    )
    yield Figure(name="audit the proof", value=proving, unit="s", baseline_name="hide", baseline=hiding)
    yield Figure(
        name=f"hidden of {len(counts.values)} counts",
        value=len(found.hidden),
        unit="counts",
        baseline_name="small themselves",
        baseline=len(small),
    )


def _table() -> Counts[Key]:
    """Counts as stations of very different size have them: about one in nine is small."""
    random = np.random.default_rng(20)
    return two_way(random.poisson(random.lognormal(3.5, 1, SHAPE)))
