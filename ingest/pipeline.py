"""The way of a batch: open, assign, judge, save. Usable without a broker: filling a history calls it directly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from devices.metrics import Catalogue
from ingest import checks, ecg, envelope, store
from ingest.checks import Criteria
from ingest.envelope import Item
from ingest.instant import micros
from ingest.reason import Outcome, Reason, Settled
from ingest.roster import Roster
from ingest.settings import Limits
from ingest.store import Row

_DUPLICATE = Settled(Outcome.DUPLICATE, None)
_REFUSED = Settled(Reason.REFUSED.outcome, Reason.REFUSED)


class Message(NamedTuple):
    """What one gateway published: its name is from the topic, which the broker's access rules vouch for."""

    gateway: str
    payload: bytes


@dataclass(slots=True)
class Answer:
    """All that one gateway is told: of readings by their ids, of messages that could not be read by their digests."""

    readings: list[tuple[str, Settled]] = field(default_factory=list)
    messages: list[tuple[str, Settled]] = field(default_factory=list)


@dataclass(slots=True)
class Processed:
    """What became of a batch. The counts add up to the items received; a message nobody could read counts as one."""

    counts: Counter[Settled]
    answers: dict[str, Answer]
    unknown_fields: int


def process(
    connection: Connection[Any],
    messages: Sequence[Message],
    *,
    now: datetime,
    roster: Roster,
    catalogue: Catalogue,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Processed:
    """One transaction: open every message, assign and judge every item, save what is new, say what became of all.

    Raises `psycopg.OperationalError` when the database fails; then nothing was saved and the batch can be tried again.
    """
    batch = open_all(messages)
    criteria = Criteria.at(now, catalogue, limits)
    with connection.transaction():
        roster.refresh(connection, batch.devices(), batch.persons())
        rows = batch.broken | {
            key: assign_and_judge(gateway, item, roster, criteria) for key, (gateway, item) in batch.items.items()
        }
        known, refused = store.save(connection, rows, batch.body_of, now)
        fresh = rows.keys() - known.keys()
        ecg.save(connection, ((item, rows[key]) for key, item in batch.curves() if key in fresh - refused))
    return _settle(batch, rows, known | dict.fromkeys(refused, _REFUSED), fresh)


@dataclass(slots=True)
class Batch:
    """The opened messages: every id once (the first of equal ones counts), and who sent which."""

    received: list[tuple[str, str]] = field(default_factory=list)  # (gateway, id), repeats included
    items: dict[str, tuple[str, Item]] = field(default_factory=dict)
    broken: dict[str, Row] = field(default_factory=dict)  # what could not be read, ready to be held
    bodies: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # ids that stand for a whole message
    unknown_fields: int = 0

    def devices(self) -> set[str]:
        """Every meter's address."""
        return {item["device"] for _, item in self.items.values()}

    def persons(self) -> set[str]:
        """Every person's token."""
        return {item["person"] for _, item in self.items.values() if "person" in item}

    def curves(self) -> Iterator[tuple[str, Item]]:
        """The ids and items that bring a curve."""
        return ((key, item) for key, (_, item) in self.items.items() if "waveform" in item)

    def body_of(self, key: str) -> bytes:
        """The bytes to keep when nothing else of it can be."""
        return envelope.item_json(self.items[key][1]) if key in self.items else self.bodies[key]

    def hold(self, gateway: str, key: str, reason: Reason, body: bytes) -> None:
        """Note what could not be read."""
        self.received.append((gateway, key))
        if key not in self.items:
            self.broken[key] = store.held(gateway, key, reason, payload=body)
            self.bodies[key] = body


def open_all(messages: Iterable[Message]) -> Batch:
    """Open every message; never raises, whatever they hold."""
    batch = Batch()
    for gateway, payload in messages:
        opened = envelope.open_message(gateway, payload)
        for item in opened.items:
            key = item["id"]
            batch.received.append((gateway, key))
            if key not in batch.items:
                batch.items[key] = (gateway, item)
        for key, body in opened.spoilt:
            batch.hold(gateway, key, Reason.MALFORMED, body)
        if opened.refused is not None:
            key = envelope.message_id(payload)
            batch.hold(gateway, key, opened.refused, payload)
            batch.digests[key] = envelope.digest(payload)
        batch.unknown_fields += opened.unknown_fields
    return batch


def assign_and_judge(gateway: str, item: Item, roster: Roster, criteria: Criteria) -> Row:
    """The row that the item becomes: a reading of whoever held its meter, or held with the reason why not."""
    problem = checks.unreadable(item)
    if problem is not None:
        return store.held(gateway, item["id"], problem, item=item)
    values = checks.canonical_values(item, criteria)
    if isinstance(values, Reason):
        return store.held(gateway, item["id"], values, item=item)
    at = item.get("measured_at")
    measured = micros(at) if at is not None else None
    holder = (
        roster.assign(item["device"], item.get("user"), item.get("person"), measured)
        if measured is not None
        else Reason.CLOCK_UNUSABLE
    )
    reason = checks.judge(item, values, measured, holder, criteria)
    if reason is not None or measured is None or isinstance(holder, Reason):
        return store.held(gateway, item["id"], reason or Reason.CLOCK_UNUSABLE, item=item)
    return store.accepted(gateway, item, holder, (micros(item["received_at"]), measured), values)


def _settle(batch: Batch, rows: dict[str, Row], found: Mapping[str, Settled], fresh: set[str]) -> Processed:
    """Answer every id of every gateway, and count each as what it became or, the second time, as a duplicate."""
    counts: Counter[Settled] = Counter()
    answers: dict[str, Answer] = {}
    for gateway, key in batch.received:
        settled = found.get(key) or store.judged(rows[key])
        if key in fresh:
            fresh.remove(key)
            counts[settled] += 1
        else:
            counts[_DUPLICATE] += 1
        answer = answers.get(gateway) or answers.setdefault(gateway, Answer())
        if key in batch.digests:
            answer.messages.append((batch.digests[key], settled))
        else:
            answer.readings.append((key, settled))
    return Processed(counts, answers, batch.unknown_fields)
