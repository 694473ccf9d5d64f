"""When people measure: readings of a quarter by hour and weekday."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from api.dashboard import svg, wording
from api.dashboard.chart import Chart, Name, Note, Numbers, Row
from api.dashboard.look import Look
from api.dashboard.pyramid import WIDE_ONLY
from api.dashboard.svg import Drawing, hint, tag, text
from api.language import msgid
from api.reporting.counting import RHYTHM
from api.reporting.released import Series, Shown
from api.reporting.spell import Kind, Spell

DAYS = (
    msgid("周一"),
    msgid("周二"),
    msgid("周三"),
    msgid("周四"),
    msgid("周五"),
    msgid("周六"),
    msgid("周日"),
)
SHADES = ("#f2f7f9", "#cfe2ea", "#8fbccd", "#3f87a3", "#0b5c7a")
LEFT, TOP, WIDE, HIGH = 44, 34, 19, 26
WIDTH, HEIGHT = LEFT + 24 * WIDE + 12, TOP + 7 * HIGH + 56
PATTERN = "rhythm-hidden"
COUNTED = msgid(
    "入库的测量次数，不论场所，按测量时的当地钟点计，归于居民所属机构；背后不足 %(threshold)s 人的不显示。依据: 计数"
)


def rhythm(look: Look) -> Chart:
    """The quarter that is chosen, or in which the chosen period ends."""
    spell = _quarter(look)
    series = look.series(RHYTHM, spell.name) if spell else None
    is_drawn = series is not None and look.choice.place.is_wide
    slots = [look.shown(series, detail=str(slot)) for slot in range(7 * 24)] if is_drawn else []
    says = _says(look, slots, spell)
    return Chart(
        name=Name.RHYTHM,
        title=look.say(msgid("测量时间（钟点与星期）")),
        says=says,
        picture=_picture(look, slots) if any(each and each.numerator for each in slots) else None,
        numbers=_numbers(look, slots),
        notes=_notes(look, series),
    )


def _notes(look: Look, series: Series | None) -> list[Note]:
    release = look.archive.releases.get(series.period) if series else None
    if series is None or release is None:
        return []
    says = look.say(COUNTED) % {"threshold": release.threshold}
    return [Note(mark=f"{RHYTHM}/{series.version}", says=says, verified=True)]


def _quarter(look: Look) -> Spell | None:
    chosen = look.choice.spell
    quarters = look.archive.of_kind(Kind.QUARTER)
    return next((each for each in quarters if each.begin <= chosen.last_day < each.ends), None)


def _says(look: Look, slots: Sequence[Shown | None], spell: Spell | None) -> list[str]:
    if not look.choice.place.is_wide:
        return [look.say(WIDE_ONLY)]
    if spell is None or not slots:
        return [look.say(msgid("这个季度没有公布测量时间。"))]
    says = [wording.spell_name(look, spell) + look.say(msgid("：颜色越深，测量次数越多。"))]
    return [*says, wording.why_hidden(look)] if any(map(_is_hidden, slots)) else says


def _is_hidden(shown: Shown | None) -> bool:
    return shown is not None and shown.numerator is None


def _numbers(look: Look, slots: Sequence[Shown | None]) -> Numbers:
    rows = [
        Row(cells=[look.say(day), *(wording.numerator(look, each) for each in slots[24 * n : 24 * n + 24])])
        for n, day in enumerate(DAYS)
        if slots
    ]
    hours = [str(hour) for hour in range(24)]
    return Numbers(headings=[look.say(msgid("星期")), *hours], rows=rows)


def _picture(look: Look, slots: Sequence[Shown | None]) -> Drawing:
    most = max((each.numerator or 0 for each in slots if each), default=0)
    hours = [
        text(LEFT + (hour + 0.5) * WIDE, TOP - 8, str(hour), text_anchor="middle", fill=svg.QUIET, font_size=11)
        for hour in range(0, 24, 3)
    ]
    days = [
        text(LEFT - 6, TOP + (n + 0.5) * HIGH + 4, look.say(day), text_anchor="end", fill=svg.QUIET, font_size=11)
        for n, day in enumerate(DAYS)
    ]
    cells = [_cell(look, n, each, most) for n, each in enumerate(slots)]
    return svg.drawing(
        WIDTH,
        HEIGHT,
        look.say(msgid("测量时间热力图，数值见表格")),
        svg.hatched(PATTERN),
        *hours,
        *days,
        *cells,
        _legend(look, most, hidden=any(map(_is_hidden, slots))),
    )


def _cell(look: Look, slot: int, shown: Shown | None, most: int) -> Markup:
    day, hour = divmod(slot, 24)
    said = f"{look.say(DAYS[day])} {hour:02}:00: {wording.numerator(look, shown)}"
    fill = f"url(#{PATTERN})" if shown is None or shown.numerator is None else SHADES[shade(shown.numerator, most)]
    return tag(
        "rect",
        hint(said),
        x=LEFT + hour * WIDE,
        y=TOP + day * HIGH,
        width=WIDE - 1,
        height=HIGH - 1,
        fill=fill,
        stroke=svg.GRID,
    )


def shade(count: int, most: int) -> int:
    """Which of the five shades; the palest means none up to a fifth of the most."""
    return min(len(SHADES) - 1, count * len(SHADES) // max(1, most))


def _legend(look: Look, most: int, *, hidden: bool) -> Markup:
    edges = [-(-most * n // len(SHADES)) for n in range(len(SHADES))]
    entries = [(f"≥ {edge:,}", fill) for edge, fill in zip(edges, SHADES, strict=True)]
    if hidden:
        entries.append((look.say(wording.HIDDEN), f"url(#{PATTERN})"))
    return svg.legend(entries, LEFT, TOP + 7 * HIGH + 28)
