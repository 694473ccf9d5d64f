"""The rota as a station lead sees it at a glance: who is told now, who is away, and when nobody is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api.services import plain_rows
from ingest.alerting import rota_store
from ingest.alerting.policy import EscalationSettings
from ingest.alerting.rota import Leave, Rota
from maixun.configuration import settings

AHEAD = timedelta(days=7)  # a hole further off can still be filled at the weekly planning


class Away(BaseModel):
    """Somebody on leave now, and who stands in: null when the deputy is away too."""

    name: str
    deputy: str | None
    until: datetime


class Hole(BaseModel):
    """A time to come in which an alert would find nobody. `name`: the doctor on leave without a deputy."""

    kind: str = Field(description="duty: nobody on duty out of hours; deputy: a doctor is away and so is the deputy")
    starts_at: datetime
    ends_at: datetime
    name: str | None


class RotaNow(BaseModel):
    """Who is there."""

    working: bool = Field(description="whether it is working time: then each family doctor is told first")
    on_duty: list[str] = Field(description="who is told first out of hours, or for residents without a doctor")
    away: list[Away]
    holes: list[Hole] = Field(description="in the next seven days")


def rota_now(connection: Connection[DictRow], station_id: int, now: datetime) -> RotaNow:
    """The rota of a station now and in the days to come."""
    with plain_rows(connection) as tuples:
        rota = rota_store.read(tuples, _policy(), now)
    names = _names(connection)
    return RotaNow(
        working=rota.hours[station_id].are_working(now),
        on_duty=[names[each] for each in rota.responsible(station_id, None, now)],
        away=[_away(rota, leave, names, now) for leave in rota.leaves if _is_away(rota, leave, station_id, now)],
        holes=[
            Hole(
                kind=gap.kind.value,
                starts_at=gap.starts_at,
                ends_at=gap.ends_at,
                name=names.get(gap.staff_id or 0),
            )
            for gap in rota.gaps(station_id, now, now + AHEAD)
        ],
    )


def _is_away(rota: Rota, leave: Leave, station_id: int, now: datetime) -> bool:
    member = rota.members.get(leave.staff_id)
    return member is not None and member.station_id == station_id and leave.starts_at <= now < leave.ends_at


def _away(rota: Rota, leave: Leave, names: dict[int, str], now: datetime) -> Away:
    stands_in = rota.present(leave.staff_id, now)
    return Away(name=names[leave.staff_id], deputy=names.get(stands_in or 0), until=leave.ends_at)


def _names(connection: Connection[DictRow]) -> dict[int, str]:
    return {
        row["staff_id"]: row["display_name"]
        for row in connection.execute("select staff_id, display_name from care.staff").fetchall()
    }


@cache
def _policy() -> EscalationSettings:
    return settings(EscalationSettings, "escalation")
