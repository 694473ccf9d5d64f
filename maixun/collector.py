"""Python's search for cycles of objects, for processes that load rows by the ten thousand."""

from __future__ import annotations

import gc

# A batch of 100 people makes some 50,000 objects, none in a cycle; by default the collector would look through the
# young ones every 700 and take a quarter of a batch's time.
_YOUNG, _MIDDLE, _OLD = 100_000, 20, 20


def relax() -> None:
    """Look rarely, and never again at what is there already. Call it once everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
