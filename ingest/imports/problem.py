"""What is wrong with a row or a file, in both languages, with what to do. A value of the row is never repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

WHOLE_ROW = ""
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`row` is the row of the sheet as its program counts it; `column` the header as it stands there.

    `blocks`: the row is not imported; else it is only worth knowing.
    """

    row: int
    column: str
    says: Said
    blocks: bool = True


class Wrong(Exception):
    """A value or a row cannot be taken; caught where the row is known."""

    def __init__(self, says: Said, field: str = WHOLE_ROW) -> None:
        """`field` is the name of a field, not its header."""
        super().__init__(says.en)
        self.says, self.field = says, field
        self.every: tuple[Wrong, ...] = (self,)  # with what else is wrong with the same row


class Trial:
    """The checks of one row: each is made although another failed, so that everything wrong is told at once."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self._wrong: list[Wrong] = []

    def __call__(self, check: Callable[P, T], /, *given: P.args, **named: P.kwargs) -> T | None:
        """What the check gives; None where it raises `Wrong`."""
        try:
            return check(*given, **named)
        except Wrong as wrong:
            self._wrong.append(wrong)
            return None

    def refuse(self, says: Said, field: str = WHOLE_ROW) -> None:
        """One more thing that is wrong."""
        self._wrong.append(Wrong(says, field))

    def settle(self) -> None:
        """Raises `Wrong`, with `every` thing that was."""
        if self._wrong:
            first = self._wrong[0]
            first.every = tuple(self._wrong)
            raise first


class NotReadable(Exception):
    """A file cannot be read as a whole."""

    def __init__(self, says: Said) -> None:
        """The sentence says what to do."""
        super().__init__(says.en)
        self.says = says
