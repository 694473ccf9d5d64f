"""A meter of two profiles gives both kinds of readings in one visit."""

from __future__ import annotations

from datetime import timedelta

from tests.gateway.ble.station import LOCAL, Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.combined_meter import CombinedMeter
from tests.harness.radio.meter_clock import EmulatedClock

ADDRESS = "F0:F1:F2:F3:F4:08"


async def test_both_come_and_are_placed_by_the_clock_it_had_before_it_was_set(radio: Air, station: Station) -> None:
    behind = timedelta(hours=-5)
    shown = LOCAL - timedelta(hours=1) + behind
    meter = CombinedMeter(
        radio=radio,
        address=ADDRESS,
        records=[packets.glucose(1, 100, shown)],
        pressures=[packets.blood_pressure(128, 82, shown)],
        clock=EmulatedClock(now=lambda: LOCAL, error=behind),
    )
    async with meter, station.listening():
        rows = await station.until_rows(2)
        await meter.diary.until("hang up")
    assert sorted(row["kind"] for row in rows) == ["blood_pressure", "glucose"]
    assert {row["measured_at"] for row in rows} == {"2026-11-20T23:00:00.000Z"}
    assert station.meter(ADDRESS).clock_error == behind
