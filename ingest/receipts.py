"""Receipts as they travel to a gateway: only now may it forget a reading."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ingest.pipeline import Answer
from ingest.reason import Outcome, Settled

MOST_IN_A_MESSAGE = 1000  # about 75 kB: below what brokers refuse, and one write of a small gateway's SQLite


def receipts(answer: Answer) -> Iterator[bytes]:
    """The payloads for one gateway's receipts topic, readings before messages: what is named by id is settled first."""
    readings = [_entry("id", key, settled) for key, settled in answer.readings]
    messages = [_entry("digest", key, settled) for key, settled in answer.messages]
    for start in range(0, len(readings), MOST_IN_A_MESSAGE):
        yield _payload("receipts", readings[start : start + MOST_IN_A_MESSAGE])
    for start in range(0, len(messages), MOST_IN_A_MESSAGE):
        yield _payload("messages", messages[start : start + MOST_IN_A_MESSAGE])


def _payload(key: str, entries: list[str]) -> bytes:
    return f'{{"v":1,"{key}":[{",".join(entries)}]}}'.encode()


def _entry(key: str, name: str, settled: Settled) -> str:
    """JSON by hand: ids, digests and reasons hold no character that needs escaping, and this runs for every reading."""
    if settled.outcome is Outcome.ACCEPTED:
        return f'{{"{key}":"{name}","outcome":"accepted"}}'
    return json.dumps({key: name, "outcome": settled.outcome, "reason": settled.reason}, separators=(",", ":"))
