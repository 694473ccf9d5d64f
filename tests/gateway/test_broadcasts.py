"""Advertised measurements, without a radio: whatever order the advertisements come in, each weighing is one reading."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.broadcasts import Broadcasts, Source
from gateway.collector import Collector
from gateway.drivers import Advert, Overheard
from gateway.drivers.xiaomi_scale import XIAOMI_SCALE
from gateway.outbox import Limits, Outbox
from gateway.patience import Patience
from tests.gateway.made import POLICY, ZONE, outbox
from tests.harness.radio import packets

NOW = datetime(2026, 11, 21, 0, 0, 0, tzinfo=UTC)
LOCAL = NOW.astimezone(ZONE).replace(tzinfo=None)
SCALE = Source("F0:F1:F2:F3:F4:06", "Xiaomi Mi Body Composition Scale", "xiaomi-scale", XIAOMI_SCALE)


@asynccontextmanager
async def listening(box: Outbox) -> AsyncIterator[Broadcasts]:
    """Everything that was heard in the block is taken when it ends."""
    collector = Collector(box, policy=POLICY, zone=ZONE)
    broadcasts = Broadcasts(collector, zone=ZONE, patience=Patience(), now=lambda: NOW)
    running = asyncio.create_task(broadcasts.run())
    try:
        yield broadcasts
        await taken()
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert running.cancelled()


async def taken() -> None:
    """What waits is taken in one go, once the task has its turn."""
    for _ in range(3):
        await asyncio.sleep(0)


def weighing(number: int, state: str) -> bytes:
    """An advertisement: nobody weighs as much as another."""
    at = LOCAL - timedelta(minutes=number)
    impedance = 500 + number if state == "measured" else None
    return packets.xiaomi_body(60.0 + number, at, impedance=impedance, stable=state != "moving")


def rows(box: Outbox) -> list[dict[str, Any]]:
    return [json.loads(waiting.item) for waiting in box.waiting(1000, 0.0)]


Heard = Sequence[tuple[int, str]]


async def heard(box: Outbox, adverts: Heard) -> None:
    async with listening(box) as broadcasts:
        for number, state in adverts:
            broadcasts.heard(SCALE, [("adv:181B:xiaomi", weighing(number, state))])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["moving", "standing", "measured"])), max_size=30))
def test_each_weighing_that_settled_is_one_reading(adverts: Heard) -> None:
    with TemporaryDirectory() as folder:
        box = outbox(Path(folder))
        asyncio.run(heard(box, adverts))
        weights = sorted(row["values"]["weight"] for row in rows(box))
        box.close()
    assert weights == sorted({60.0 + number for number, state in adverts if state != "moving"})


async def test_what_a_full_disk_refused_is_taken_when_it_is_advertised_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = outbox(tmp_path)
    box.limits = Limits(readings=0)
    advert = [("adv:181B:xiaomi", weighing(0, "measured"))]
    async with listening(box) as broadcasts:
        for _ in range(3):
            broadcasts.heard(SCALE, advert)
            await taken()
        assert rows(box) == []
        box.limits = Limits()
        broadcasts.heard(SCALE, advert)
    assert caplog.text.count("advertises waits") == 1
    assert [row["values"] for row in rows(box)] == [{"weight": 60.0, "impedance": 500}]


async def test_a_driver_that_fails_is_named_and_the_next_advertisement_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def match(self, advert: Advert, model: object) -> int:
            raise AssertionError(f"not asked here: {advert} {model}")

        def overhear(self, packet: object) -> Overheard | None:
            raise KeyError(packet.__class__.__name__)

    box = outbox(tmp_path)
    async with listening(box) as broadcasts:
        broadcasts.heard(SCALE._replace(driver_name="somebody's", driver=Broken()), [("adv:181B:xiaomi", b"\x00")])
        broadcasts.heard(SCALE, [("adv:181B:xiaomi", weighing(0, "measured"))])
    assert len(rows(box)) == 1
    assert "driver \"somebody's\" failed: KeyError('Packet')" in caplog.text
