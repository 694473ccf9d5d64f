"""What a gateway is told in answer to its heartbeat: the settings wanted of it, whether to keep those on trial, and
a kiosk the people it may recognise.

An answer and not a message left at the broker: it goes to a gateway that is there, never to one that comes back next
week, and a lost one is repeated with the next heartbeat.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from psycopg import Connection

from ingest.client import Publish
from ingest.known_people import KnownPeople
from ingest.status import Status


def answers(
    connection: Connection[Any], gateway: str, status: Status, now: datetime, people: KnownPeople
) -> list[Publish]:
    """The commands for this gateway now, usually none; notes what became of the settings wanted of it."""
    if not status["online"]:
        return []
    wanted = _settings(connection, gateway, status, now)
    return wanted + (people.answers(connection, gateway, status["people"], now.date()) if "people" in status else [])


def _settings(connection: Connection[Any], gateway: str, status: Status, now: datetime) -> list[Publish]:
    if "settings" not in status:
        return []
    wanted = connection.execute(
        "select version, settings, kept_at, refused_at from fleet.settings where gateway = %s"
        " order by version desc limit 1",
        [gateway],
    ).fetchone()
    if wanted is None:
        return []
    version, settings, kept_at, refused_at = wanted
    refused = status.get("refused_settings")
    if status["settings"] == version:
        if kept_at is None:
            connection.execute(
                "update fleet.settings set kept_at = %s, refused_at = null, refused_why = null"
                " where gateway = %s and version = %s",
                [now, gateway, version],
            )
        return [_command(gateway, keep=version)] if status.get("trial") else []
    if refused is not None and refused["version"] == version:
        if refused_at is None:
            connection.execute(
                "update fleet.settings set refused_at = %s, refused_why = %s, kept_at = null"
                " where gateway = %s and version = %s",
                [now, refused["why"], gateway, version],
            )
        return []
    return [_command(gateway, settings={"version": version, "settings": settings})]


def _command(gateway: str, **what: object) -> Publish:
    return f"maixun/1/{gateway}/commands", json.dumps({"v": 1, **what}, separators=(",", ":")).encode()
