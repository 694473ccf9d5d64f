"""A ledger against our records, person by person: equal totals can hide different people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from api.reporting.figures import Counted


@dataclass(frozen=True, slots=True)
class Said:
    """What the ledger says of somebody: its row, whose it is (None: nobody we know), and whether they count."""

    row: int
    resident_id: int | None
    counted: bool | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Somebody whom only one side counts, and why ours does or does not."""

    resident_id: int
    rows: tuple[int, ...]  # of the ledger; empty: it does not name them
    in_ledger: bool
    in_records: bool
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every row and every person accounted for."""

    both: int
    neither: int
    differences: tuple[Difference, ...]
    unknown: tuple[int, ...]  # rows that name nobody we know
    unclear: tuple[int, ...]  # rows that say neither yes nor no
    repeated: tuple[int, ...]  # rows of somebody named before
    denominator: int

    @property
    def ledger_only(self) -> int:
        """How many only the ledger counts, of people we know."""
        return sum(each.in_ledger for each in self.differences)

    @property
    def records_only(self) -> int:
        """How many only our records count."""
        return sum(each.in_records for each in self.differences)

    @property
    def ledger_total(self) -> int:
        """How many the ledger counts, whether we know them or not."""
        return self.both + self.ledger_only + len(self.unknown)

    @property
    def records_total(self) -> int:
        """How many our records count."""
        return self.both + self.records_only

    @property
    def points(self) -> float | None:
        """By how many percentage points our rate is above the ledger's."""
        return 100 * (self.records_total - self.ledger_total) / self.denominator if self.denominator else None


@dataclass(slots=True)
class _Read:
    """The ledger by person."""

    counted: dict[int, bool] = field(default_factory=dict)
    rows: dict[int, list[int]] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    unclear: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)


def reconcile(ledger: Iterable[Said], records: Iterable[Counted]) -> Outcome:
    """Compare. Somebody named twice counts once, and as counted if any row says so."""
    ours: Mapping[int, Counted] = {each.resident_id: each for each in records}
    said = _read(ledger)
    differences, both, neither = [], 0, 0
    for resident_id in sorted(ours.keys() | said.counted.keys()):
        record = ours.get(resident_id)
        in_ledger, in_records = said.counted.get(resident_id, False), record is not None and record.numerator > 0
        if in_ledger and in_records:
            both += 1
        elif in_ledger or in_records:
            rows = tuple(said.rows.get(resident_id, ()))
            why = record.why if record else "not_looked_at"
            differences.append(Difference(resident_id, rows, in_ledger, in_records, why))
        else:
            neither += 1
    return Outcome(
        both=both,
        neither=neither,
        differences=tuple(differences),
        unknown=tuple(said.unknown),
        unclear=tuple(said.unclear),
        repeated=tuple(said.repeated),
        denominator=sum(each.denominator for each in ours.values()),
    )


def _read(ledger: Iterable[Said]) -> _Read:
    read = _Read()
    for each in ledger:
        if each.counted is None:
            read.unclear.append(each.row)
        elif each.resident_id is None:
            if each.counted:
                read.unknown.append(each.row)
        else:
            if each.resident_id in read.rows:
                read.repeated.append(each.row)
            read.rows.setdefault(each.resident_id, []).append(each.row)
            read.counted[each.resident_id] = read.counted.get(each.resident_id, False) or each.counted
    return read
