"""Chance that can be repeated: a stream of random numbers for each named thing, the same in every process and order."""

from __future__ import annotations

import math
from random import Random


def stream(*names: object) -> Random:
    """A generator that depends on `names` alone, so that one person's draws never shift another's."""
    return Random("/".join(map(str, names)))  # noqa: S311 - a simulation, nothing here is secret


def poisson(random: Random, mean: float) -> int:
    """How many of something that happens `mean` times on average (Knuth's product of uniforms, for small means)."""
    threshold, product, count = math.exp(-mean), random.random(), 0
    while product > threshold:
        product *= random.random()
        count += 1
    return count
