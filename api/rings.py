"""A ring on somebody's open pages: what is said, in both languages, without a name or a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import DictRow

from api.language import Language, msgid, says
from api.words import TIERS

_NOTICE = """
select n.staff_id, n.resident_id, n.matter, n.number, n.level, coalesce(e.tier, i.tier) as tier, t.name as station,
    i.finding -> 'says' as says
from care.notice n
left join care.episode e on n.matter = 'episode' and e.episode_id = n.number
left join care.resident r on r.resident_id = e.resident_id
left join care.incident i on n.matter = 'incident' and i.incident_id = n.number
left join care.station t on t.station_id = coalesce(r.station_id, i.station_id)
where n.notice_id = %s and n.staff_id is not null"""


class Ring(NamedTuple):
    """For whom, about which resident (None: about no person) and matter, and the event of the stream by language."""

    staff_id: int
    number: int
    resident_id: int | None
    frames: Mapping[Language, bytes]


def read(connection: Connection[DictRow], notice_id: int) -> Ring | None:
    """The ring of a notice; None if there is no such notice."""
    row = connection.execute(_NOTICE, [notice_id]).fetchone()
    if row is None:
        return None
    return Ring(row["staff_id"], row["number"], row["resident_id"], {each: _frame(row, each) for each in Language})


def text(row: DictRow, language: Language) -> str:
    """What a ring says of an alert (how urgent, where) or an incident (its own sentence)."""
    if row["matter"] == "incident":
        return str((row["says"] or {}).get(language, ""))
    tier = says(TIERS[row["tier"]])[language]
    if row["level"] > 1:
        again = msgid("%(tier)s预警待处理 · %(station)s（第 %(n)s 次提醒）")
        return says(again, tier=tier, station=row["station"], n=row["level"])[language]
    return says(msgid("%(tier)s预警待处理 · %(station)s"), tier=tier, station=row["station"])[language]


def _frame(row: DictRow, language: Language) -> bytes:
    data = {
        "text": text(row, language),
        "tier": row["tier"],
        "link": f"/notices/{row['matter']}/{row['number']}",
        "tag": f"{row['matter']}-{row['number']}",
    }
    return f"event: notice\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
