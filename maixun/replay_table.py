"""The report of a replay as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from unicodedata import east_asian_width

RESIDENTS = 20  # of those that would differ; all are in --json
_COLUMNS = ("alerts", "/week·1000", "confirmed", "refuted", "no repeat", "by protocol", "share confirmed")


def text(report: Mapping[str, Any], doctors: Mapping[str, str]) -> str:
    """Current and candidate side by side: all, by rule, by doctor; whom it concerns; what differs in the files.

    `doctors`: names by the number of the account.
    """
    sides = report["sides"]
    head = [
        f"{report['from'][:10]} to {report['to'][:10]}: {report['residents']:,} residents,"
        f" {report['readings']:,} readings, {report['resident_weeks']:,.0f} resident-weeks",
        "",
        f"{'':<34}" + "".join(f"{name:>16}" for name in _COLUMNS),
    ]
    parts = [
        *head,
        *_rows("all", {name: side["total"] for name, side in sides.items()}),
        *_group("by rule", sides, "by_rule"),
        *_group("by doctor", sides, "by_doctor", doctors),
    ]
    if len(sides) > 1:
        parts += ["", *_differ(report["differ"], report["residents"]), "", *_files(report["rule_differences"])]
    return "\n".join(parts)


def _group(title: str, sides: Mapping[str, Any], group: str, called: Mapping[str, str] | None = None) -> Iterator[str]:
    yield f"\n{title}"
    for name in sorted({key for side in sides.values() for key in side[group]}, key=_natural):
        yield from _rows(
            (called or {}).get(name, name), {side: given[group].get(name) for side, given in sides.items()}
        )


def _rows(name: str, sides: Mapping[str, Any]) -> Iterator[str]:
    for number, (side, figures) in enumerate(sides.items()):
        label = f"{_padded(name if number == 0 else '', 23)} {side:<10}"
        if figures is None:
            yield f"{label}{'–':>16}"
            continue
        cells = [
            f"{figures['alerts']:,}",
            f"{1000 * figures['a_week']:.2f}",
            *(f"{figures[key]:,}" for key in ("confirmed", "refuted", "unrepeated", "by_protocol")),
            "–" if figures["share_confirmed"] is None else f"{figures['share_confirmed']:.0%}",
        ]
        yield label + "".join(f"{cell:>16}" for cell in cells)


def _padded(text: str, width: int) -> str:
    """A terminal gives Chinese letters two places."""
    return text + " " * (width - sum(2 if east_asian_width(each) in "WF" else 1 for each in text))


def _differ(differ: list[Mapping[str, Any]], residents: int) -> Iterator[str]:
    yield f"{len(differ):,} of {residents:,} residents would have been alerted about differently"
    for one in differ[:RESIDENTS]:
        rules = ", ".join(f"{rule} {before}→{after}" for rule, (before, after) in one["rules"].items())
        yield f"  {one['token']}  {one['current']:>4} → {one['candidate']:<4} {rules or 'at other times'}"
    if len(differ) > RESIDENTS:
        yield f"  … and {len(differ) - RESIDENTS:,} more (--json)"


def _files(differences: Iterable[Mapping[str, str]]) -> Iterator[str]:
    yield "what differs in the rule files"
    found = [f"  {one['file']}  {one['where']}: {one['current']} → {one['candidate']}" for one in differences]
    yield from found or ["  nothing"]


def _natural(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (0, name)
