"""What the stories of the models share: their register, a meter's address, its clock, and the order of events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bleak import BleakClient, BleakScanner

from gateway.pairing import pairing_agent
from tests.gateway.ble.station import LOCAL, Station
from tests.harness.radio.air import Air
from tests.harness.radio.meter import Meter
from tests.harness.radio.meter_clock import EmulatedClock

ADDRESS = "F0:F1:F2:F3:F4:01"
AN_HOUR_AGO = LOCAL - timedelta(hours=1)
AT_AN_HOUR_AGO = "2026-11-20T23:00:00.000Z"

Story = Callable[[Air, Station], Awaitable[None]]
STORIES: dict[str, Story] = {}


def story(model: str) -> Callable[[Story], Story]:
    """Registers how a meter of that model is visited."""

    def register(told: Story) -> Story:
        STORIES[model] = told
        return told

    return register


def clock(error: timedelta = timedelta(0)) -> EmulatedClock:
    """One that is so far ahead."""
    return EmulatedClock(now=lambda: LOCAL, error=error)


async def bonded_by_hand(radio: Air) -> None:
    """What a person does once with a meter that shows a code."""
    async with pairing_agent(None, within=1) as agent:
        await agent.expect(ADDRESS, "by hand", shows_code=False)
        device = await BleakScanner.find_device_by_address(ADDRESS, bluez={"adapter": radio.adapter_name})
        assert device is not None
        async with BleakClient(device) as client:
            await client.pair()


def order(meter: Meter, *entries: str) -> None:
    """These entries stand in the meter's diary, each for the first time after the one before it."""
    diary = meter.diary.entries
    places = [diary.index(entry) for entry in entries]
    assert places == sorted(places), diary
