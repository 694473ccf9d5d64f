"""The outbox against a model: whatever happens in whatever order, it holds exactly what was put and not yet settled."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.receipts import MessageReceipt, Outcome, Receipts
from tests.gateway.made import T0, accepted, outbox, reading

NUMBERS = st.integers(0, 19)
LOTS = st.lists(NUMBERS, max_size=6)
WINDOW = 8


def ids(numbers: list[int]) -> list[UUID]:
    return [reading(number).reading_id for number in numbers]


class OutboxModel(RuleBasedStateMachine):
    """`unsettled`, `stored`, `refused`: disjoint sets of ids; `under_way`: sent in which message, due again when."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.box = outbox(Path(self.folder.name), under_way=WINDOW, retry_seconds=10, longest_retry_seconds=10)
        self.unsettled: set[UUID] = set()
        self.stored: set[UUID] = set()
        self.refused: set[UUID] = set()
        self.under_way: dict[UUID, tuple[str, float]] = {}
        self.now = 0.0
        self.messages = 0

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.close()
            self.folder.cleanup()

    @rule(numbers=LOTS)
    def put(self, numbers: list[int]) -> None:
        new = set(ids(numbers)) - self.unsettled - self.stored - self.refused
        assert self.box.put([reading(number) for number in numbers]) == len(new)
        self.unsettled |= new

    @rule(limit=st.integers(1, 10), wait=st.sampled_from([0.0, 10.0]))
    def send(self, limit: int, wait: float) -> None:
        self.now += wait
        due = {one for one, (_, at) in self.under_way.items() if at <= self.now}
        fresh = self.unsettled - set(self.under_way)
        again = min(limit, len(due))
        new = min(limit - again, WINDOW - len(self.under_way), len(fresh))

        rows = [row.reading_id for row in self.box.waiting(limit, self.now)]
        assert len(set(rows) & due) == again
        assert len(set(rows) & fresh) == new
        assert len(rows) == again + new
        self.messages += 1
        self.box.sent(rows, self.now, str(self.messages))
        self.under_way |= dict.fromkeys(rows, (str(self.messages), self.now + 10))

    @rule(numbers=LOTS)
    def connection_breaks(self, numbers: list[int]) -> None:
        self.box.unsent(ids(numbers))
        for reading_id in ids(numbers):
            self.under_way.pop(reading_id, None)

    @rule(numbers=LOTS)
    def receipts(self, numbers: list[int]) -> None:
        named = set(ids(numbers)) & (self.unsettled | self.refused)
        assert self.box.settle(accepted(*ids(numbers)), T0) == len(named)
        self._settle(named, self.stored)

    @rule(message=st.integers(1, 5))
    def message_refused(self, message: int) -> None:
        inside = {one for one, (digest, _) in self.under_way.items() if digest == str(message)}
        receipt = MessageReceipt(digest=str(message), outcome=Outcome.REJECTED, reason="malformed")
        assert self.box.settle(Receipts(messages=(receipt,)), T0) == len(inside)
        self._settle(inside, self.refused)

    @rule()
    def person_retries(self) -> None:
        assert self.box.retry_refused() == len(self.refused)
        self.unsettled |= self.refused
        self.refused.clear()

    @rule()
    def prune(self) -> None:
        assert self.box.prune(T0 + timedelta(days=1)) == len(self.stored)
        self.stored.clear()

    @rule()
    def restart(self) -> None:
        self.box.close()
        self.box = outbox(Path(self.folder.name), under_way=WINDOW, retry_seconds=10, longest_retry_seconds=10)
        self.under_way.clear()

    @invariant()
    def the_states_add_up(self) -> None:
        if hasattr(self, "box"):
            counts = self.box.counts()
            assert counts.unsettled == len(self.unsettled)
            assert (counts.sent, counts.stored, counts.refused) == (
                len(self.under_way),
                len(self.stored),
                len(self.refused),
            )
            assert counts.sent <= WINDOW
            assert set(self.box.outcomes()) == self.stored | self.refused

    def _settle(self, named: set[UUID], into: set[UUID]) -> None:
        self.unsettled -= named
        self.refused -= named
        into |= named
        for one in named:
            self.under_way.pop(one, None)


TestOutboxModel = OutboxModel.TestCase
TestOutboxModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
