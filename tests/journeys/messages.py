"""Messages on the wire, right ones and what can be made of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from gateway import wire


def item(device: str, **changes: Any) -> dict[str, Any]:
    """A quiet blood pressure measured now."""
    now = wire.moment(datetime.now(UTC))
    return {
        "id": str(uuid4()),
        "device": device,
        "received_at": now,
        "raw": "2A35:0478005000",
        "kind": "blood_pressure",
        "measured_at": now,
        "clock": "exact",
        "values": {"systolic": 120, "diastolic": 80},
    } | changes


def low_glucose(device: str) -> dict[str, Any]:
    """One that opens an alert at once."""
    return item(device, kind="glucose", raw="2A18:00", values={"glucose": 2.4})


def message(gateway: str, *items: dict[str, Any], **changes: Any) -> bytes:
    """The envelope around them."""
    head = {"v": 1, "gateway": gateway, "sent_at": wire.moment(datetime.now(UTC)), "readings": items}
    return json.dumps(head | changes, ensure_ascii=False).encode()
