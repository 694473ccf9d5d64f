"""The send log of an alert: who was told, when, by what, and whether it was read. For the alert's dialog."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from ingest.alerting.channels import settings

# Whoever opened the alert's dialog after the message went out has read it: the audit knows.
_SENDS = """
select n.level, n.channel, n.state, n.created_at, n.sent_at, n.repeated, n.error, s.display_name as name,
    (select min(a.at) from care.audit a
     where a.resident_id = n.resident_id and a.action = 'alert.view' and a.staff_id = n.staff_id
       and a.at >= n.sent_at and a.detail ->> 'episode_id' = n.number::text) as read_at
from care.notice n left join care.staff s using (staff_id)
where n.matter = 'episode' and n.number = %s
order by n.created_at, n.round, n.level, n.notice_id"""


class Send(BaseModel):
    """One message about an alert."""

    model_config = ConfigDict(frozen=True)

    level: int = Field(description="which step of the escalation")
    name: str | None = Field(description="who was told; null is a group")
    way: str = Field(description="in_page, app, mail, sms, voice; the channel's name if it is not configured any more")
    state: str = Field(description="waiting, claimed, sent, failed or cancelled")
    at: datetime = Field(description="when it went out, or was put into the outbox")
    read_at: datetime | None = Field(description="when the person opened the alert after that")
    repeated: bool = Field(description="its sender vanished in between, so it may have arrived twice")
    error: str | None


def of_episode(connection: Connection[DictRow], episode_id: int) -> list[Send]:
    """Everything that was sent or tried about an episode, oldest first. The caller has checked that it may be seen."""
    return [_send(row) for row in connection.execute(_SENDS, [episode_id]).fetchall()]


@cache
def ways() -> Mapping[str, str]:
    """What each configured channel serves, by its name."""
    return {name: channel.way.value for name, channel in settings.read().channels.items()}


def _send(row: DictRow) -> Send:
    channel = row["channel"]
    return Send(**row, way=ways().get(channel, channel), at=row["sent_at"] or row["created_at"])
