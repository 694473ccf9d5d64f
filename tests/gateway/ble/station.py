"""A gateway under test: the real radio, collector and outbox, with the time in the test's hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from devices import catalogue, clock
from gateway.bleak_radio import BleakRadio
from gateway.collector import Collector
from gateway.installed import Drivers
from gateway.meters import Meters, MeterState
from gateway.outbox import Outbox
from gateway.passkey_desk import PasskeyDesk
from gateway.patience import Patience
from maixun.configuration import load, load_all
from tests.harness.radio.pace import PACE

ZONE = timezone(timedelta(hours=8))
# 08:00 on the meters' displays.
NOW = datetime(2026, 11, 21, 0, 0, 0, tzinfo=UTC)
LOCAL = NOW.astimezone(ZONE).replace(tzinfo=None)

# As in the field, only shorter: a test's meter answers in milliseconds.
PATIENCE = Patience(
    idle=1.0 * PACE,
    visit=20.0 * PACE,
    connect_attempts=2,
    revisit=0.05,
    fruitless=0.2,
    between_people=0.1,
    spell=0.3,
    sensor_rest=0.1,
    completion=10.0,
    adapter=0.1,
    disk=0.05,
)
MODELS = catalogue.parse(load_all("devices/*.yaml"))

_WAIT = 10.0 * PACE


class Station:
    """What a test asks of the gateway."""

    def __init__(self, outbox: Outbox, collector: Collector) -> None:
        self.outbox = outbox
        self.collector = collector
        self._new = asyncio.Event()
        self._radio: BleakRadio | None = None
        outbox.on_new = self._new.set

    @property
    def radio(self) -> BleakRadio:
        """The one that listens, or listened last."""
        assert self._radio is not None
        return self._radio

    def rows(self) -> list[dict[str, Any]]:
        """Everything in the outbox, as it would be sent."""
        return [json.loads(waiting.item) for waiting in self.outbox.waiting(10_000, 0.0)]

    def systolics(self) -> list[int]:
        """In the order in which they were stored."""
        return [row["values"]["systolic"] for row in self.rows()]

    def meter(self, device: str) -> MeterState:
        """What is known of a meter that was visited."""
        return next(state for state in Meters(self.outbox.disk).all() if state.device == device)

    async def until_rows(self, count: int) -> list[dict[str, Any]]:
        """Returns when so many readings are stored."""
        try:
            async with asyncio.timeout(_WAIT):
                while len(self.rows()) < count:
                    self._new.clear()
                    await self._new.wait()
        except TimeoutError:
            raise AssertionError(f"waited in vain for {count} readings: {self.rows()}") from None
        return self.rows()

    @asynccontextmanager
    async def listening(
        self,
        patience: Patience = PATIENCE,
        *,
        consents: Mapping[str, Mapping[int, int]] | None = None,
        drivers: Drivers | None = None,
        passkeys: PasskeyDesk | None = None,
        now: Callable[[], datetime] = lambda: NOW,
    ) -> AsyncIterator[asyncio.Task[None]]:
        """The radio runs for the length of the block, and stops as the process stops it; its task is given."""
        radio = BleakRadio(
            "hci0",
            models=MODELS,
            zone=ZONE,
            consents=consents,
            patience=patience,
            drivers=drivers,
            passkeys=passkeys,
            now=now,
        )
        self._radio = radio
        stop = asyncio.Event()
        running = asyncio.create_task(radio.run(self.collector, stop))
        try:
            yield running
        finally:
            stop.set()
            await asyncio.wait_for(running, _WAIT)


def open_station(folder: Path) -> Station:
    """A gateway with an empty outbox."""
    outbox = Outbox(folder / "outbox.sqlite")
    policy = clock.parse_policy(load("devices/clock.yaml"))
    return Station(outbox, Collector(outbox, policy=policy, zone=ZONE))
