"""What is wrong with a row or a file, in both languages, with what to do. A value of the row is never repeated."""

from __future__ import annotations

from dataclasses import dataclass

WHOLE_ROW = ""


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


class NotReadable(Exception):
    """A file cannot be read as a whole."""

    def __init__(self, says: Said) -> None:
        """The sentence says what to do."""
        super().__init__(says.en)
        self.says = says
