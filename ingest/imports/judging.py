"""Every row of a list judged against what is known, purely: what would be new, changed or the same, and what is wrong.

A blank cell says nothing and erases nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ingest.imports.field import Field, header, plain
from ingest.imports.problem import WHOLE_ROW, NotReadable, Problem, Said, Wrong
from ingest.imports.table import Row, Table

Values = dict[str, Any]


class Action(StrEnum):
    """What an accepted row means for the database."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Existing:
    """A row of the database that a row of the list may mean."""

    id: Any
    values: Values


@dataclass(frozen=True, slots=True)
class Resolved:
    """A row with every name found. `existing`: whom it means; `same_as`: keys no other row may have marked."""

    values: Values
    existing: Existing | None
    same_as: tuple[Hashable, ...]
    marks: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What one row does: `values` are all of a new one, and only those that differ of a known one."""

    row: int
    action: Action
    values: Values
    existing: Existing | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The whole list: every row is in exactly one of `changes` and `refused`."""

    changes: Sequence[Change]
    problems: Sequence[Problem]
    refused: Sequence[Row] = field(default=())

    @property
    def counts(self) -> Counter[str]:
        """How many rows of each action, and refused."""
        return Counter({"refused": len(self.refused)}) + Counter(change.action.value for change in self.changes)


Resolve = Callable[[Values], Resolved]  # raises Wrong


def judge(table: Table, fields: Sequence[Field], resolve: Resolve) -> Judgement:
    """Judge every row. Raises `NotReadable` when a needed column is missing altogether."""
    columns = _columns(table, fields)
    problems = _unknown(table, columns)
    changes: list[Change] = []
    refused: list[Row] = []
    seen: dict[Hashable, int] = {}
    for row in table.rows:
        found = _row(row, fields, columns, resolve, seen)
        if isinstance(found, Change):
            changes.append(found)
        else:
            problems += found
            refused.append(row)
    return Judgement(changes, problems, refused)


def _columns(table: Table, fields: Sequence[Field]) -> Mapping[str, str]:
    """Which header of the file each field stands under."""
    found: dict[str, str] = {}
    for each in fields:
        known = {header(one) for one in each.headers}
        column = next((one for one in table.headers if header(one) in known), None)
        if column is not None:
            found[each.name] = column
    missing = [each.headers[0] for each in fields if each.required and each.name not in found]
    if missing:
        names = "、".join(missing)
        raise NotReadable(Said(f"缺少列：{names}", f"columns are missing: {names}"))
    return found


def _unknown(table: Table, columns: Mapping[str, str]) -> list[Problem]:
    says = Said("这一列不会导入", "this column is not imported")
    left = [one for one in table.headers if one and one not in columns.values()]
    return [Problem(row=table.header_row, column=one, says=says, blocks=False) for one in left]


def _row(
    row: Row, fields: Sequence[Field], columns: Mapping[str, str], resolve: Resolve, seen: dict[Hashable, int]
) -> Change | list[Problem]:
    values, problems = _values(row, fields, columns)
    if problems:
        return problems
    try:
        resolved = resolve(values)
        _refuse_repeated(resolved, seen)
    except Wrong as wrong:
        return [
            Problem(row=row.number, column=columns.get(each.field, WHOLE_ROW), says=each.says) for each in wrong.every
        ]
    seen.update(dict.fromkeys((*resolved.same_as, *resolved.marks), row.number))
    return _change(row.number, resolved)


def _values(row: Row, fields: Sequence[Field], columns: Mapping[str, str]) -> tuple[Values, list[Problem]]:
    values: Values = {}
    problems: list[Problem] = []
    for each in fields:
        column = columns.get(each.name)
        said = plain(row.cells[column]) if column is not None else ""
        try:
            values[each.name] = each.read(said) if said else None
            if not said and each.required:
                raise Wrong(Said("不能为空", "must not be empty"))
        except Wrong as wrong:
            problems.append(Problem(row=row.number, column=column or each.headers[0], says=wrong.says))
    return values, problems


def _refuse_repeated(resolved: Resolved, seen: Mapping[Hashable, int]) -> None:
    earlier = next((seen[key] for key in resolved.same_as if key in seen), None)
    if earlier is not None:
        raise Wrong(
            Said(f"与第 {earlier} 行重复，请只保留一行", f"the same as row {earlier}: keep one of them"),
        )


def _change(number: int, resolved: Resolved) -> Change:
    said = {name: value for name, value in resolved.values.items() if value is not None}
    if resolved.existing is None:
        return Change(number, Action.NEW, said, None)
    differ = {name: value for name, value in said.items() if resolved.existing.values.get(name) != value}
    return Change(number, Action.UPDATED if differ else Action.UNCHANGED, differ, resolved.existing)
