"""What can be chosen on the page, with words: indicators, their parts, periods, levels. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from api.dashboard import wording
from api.dashboard.look import Look
from api.language import msgid
from api.reporting.spell import Kind


class Option(NamedTuple):
    """A value of an address and what it is called."""

    value: str
    label: str


Group = tuple[str, Sequence[Option]]  # a marked heading and what stands under it

KINDS = {Kind.QUARTER: msgid("季度"), Kind.YEAR_TO_DATE: msgid("本年累计"), Kind.MONTH: msgid("月")}


def indicators(look: Look) -> list[Group]:
    """The indicators there are figures of, by group."""
    found: dict[str, list[Option]] = {}
    for name in look.names:
        group = look.indicators.by_name[name].group
        found.setdefault(wording.GROUPS[group], []).append(Option(name, look.label(name)))
    return list(found.items())


def parts(look: Look) -> list[Option]:
    """What the chosen indicator is told apart by."""
    return [Option(part, wording.part_name(look, part)) for part in look.archive.parts(look.choice.indicator)]


def periods(look: Look) -> list[Group]:
    """The periods by kind, newest first."""
    newest = look.archive.spells[::-1]
    return [
        (word, [Option(each.name, wording.spell_name(look, each)) for each in newest if each.kind is kind])
        for kind, word in KINDS.items()
    ]


def levels(look: Look) -> list[Option]:
    """The levels whose places can be compared within the chosen one."""
    return [Option(each.value, look.say(wording.LEVELS[each])) for each in look.levels]
