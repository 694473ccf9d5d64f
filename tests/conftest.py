"""Fixtures every test may ask for."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # no test is judged by the time it takes
settings.load_profile("untimed")

pytest_plugins = ["tests.harness.browser", "tests.harness.services"]
