"""Waiting for a line in the log."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.harness.radio.pace import PACE


async def until_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    """Returns when a line with this text is in the log."""
    logged = asyncio.Event()

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if text in record.getMessage():
                logged.set()

    watch = Watch()
    logging.getLogger().addHandler(watch)
    try:
        if text not in caplog.text:
            await asyncio.wait_for(logged.wait(), 10 * PACE)
    finally:
        logging.getLogger().removeHandler(watch)
