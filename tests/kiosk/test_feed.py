"""The page's stream: nothing is missed at its beginning, a page that lags is sent away, the end ends it."""

from __future__ import annotations

import asyncio

from gateway.kiosk.feed import Feed, frame_of
from gateway.kiosk.view import Live


def live(cuff: float) -> Live:
    return Live(metric="cuff", value=cuff, unit="mmHg")


async def test_what_changes_between_the_request_and_the_first_bytes_is_not_missed() -> None:
    feed, present = Feed(), [1.0]
    stream = feed.stream(lambda: frame_of("live", live(present[0])))
    present[0] = 2.0
    feed.tell("live", live(2.0))
    assert await anext(stream) == frame_of("live", live(2.0))
    feed.tell("live", live(3.0))
    assert await anext(stream) == frame_of("live", live(3.0))


async def test_a_page_that_lags_too_far_comes_back_for_the_present() -> None:
    feed = Feed()
    stream = feed.stream(lambda: b"now")
    await anext(stream)
    for cuff in range(101):
        feed.tell("live", live(cuff))
    async with asyncio.timeout(10):
        assert len([frame async for frame in stream]) == 99


async def test_the_end_of_the_kiosk_ends_every_stream() -> None:
    feed = Feed()
    streams = [feed.stream(lambda: b"now") for _ in range(3)]
    for stream in streams:
        await anext(stream)
    feed.close()
    async with asyncio.timeout(10):
        assert [[frame async for frame in stream] for stream in streams] == [[], [], []]
