"""The main navigation: which page stands in the bar, for which roles."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from api.access import CLINICAL, FIGURES, FLEET, HELD, INCIDENTS, RULES, Viewer
from api.language import Language, msgid, translator
from api.words import ROLES
from ingest.accounts import Role


class Entry(NamedTuple):
    """A page of the bar. It is the current one while the address begins with `path`."""

    path: str
    label: str
    roles: Collection[Role]


ENTRIES = (
    Entry("/work", msgid("今日工作"), CLINICAL),
    Entry("/residents", msgid("我的居民"), CLINICAL),
    Entry("/followups", msgid("随访任务"), CLINICAL),
    Entry("/screening", msgid("疑似与高危"), CLINICAL),
    Entry("/station", msgid("本站情况"), (Role.STATION_LEAD,)),
    Entry("/incidents", msgid("事件"), INCIDENTS),
    Entry("/rota", msgid("值班"), (*CLINICAL, Role.ADMIN)),
    Entry("/fleet", msgid("设备管理"), FLEET),
    Entry("/held", msgid("待核数据"), HELD),
    Entry("/dashboard", msgid("数据看板"), FIGURES),
    Entry("/reports", msgid("季报表"), FIGURES),
    Entry("/sentinel", msgid("哨点监测"), FIGURES),
    Entry("/quality", msgid("数据质量"), FIGURES),
    Entry("/rules/replay", msgid("规则试算"), RULES),
    Entry("/imports", msgid("数据导入"), (Role.ADMIN,)),
    Entry("/notices", msgid("我的提醒"), (Role.TECHNICIAN, Role.CDC, Role.ADMIN)),
)

# Pixels at the type size of `maixun.css`, a little generous: the bar must keep to one line on the stations' screens.
SCREEN = 1366
ENTRY = 25  # around the words of an entry
AROUND = 250  # the mark, margins, the other language, signing out
MORE = 75
HAN, LETTER = 15, 8.4


class Bar(NamedTuple):
    """The entries in the bar, and those behind "more"."""

    shown: list[Entry]
    others: list[Entry]


def bar(viewer: Viewer, language: Language) -> Bar:
    """As many entries as stand in one line beside the viewer's name, in order; the rest are one step away."""
    entries = [entry for entry in ENTRIES if viewer.role in entry.roles]
    said = translator(language)
    who = f"{viewer.display_name} {said(ROLES[viewer.role])} · {viewer.station_name or ''}"
    room = SCREEN - AROUND - width(who)
    wide = [ENTRY + width(said(entry.label)) for entry in entries]
    if sum(wide) <= room:
        return Bar(entries, [])
    fitting = sum(sum(wide[: number + 1]) <= room - MORE for number in range(len(wide)))
    return Bar(entries[:fitting], entries[fitting:])


def width(text: str) -> float:
    """How wide a text stands in the bar."""
    return sum(HAN if ord(letter) > 0x2E7F else LETTER for letter in text)
