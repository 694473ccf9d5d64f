"""Where a meter's code is asked for: whoever stands before the kiosk or the admin page reads it off the meter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Question:
    """A meter shows a code. `number` names this question, `meter` its model and `until` (aware) when it gives up."""

    number: int
    device: str
    meter: str
    until: datetime


class NoCode(Exception):
    """Nobody typed the code; the message says why."""


class NotAsked(Exception):
    """The question is answered, withdrawn or over its time: look at the meter again when the next one comes."""


class PasskeyDesk:
    """One question at a time, as the radio visits one meter at a time. All of it belongs to one event loop."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.question: Question | None = None
        self._now = now
        self._asked = 0
        self._answer: asyncio.Future[int] | None = None
        self._watchers: list[Callable[[Question | None], None]] = []

    def watch(self, watcher: Callable[[Question | None], None]) -> None:
        """From now on it is told of every question, and with None when that one is over."""
        self._watchers.append(watcher)

    async def ask(self, device: str, meter: str, within: float) -> int:
        """The code that somebody types within so many seconds. Raises `NoCode`."""
        if self._answer is not None:
            raise NoCode("the code of another meter is being asked for")
        self._asked += 1
        self._answer = asyncio.get_running_loop().create_future()
        self._show(Question(self._asked, device, meter, self._now() + timedelta(seconds=within)))
        try:
            return await asyncio.wait_for(self._answer, within)
        except TimeoutError:
            raise NoCode(f"it shows a code, and nobody typed it within {within:.0f} s") from None
        finally:
            self._answer = None
            self._show(None)

    def answer(self, number: int, code: str) -> None:
        """The code on the meter, as typed. Raises `NotAsked`, and `ValueError` when it is not six digits."""
        digits = code.strip()
        if not (len(digits) == _DIGITS and digits.isascii() and digits.isdigit()):
            raise ValueError(f"the code on the meter has {_DIGITS} digits")
        self._open(number).set_result(int(digits))

    def decline(self, number: int, why: str = "somebody said no when it asked for its code") -> None:
        """There is no code, or nobody wants this meter. Raises `NotAsked`."""
        self._open(number).set_exception(NoCode(why))

    def withdraw(self) -> None:
        """The meter does not want the code any more."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoCode("it broke off while it showed its code"))

    def _open(self, number: int) -> asyncio.Future[int]:
        asked = self.question is not None and self.question.number == number
        if not asked or self._answer is None or self._answer.done():
            raise NotAsked("this code is not asked for any more: look at the meter again")
        return self._answer

    def _show(self, question: Question | None) -> None:
        self.question = question
        for watcher in self._watchers:
            watcher(question)
