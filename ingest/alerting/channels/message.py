"""What a message says. Names are masked, no ID number and no value is in it; the pages show the rest. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

TIERS = {1: "危急", 2: "紧急", 3: "关注", 4: "跟踪"}
REPEATED = "（可能重复发送）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a notice is about. `name` is the full name and never leaves this module; `cause` is in words.

    An incident has no name; its `says` is a sentence that names no person.
    """

    notice_id: int
    kind: str
    number: int
    tier: int
    level: int
    since: datetime
    station: str | None
    name: str | None = None
    cause: str | None = None
    says: str | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Ready to send. `address` is empty for a group. `fields` are for templates and webhooks."""

    key: str
    subject: str
    text: str
    link: str
    address: str
    fields: dict[str, str]


def compose(content: Content, *, public_address: str, zone: ZoneInfo, to_group: bool, address: str = "") -> Message:
    """The message for a group (who and where, not what ails them) or for one person (the cause as well)."""
    tier = TIERS[content.tier]
    link = f"{public_address}/notices/{content.kind}/{content.number}"
    who = masked(content.name)
    about = (content.says or "") if content.kind == "incident" else _alert(content, who, to_group=to_group)
    since = content.since.astimezone(zone).strftime("%m-%d %H:%M")
    again = f"（第 {content.level} 次提醒）" if content.level > 1 else ""
    subject = f"【脉讯{tier}】{about}"
    text = f"{subject}\n自 {since} 起待处理{again}{REPEATED if content.repeated else ''}\n{link}"
    fields = {"tier": tier, "who": who, "station": content.station or "", "since": since}
    return Message(
        key=f"maixun-{content.notice_id}", subject=subject, text=text, link=link, address=address, fields=fields
    )


def masked(name: str | None) -> str:
    """A name with its middle hidden: 王*英, 李*; None: 居民."""
    given = (name or "").strip()
    if not given:
        return "居民"
    return f"{given[0]}*{given[-1] if len(given) > 2 else ''}"


def _alert(content: Content, who: str, *, to_group: bool) -> str:
    parts = [who, content.station or ""] if to_group else [content.cause or "", who, content.station or ""]
    return " · ".join(part for part in parts if part)
