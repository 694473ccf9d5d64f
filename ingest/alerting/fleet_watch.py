"""What is wrong with gateways and meters, for the technician: silence, battery, clock, failing measurements. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ingest.alerting.incident import Subject, Trouble
from ingest.fleet_settings import Troubles

AUDIENCE = "technician"
CAUSES = ("gateway_silent", "battery_low", "clock_wrong", "meter_failing")
TIER, GRAVER = 4, 3  # nobody's health is at stake; a gateway that stays silent holds back many people's readings


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGateway:
    """A gateway that is in service, and when it last spoke for itself."""

    name: str
    station_id: int | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMeter:
    """What is known of a meter; None or 0: nothing.

    `battery` in per cent, `clock_error` in seconds, both as a gateway last read them; `failures` visits in a row that
    failed; `failed` and `undated` readings that could not be used lately, for want of a value or of a time;
    `battery_flag` and `fault_flag` are in its latest reading.
    """

    address: str
    station_id: int | None = None
    battery: int | None = None
    clock_error: float | None = None
    failures: int = 0
    failed: int = 0
    undated: int = 0
    battery_flag: bool = False
    fault_flag: bool = False


def troubles(
    gateways: Iterable[SeenGateway], meters: Iterable[SeenMeter], limits: Troubles, now: datetime
) -> Iterator[Trouble]:
    """All there is of `CAUSES` right now, one a subject and cause."""
    for gateway in gateways:
        minutes = (now - gateway.seen_at).total_seconds() / 60
        if minutes > limits.gateway_silent_minutes:
            yield _silent(gateway, minutes, limits)
    for meter in meters:
        if meter.battery_flag or (meter.battery is not None and meter.battery <= limits.battery_percent):
            yield _battery(meter)
        wrong = meter.clock_error is not None and abs(meter.clock_error) > limits.meter_clock_seconds
        if wrong or meter.undated >= limits.meter_failures:
            yield _clock(meter)
        if meter.fault_flag or max(meter.failures, meter.failed) >= limits.meter_failures:
            yield _failing(meter)


def _silent(gateway: SeenGateway, minutes: float, limits: Troubles) -> Trouble:
    """The minutes themselves are not in the text: it is written once, when the incident opens."""
    since = f"{gateway.seen_at:%Y-%m-%dT%H:%MZ}"
    return Trouble(
        subject=Subject("gateway", gateway.name, "gateway_silent"),
        audience=AUDIENCE,
        tier=GRAVER if minutes > limits.gateway_lost_minutes else TIER,
        station_id=gateway.station_id,
        says={
            "zh": f"网关 {gateway.name} 没有消息。请检查电源和网络；测量数据保存在网关里，恢复后会自动补传。",
            "en": f"No word from gateway {gateway.name}. Check its power and network; it keeps the readings meanwhile.",
        },
        facts={"seen_at": since, "minutes": round(minutes)},
    )


def _battery(meter: SeenMeter) -> Trouble:
    left = f" {meter.battery} %" if meter.battery is not None else ""
    zh = f"设备 {meter.address} 电量低{left}。请更换电池。"
    en = f"The battery of meter {meter.address} is low{left}. Replace it."
    return _meter(meter, "battery_low", zh, en, {"battery": meter.battery, "flag": meter.battery_flag})


def _clock(meter: SeenMeter) -> Trouble:
    zh = f"设备 {meter.address} 的时钟不对。请重新设置日期和时间；经常偏差就更换电池。"
    en = f"The clock of meter {meter.address} is wrong. Set its date and time; replace the battery if it happens again."
    return _meter(meter, "clock_wrong", zh, en, {"seconds": meter.clock_error, "undated": meter.undated})


def _failing(meter: SeenMeter) -> Trouble:
    zh = f"设备 {meter.address} 多次测量失败或报告故障。请检查设备、袖带或试纸，必要时更换。"
    en = f"Meter {meter.address} keeps failing or reports a fault. Check it, its cuff or strips, or replace it."
    facts = {"visits": meter.failures, "readings": meter.failed, "flag": meter.fault_flag}
    return _meter(meter, "meter_failing", zh, en, facts)


def _meter(meter: SeenMeter, cause: str, zh: str, en: str, facts: Mapping[str, object]) -> Trouble:
    return Trouble(
        subject=Subject("device", meter.address, cause),
        audience=AUDIENCE,
        tier=TIER,
        station_id=meter.station_id,
        says={"zh": zh, "en": en},
        facts=facts,
    )
