"""Whom a kiosk may recognise: the residents of its township, by their tokens. Answers a kiosk's heartbeat.

No name, number or date leaves the server, and nothing at all goes to a gateway that is not enrolled or is revoked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import tuple_row

from ingest.client import Publish
from maixun.known_people import Parts, differing, parts

# The first nine digits of a 统计用区划代码 are the township's. Who left or died is not expected at a kiosk any more.
_WHERE = """
select left(s.region_code, 9), v.version from fleet.gateway g join care.station s using (station_id)
cross join care.roster_version v where g.gateway = %s and g.revoked_at is null
"""
_TOKENS = """
with here as (
    select r.resident_id, r.token from care.resident r join care.station s using (station_id)
    where left(s.region_code, 9) = %s and (r.left_on is null or r.left_on > %s)
)
select token from here union select t.token from care.person_token t join here using (resident_id)
"""


class _Listed(NamedTuple):
    """A township's list, and of when it is."""

    version: int
    day: date
    parts: Parts


class KnownPeople:
    """The lists of all townships, each made anew when the roster or the day is another. Not shared between threads."""

    def __init__(self) -> None:
        self._townships: dict[str, _Listed] = {}

    def answers(self, connection: Connection[Any], gateway: str, said: Sequence[str], today: date) -> list[Publish]:
        """What a kiosk that says these fingerprints gets: the parts it has not; no part: its list is up to date."""
        listed = self._of(connection, gateway, today)
        if listed is None:
            return []
        lacking = {number: base64.b64encode(part).decode() for number, part in differing(listed, said).items()}
        command = {"v": 1, "people": {"parts": lacking}}
        return [(f"maixun/1/{gateway}/commands", json.dumps(command, separators=(",", ":")).encode())]

    def _of(self, connection: Connection[Any], gateway: str, today: date) -> Parts | None:
        with connection.cursor(row_factory=tuple_row) as cursor:
            stands = cursor.execute(_WHERE, [gateway]).fetchone()
            if stands is None:
                return None
            township, version = stands
            listed = self._townships.get(township)
            if listed is None or (listed.version, listed.day) != (version, today):
                tokens = (token for (token,) in cursor.execute(_TOKENS, [township, today]))
                listed = self._townships[township] = _Listed(version, today, parts(tokens))
        return listed.parts
