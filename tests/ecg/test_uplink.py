"""A gateway full of ECGs: its messages stay below what the broker takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ecg.interpret import interpret
from gateway import wire
from tests.ecg.made import ARRIVAL, CRITERIA, POLICY, recording, sinus
from tests.gateway.made import outbox
from tests.gateway.server import Server
from tests.gateway.test_uplink import running, until


async def test_sixty_ecgs_arrive_in_messages_that_fit(tmp_path: Path, broker: str) -> None:
    box = outbox(tmp_path)
    made = recording(sinus())
    box.put(interpret(replace(made, device=f"ECG-{n}"), ARRIVAL, policy=POLICY, criteria=CRITERIA) for n in range(60))
    with Server(broker, "ecg-uplink") as server:
        async with running("ecg-uplink", broker, box):
            await until(lambda: box.counts().stored == 60)
        assert sum(server.lots) == 60
        assert max(server.lots) < 50
        assert set(server.came.values()) == {1}


@pytest.mark.parametrize("count", [0, 1])
def test_one_item_always_goes(count: int) -> None:
    assert wire.how_many_fit(["x" * 10_000_000] * count) == 1


@given(st.lists(st.integers(1, 200_000), max_size=30))
def test_as_many_as_fit(sizes: list[int]) -> None:
    fit = wire.how_many_fit(["x" * size for size in sizes])
    totals = list(accumulate(sizes))
    assert fit == 1 or totals[fit - 1] <= wire.MOST_BYTES
    assert fit >= len(totals) or totals[fit] > wire.MOST_BYTES
