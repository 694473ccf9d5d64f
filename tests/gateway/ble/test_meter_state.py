"""What the gateway knows of each meter after a visit: battery, clock, when; and clocks that are set and read back."""

from __future__ import annotations

from datetime import timedelta

from tests.gateway.ble.station import LOCAL, NOW, Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.indicating_meter import BloodPressureMeter
from tests.harness.radio.meter_clock import EmulatedClock

ADDRESS = "F0:F1:F2:F3:F4:07"


def cuff(radio: Air, clock: EmulatedClock | None = None, battery: int | None = None) -> BloodPressureMeter:
    """With one record of a minute ago by its own clock."""
    shows = clock.shows() if clock else LOCAL
    record = packets.blood_pressure(128, 82, shows - timedelta(minutes=1))
    return BloodPressureMeter(radio=radio, address=ADDRESS, records=[record], clock=clock, battery=battery)


async def test_battery_time_and_a_clock_that_was_set_and_read_back(radio: Air, station: Station) -> None:
    clock = EmulatedClock(now=lambda: LOCAL, error=timedelta(hours=-3))
    async with cuff(radio, clock, battery=42) as meter, station.listening():
        (row,) = await station.until_rows(1)
        await meter.diary.until("hang up")
    state = station.meter(ADDRESS)
    assert (state.model, state.last_visit, state.battery) == ("standard", NOW, 42)
    assert (state.clock_error, state.clock_left) == (timedelta(hours=-3), timedelta(0))
    assert row["clock"] == "corrected", "what is read back does not place what was stamped before"


async def test_a_clock_that_takes_the_time_and_does_not_keep_it_is_found_out(radio: Air, station: Station) -> None:
    class Stubborn(EmulatedClock):
        def set(self, value: bytes) -> None:
            self.written.append(value)

    clock = Stubborn(now=lambda: LOCAL, error=timedelta(hours=1))
    async with cuff(radio, clock) as meter, station.listening():
        await station.until_rows(1)
        await meter.diary.until("hang up")
    state = station.meter(ADDRESS)
    assert clock.written
    assert (state.clock_error, state.clock_left) == (timedelta(hours=1), timedelta(hours=1))


async def test_a_clock_that_may_not_be_set_is_only_told_of(radio: Air, station: Station) -> None:
    clock = EmulatedClock(now=lambda: LOCAL, error=timedelta(minutes=7))
    meter = GlucoseMeter(
        radio=radio,
        address=ADDRESS,
        name="FORA 6",
        records=[packets.glucose(1, 100, LOCAL - timedelta(hours=1))],
        clock=clock,
    )
    async with meter, station.listening():
        await station.until_rows(1)
        await meter.diary.until("hang up")
    state = station.meter(ADDRESS)
    assert clock.written == []
    assert (state.clock_error, state.clock_left) == (timedelta(minutes=7), None)


async def test_what_a_visit_does_not_tell_stays_known(radio: Air, station: Station) -> None:
    clock = EmulatedClock(now=lambda: LOCAL, error=timedelta(minutes=9))
    async with cuff(radio, clock, battery=42) as meter, station.listening():
        await meter.diary.until("hang up")
        await station.until_rows(1)
    async with cuff(radio) as silent, station.listening():
        await silent.diary.until("hang up")
    state = station.meter(ADDRESS)
    assert (state.battery, state.clock_error, state.clock_left) == (42, timedelta(minutes=9), timedelta(0))
