"""What is wrong with a gateway or a meter, in words, and what to do. Pure: from what is known of it and the present."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from api.fleet_state import Gateway, Meter
from api.language import msgid
from ingest.fleet_settings import Troubles


class Trouble(NamedTuple):
    """One thing that is wrong: marked texts with places, and what fills them."""

    code: str
    what: str
    todo: str
    values: Mapping[str, object] = {}


_ADAPTERS: Mapping[str, tuple[str, str]] = {
    "absent": (msgid("蓝牙适配器不见了。"), msgid("检查适配器是否插好；仍不行就重启网关。")),
    "off": (msgid("蓝牙适配器没有打开。"), msgid("在网关上运行 rfkill list，看它是否被禁用。")),
    "silent": (msgid("蓝牙适配器听不到任何设备。"), msgid("拔下适配器再插上；仍不行就更换适配器。")),
}
_NOT_KEPT: Mapping[str, str] = {
    "invalid": msgid("设置 %(version)s 不能用，网关没有采用。"),
    "not_heard": msgid("采用设置 %(version)s 后网关连不上服务器，已自动恢复原设置。"),
    "restarted": msgid("试用设置 %(version)s 时网关重启了，已自动恢复原设置。"),
}


def of_gateway(gateway: Gateway, limits: Troubles, now: datetime) -> list[Trouble]:
    """What is wrong with a gateway, the most urgent first."""
    if gateway.revoked:
        return list(_revoked(gateway))
    if gateway.seen_at is None:
        text = msgid("还没有安装：这个网关从未连接过。")
        return [Trouble("never_seen", text, msgid("用注册码在那台机器上运行 maixun gateway claim，然后启动它。"))]
    return [*_contact(gateway, limits, now), *_work(gateway, limits), *_setup(gateway, limits, now)]


def of_meter(meter: Meter, limits: Troubles, now: datetime) -> list[Trouble]:
    """What is wrong with a meter."""
    found = []
    if meter.failures:
        text = msgid("听得到，但读不出数据（连续 %(count)s 次）：%(reason)s")
        todo = msgid("换电池，靠近网关再测一次；仍不行就在设备上重新配对。")
        found.append(Trouble("failing", text, todo, {"count": meter.failures, "reason": meter.failing_for or ""}))
    if meter.battery is not None and meter.battery <= limits.battery_percent:
        text = msgid("电量只剩 %(percent)s%%。")
        found.append(Trouble("battery", text, msgid("更换电池。"), {"percent": meter.battery}))
    error = meter.clock_left if meter.clock_left is not None else meter.clock_error
    if error is not None and abs(error) > limits.meter_clock_seconds:
        text = msgid("时钟快了 %(minutes)s 分钟。") if error > 0 else msgid("时钟慢了 %(minutes)s 分钟。")
        todo = msgid("请在设备上重新设置日期和时间；经常偏差就更换电池。")
        found.append(Trouble("clock", text, todo, {"minutes": round(abs(error) / 60)}))
    if meter.last_visit is not None and now - meter.last_visit > timedelta(days=limits.meter_silent_days):
        text = msgid("已有 %(days)s 天没有收到它的数据。")
        todo = msgid("问问使用者是否还在测量，设备是否离网关太远。")
        found.append(Trouble("silent", text, todo, {"days": (now - meter.last_visit).days}))
    return found


def _revoked(gateway: Gateway) -> Iterator[Trouble]:
    if gateway.heard_since_revoked:
        text = msgid("已经吊销，但代理还让它连接。")
        yield Trouble("revoked_heard", text, msgid("在服务器上重新生成吊销名单，然后重启代理。"))


def _contact(gateway: Gateway, limits: Troubles, now: datetime) -> Iterator[Trouble]:
    if gateway.seen_at is None:
        return
    silent = now - gateway.seen_at
    if not gateway.online:
        text = msgid("离线，最后一次联系在 %(minutes)s 分钟前。")
        todo = msgid("检查电源和网络；测量数据保存在网关里，恢复后会自动补传。")
        yield Trouble("offline", text, todo, {"minutes": round(silent.total_seconds() / 60)})
    elif silent > timedelta(seconds=limits.silent_seconds):
        text = msgid("已有 %(minutes)s 分钟没有消息，却没有报告离线。")
        todo = msgid("检查网关的网络；也看看服务器的接收进程是否在运行。")
        yield Trouble("silent", text, todo, {"minutes": round(silent.total_seconds() / 60)})


def _work(gateway: Gateway, limits: Troubles) -> Iterator[Trouble]:
    if gateway.adapter is not None and gateway.adapter in _ADAPTERS:
        what, todo = _ADAPTERS[gateway.adapter]
        yield Trouble(f"adapter_{gateway.adapter}", what, todo)
    if gateway.queued is not None and gateway.queued > limits.queued:
        text = msgid("有 %(count)s 条数据等待上传。")
        todo = msgid("网络恢复后会自动上传；网关在线而数量仍在增加时，检查服务器的接收进程。")
        yield Trouble("queued", text, todo, {"count": gateway.queued})
    if gateway.refused:
        text = msgid("服务器读不懂它的 %(count)s 条数据。")
        todo = msgid("先升级服务器，再用 --retry-refused 重启网关；数据还在网关里。")
        yield Trouble("refused", text, todo, {"count": gateway.refused})
    if gateway.clock_offset is not None and abs(gateway.clock_offset) > limits.clock_seconds:
        ahead = gateway.clock_offset > 0
        text = msgid("时钟比服务器快 %(seconds)s 秒。") if ahead else msgid("时钟比服务器慢 %(seconds)s 秒。")
        todo = msgid("在网关上打开网络校时（timedatectl set-ntp true）。")
        yield Trouble("clock", text, todo, {"seconds": round(abs(gateway.clock_offset))})


def _setup(gateway: Gateway, limits: Troubles, now: datetime) -> Iterator[Trouble]:
    ends = gateway.certificate_until
    if ends is not None and ends - now < timedelta(days=limits.certificate_days):
        text = msgid("证书还有 %(days)s 天到期，没有自动续期。")
        todo = msgid("检查网关能否访问本页面的地址；到期前用新注册码重新注册。")
        yield Trouble("certificate", text, todo, {"days": (ends - now).days})
    pushed = gateway.settings
    if pushed is not None and pushed.state in _NOT_KEPT:
        todo = msgid("改正后推送新的设置。")
        yield Trouble("settings", _NOT_KEPT[pushed.state], todo, {"version": pushed.version})
