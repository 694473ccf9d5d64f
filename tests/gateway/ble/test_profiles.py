"""The other profiles: thermometers, oximeters, heart rate belts and continuous glucose, from the air to the outbox."""

from __future__ import annotations

from datetime import timedelta

from tests.gateway.ble.station import LOCAL, PATIENCE, Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.glucose_meter import ContinuousGlucoseSensor
from tests.harness.radio.heart_rate_belt import HeartRateBelt
from tests.harness.radio.indicating_meter import Oximeter, Thermometer
from tests.harness.radio.meter_clock import EmulatedClock
from tests.harness.radio.record_keeper import StoredRecord
from tests.harness.radio.storing_oximeter import StoringOximeter

ADDRESS = "F0:F1:F2:F3:F4:04"
AN_HOUR_AGO = LOCAL - timedelta(hours=1)


async def test_a_temperature(radio: Air, station: Station) -> None:
    thermometer = Thermometer(
        radio=radio,
        address=ADDRESS,
        records=[packets.temperature(38.6, AN_HOUR_AGO)],
        clock=EmulatedClock(now=lambda: LOCAL),
    )
    async with thermometer, station.listening():
        (row,) = await station.until_rows(1)
    assert (row["kind"], row["values"]) == ("temperature", {"temperature": 38.6})
    assert (row["clock"], row["measured_at"]) == ("exact", "2026-11-20T23:00:00.000Z")


async def test_a_temperature_without_a_time_is_of_now(radio: Air, station: Station) -> None:
    async with Thermometer(radio=radio, address=ADDRESS, records=[packets.temperature(36.4)]), station.listening():
        (row,) = await station.until_rows(1)
    assert (row["clock"], row["measured_at"]) == ("assumed", "2026-11-21T00:00:00.000Z")


async def test_a_spot_check(radio: Air, station: Station) -> None:
    async with (
        Oximeter(radio=radio, address=ADDRESS, records=[packets.spot_check(93, 71, AN_HOUR_AGO)]),
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
    assert (row["kind"], row["values"]) == ("oximetry", {"spo2": 93, "pulse": 71})


async def test_an_oximeter_with_a_memory_is_asked_for_it(radio: Air, station: Station) -> None:
    stored = [StoredRecord(n, packets.spot_check(90 + n, 70, LOCAL - timedelta(hours=9 - n))) for n in range(5)]
    async with StoringOximeter(radio=radio, address=ADDRESS, records=stored) as oximeter, station.listening():
        rows = await station.until_rows(5)
        await oximeter.diary.until("hang up", times=2)
    assert [row["values"]["spo2"] for row in rows] == [90, 91, 92, 93, 94]
    assert len(station.rows()) == 5, "the second visit, with the same memory, brings nothing new"


async def test_a_belt_is_listened_to_for_a_spell_and_left_alone(radio: Air, station: Station) -> None:
    stream = [packets.heart_rate(60, contact=False), packets.heart_rate(90), packets.heart_rate(72)]
    patience = PATIENCE.model_copy(update={"sensor_rest": 60.0})
    async with HeartRateBelt(radio=radio, address=ADDRESS, stream=stream) as belt, station.listening(patience):
        (row,) = await station.until_rows(1)
        await belt.diary.until("hang up")
        async with Thermometer(radio=radio, address="F0:F1:F2:F3:F4:05", records=[packets.temperature(36.4)]):
            await station.until_rows(2)
    assert (row["kind"], row["values"]) == ("heart_rate", {"pulse": 72})
    assert belt.diary.times("connect") == 1, "it advertises on, and is not visited again so soon"


def sensor(radio: Air, minutes: range) -> ContinuousGlucoseSensor:
    """A session that began yesterday."""
    return ContinuousGlucoseSensor(
        radio=radio,
        address=ADDRESS,
        start=packets.session_start(LOCAL - timedelta(days=1)),
        records=[packets.continuous_glucose(minute, 100 + minute) for minute in minutes],
    )


async def test_continuous_glucose_is_dated_by_its_session_and_resumed(radio: Air, station: Station) -> None:
    async with sensor(radio, range(0, 50, 5)) as worn, station.listening():
        rows = await station.until_rows(10)
        worn.records.append(packets.continuous_glucose(50, 150))
        await station.until_rows(11)
    assert rows[1]["kind"] == "continuous_glucose"
    assert rows[1]["measured_at"] == "2026-11-20T00:05:00.000Z"
    assert "racp 0103012d00" in worn.diary.entries, "from minute 45 on, inclusive"
    assert worn.diary.times("racp 0101") == 1
    assert "session start set" not in worn.diary.entries


async def test_a_sensor_that_is_cut_off_goes_on_where_it_was(radio: Air, station: Station) -> None:
    worn = sensor(radio, range(0, 500, 5))
    worn.drop_after = 40
    async with worn, station.listening():
        rows = await station.until_rows(100)
    assert len({row["measured_at"] for row in rows}) == 100


async def test_a_new_session_counts_anew_and_nothing_of_it_is_missed(radio: Air, station: Station) -> None:
    async with sensor(radio, range(0, 50, 5)) as worn, station.listening():
        await station.until_rows(10)
        worn.start = packets.session_start(LOCAL - timedelta(hours=2))
        worn.records[:] = [packets.continuous_glucose(minute, 120) for minute in range(0, 100, 5)]
        await station.until_rows(30)
    assert worn.diary.times("racp 0101") == 2
