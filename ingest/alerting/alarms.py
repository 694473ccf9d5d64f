"""What is wrong with the alerting itself: nobody on the rota, nobody answers, a channel fails. Kept as incidents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ingest.alerting import incidents, rota_store
from ingest.alerting.channels.settings import Known
from ingest.alerting.escalating import Means
from ingest.alerting.incident import Subject, Trouble
from ingest.alerting.rota import Gap, GapKind, Rota
from ingest.alerting.store import Connection

NOBODY_ON_DUTY, DEPUTY_AWAY, UNANSWERED, CHANNEL_FAILED = CAUSES = (
    "nobody_on_duty",
    "deputy_away",
    "alert_unanswered",
    "channel_failed",
)
REMEMBERED = timedelta(days=7)  # a channel that failed longer ago and was not used since is not asked about again

_UNANSWERED = """
select r.station_id, count(*) from care.escalation g
join care.episode e on g.matter = 'episode' and e.episode_id = g.number join care.resident r using (resident_id)
where g.unanswered and e.state = 'open' group by 1"""
# A channel fails while the last thing that happened to it is a notice it gave up, for a reason that is its own.
_FAILED = """
select distinct on (a.channel) a.channel, a.outcome, a.error, n.state
from care.notice_attempt a join care.notice n using (notice_id)
where a.channel = any(%s) and a.ended_at > %s and a.outcome <> 'recipient'
  and (a.outcome <> 'temporary' or n.state = 'failed')
order by a.channel, a.ended_at desc, a.notice_id desc"""


def look(connection: Connection, means: Means, now: datetime) -> int:
    """Bring the incidents of `CAUSES` to what is wrong now. Returns how many changed. Any process may do it."""
    rota = rota_store.read(connection, means.settings, now)
    zone = means.settings.tzinfo
    until = now + means.settings.rota.look_ahead
    troubles = [
        *(_gap(gap, rota, zone, now) for gap in _first_gaps(rota, now, until)),
        *_unanswered(connection, rota),
        *_channels(connection, means.channels, now),
    ]
    return incidents.settle(connection, troubles, causes=CAUSES, now=now)


def _first_gaps(rota: Rota, now: datetime, until: datetime) -> Iterator[Gap]:
    """Of every station, and kind, the first."""
    for station_id in rota.hours:
        gaps = rota.gaps(station_id, now, until)
        for kind in GapKind:
            yield from [gap for gap in gaps if gap.kind is kind][:1]


def _gap(gap: Gap, rota: Rota, zone: ZoneInfo, now: datetime) -> Trouble:
    cause = NOBODY_ON_DUTY if gap.kind is GapKind.DUTY else DEPUTY_AWAY
    since = gap.starts_at.astimezone(zone).strftime("%m-%d %H:%M")
    until = gap.ends_at.astimezone(zone).strftime("%m-%d %H:%M")
    station = rota.names[gap.station_id]
    if gap.kind is GapKind.DUTY:
        zh = f"{station} {since} 至 {until} 无人值班，期间的预警没有人接。请在“值班”页排班。"
        en = f"{station}: nobody is on duty from {since} to {until}; alerts would find nobody. Fill the rota."
    else:
        zh = f"{station} 有医生休假而代理人也不在（{since} 至 {until}）。请在“值班”页另派代理人。"
        en = f"{station}: a doctor is on leave and the deputy is away too ({since} to {until}). Name another deputy."
    return Trouble(
        subject=Subject("rota", str(gap.station_id), cause),
        audience="station_lead" if rota.leads(gap.station_id, now) else "admin",
        tier=2,
        says={"zh": zh, "en": en},
        station_id=gap.station_id,
        facts={"starts_at": gap.starts_at.isoformat(), "ends_at": gap.ends_at.isoformat()},
    )


def _unanswered(connection: Connection, rota: Rota) -> Iterator[Trouble]:
    for station_id, number in connection.execute(_UNANSWERED).fetchall():
        station = rota.names[station_id]
        yield Trouble(
            subject=Subject("rota", str(station_id), UNANSWERED),
            audience="admin",
            tier=1,
            says={
                "zh": f"{station} 有 {number} 条预警已逐级提醒，仍无人接手。请直接联系该站。",
                "en": f"{station}: {number} alerts went through every level and nobody took them up. Call the station.",
            },
            station_id=station_id,
            facts={"alerts": number},
        )


def _channels(connection: Connection, channels: Mapping[str, Known], now: datetime) -> Iterator[Trouble]:
    names: Collection[str] = list(channels)
    for name, outcome, error, _ in connection.execute(_FAILED, [names, now - REMEMBERED]).fetchall():
        if outcome == "sent":
            continue
        todo_zh = "请管理员检查该通道的密钥与设置" if outcome == "permanent" else "对方服务连不上，请检查网络"
        todo_en = "check its keys and settings" if outcome == "permanent" else "its service cannot be reached"
        yield Trouble(
            subject=Subject("channel", name, CHANNEL_FAILED),
            audience="admin" if outcome == "permanent" else "technician",
            tier=2,
            says={
                "zh": f"通知通道 {name} 发送失败（{error}）：{todo_zh}。提醒已改走其他通道。",
                "en": f"The channel {name} fails ({error}): {todo_en}. Alerts go on by other channels.",
            },
            facts={"error": error, "outcome": outcome},
        )
