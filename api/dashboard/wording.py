"""Figures, periods and definitions in the reader's words. A hidden number has a word of its own and is never a zero."""

from __future__ import annotations

from collections.abc import Iterable

from api import words
from api.dashboard.chart import Note
from api.dashboard.interval import wilson
from api.dashboard.look import Look
from api.language import msgid
from api.reporting.definitions import Definition, Group
from api.reporting.region import Level, Place
from api.reporting.released import Series, Shown
from api.reporting.sheet import note
from api.reporting.spell import Kind, Spell
from api.reporting.taking import Printed
from api.visit_words import PROGRAMMES

LEVELS = {
    Level.PROVINCE: msgid("省"),
    Level.CITY: msgid("市"),
    Level.COUNTY: msgid("县（区）"),
    Level.TOWNSHIP: msgid("乡镇（街道）"),
    Level.STATION: msgid("机构"),
}
PARTS = {**words.READING_KINDS, **PROGRAMMES}
HIDDEN = msgid("不显示")
NOTHING = "–"
NUMERATOR, DENOMINATOR, SHARE = msgid("分子"), msgid("分母"), msgid("比例")
INTERVAL = msgid("95% 置信区间")


def numerator(look: Look, shown: Shown | None) -> str:
    """The number counted, or the word for hidden."""
    if shown is None:
        return NOTHING
    return look.say(HIDDEN) if shown.numerator is None else f"{shown.numerator:,}"


def denominator(look: Look, series: Series | None, shown: Shown | None) -> str:
    """The number it is a share of. One of a population that nobody gave is not hidden: there is none."""
    if series is None or shown is None or not shown.is_rate:
        return NOTHING
    if shown.denominator is None:
        return NOTHING if series.is_expected else look.say(HIDDEN)
    return f"{shown.denominator:,}"


def share(look: Look, series: Series | None, shown: Shown | None) -> str:
    """The share in per cent; of nobody there is none."""
    if shown is None or not shown.is_rate or shown.denominator == 0:
        return NOTHING
    if shown.rate is None:
        return look.say(HIDDEN) if is_hidden(series, shown) else NOTHING
    return percent(shown.rate)


def interval(shown: Shown | None) -> str:
    """Its 95 % confidence interval."""
    if shown is None or shown.numerator is None or shown.denominator is None:
        return NOTHING
    found = wilson(shown.numerator, shown.denominator)
    return f"{100 * found.low:.1f}–{100 * found.high:.1f} %" if found else NOTHING


def cells(look: Look, series: Series | None, shown: Shown | None) -> list[str]:
    """Numerator, denominator, share and interval."""
    return [numerator(look, shown), denominator(look, series, shown), share(look, series, shown), interval(shown)]


def percent(value: float) -> str:
    """A share, one decimal."""
    return f"{100 * value:.1f} %"


def is_hidden(series: Series | None, shown: Shown | None) -> bool:
    """Whether something of it is withheld, and not just unknown."""
    if series is None or shown is None:
        return False
    is_without = shown.is_rate and shown.denominator is None and not series.is_expected
    return shown.numerator is None or is_without


def place_name(look: Look, place: Place) -> str:
    """What a place is called; a region nobody named by its level and digits."""
    return f"{look.say(LEVELS[place.level])} {place.name}" if place.name == place.key else place.name


def spell_name(look: Look, spell: Spell) -> str:
    """A period as people say it."""
    say, last = look.say, spell.last_day
    quarter = (last.month + 2) // 3
    texts = {
        Kind.MONTH: say(msgid("%(year)s 年 %(month)s 月")),
        Kind.QUARTER: say(msgid("%(year)s 年第 %(quarter)s 季度")),
        Kind.YEAR_TO_DATE: say(msgid("%(year)s 年第 1–%(quarter)s 季度累计")),
    }
    name = texts[spell.kind] % {"year": last.year, "month": last.month, "quarter": quarter}
    return name + say(msgid("（未结束）")) if look.is_running(spell) else name


def why_hidden(look: Look) -> str:
    """What the word for hidden means."""
    return look.say(msgid("“不显示”：人数过少，或可由此推算出过少的人数。"))


def notes(look: Look, series: Iterable[Series | None]) -> list[Note]:
    """The definitions behind these series, each version once."""
    marks = dict.fromkeys((each.indicator, each.version) for each in series if each is not None)
    return [defined(look, look.definition(*mark)) for mark in marks]


def defined(look: Look, definition: Definition) -> Note:
    """A definition in a few sentences."""
    known, version = definition.indicator, definition.version
    printed = Printed(name=known.name, label=known.label, group=known.group, version=version)
    return Note(mark=definition.mark, says=note(printed, look.language, look.say), verified=version.verified)


def part_name(look: Look, part: str) -> str:
    """What a slice of an indicator is called: a kind of reading, a programme, a condition."""
    return look.say(PARTS.get(part, part))


GROUPS = {
    Group.RECORDS: msgid("健康档案与签约"),
    Group.HYPERTENSION: msgid("高血压"),
    Group.DIABETES: msgid("2型糖尿病"),
    Group.ELDERLY: msgid("老年人"),
    Group.FOLLOW_UP: msgid("随访"),
    Group.SCREENING: msgid("筛查"),
    Group.MEASUREMENT: msgid("测量"),
    Group.HEARTS: msgid("HEARTS 国际对比"),
}
