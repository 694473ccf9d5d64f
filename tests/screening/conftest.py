"""The county of the pages' tests."""

from tests.api.conftest import app, as_, client, clock, world

__all__ = ["app", "as_", "client", "clock", "world"]
