"""An indicator of one place over time, with the confidence interval of each share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from api.dashboard import svg, wording
from api.dashboard.axes import Frame
from api.dashboard.chart import Chart, Name, Numbers, Row
from api.dashboard.interval import wilson
from api.dashboard.look import Look
from api.dashboard.svg import Drawing, hint, tag, text
from api.language import msgid
from api.reporting.period import Quarter
from api.reporting.released import Series, Shown
from api.reporting.spell import Kind, Spell

FRAME = Frame(width=520, height=290, left=46, right=36, top=20, bottom=46)
CROWDED = 8  # more periods than this are not all written out
LARGEST = 1e6  # a share of expected people may pass 100 %
BY_QUARTER_ONLY = msgid("这个指标随时间累加，只按季度公布；按月公布会泄露被隐藏的数字。")


@dataclass(frozen=True, slots=True)
class Point:
    """One period of the trend."""

    spell: Spell
    series: Series | None
    shown: Shown | None


def trend(look: Look) -> Chart:
    """The periods of the chosen kind, oldest first."""
    indicator = look.indicators.by_name[look.choice.indicator]
    by_quarter = indicator.by_quarter or indicator.unit != "people"
    kind = Kind.QUARTER if by_quarter else look.choice.spell.kind
    points = [_point(look, spell) for spell in look.archive.of_kind(kind)]
    points = points[next((n for n, each in enumerate(points) if each.shown), len(points)) :]
    says = [look.say(msgid("竖线为 95% 置信区间（Wilson）；空心点是尚未结束的统计期。"))]
    if kind is not look.choice.spell.kind:
        says.append(look.say(BY_QUARTER_ONLY))
    if any(wording.is_hidden(each.series, each.shown) for each in points):
        says.append(wording.why_hidden(look))
    return Chart(
        name=Name.TREND,
        title=look.titled(msgid("变化趋势")),
        says=says,
        picture=_picture(look, points) if any(each.shown for each in points) else None,
        numbers=_numbers(look, points),
        notes=wording.notes(look, [each.series for each in points]),
    )


def _point(look: Look, spell: Spell) -> Point:
    series = look.series(period=spell.name)
    return Point(spell, series, look.shown(series))


def _numbers(look: Look, points: Sequence[Point]) -> Numbers:
    headings = (
        msgid("统计期"),
        wording.NUMERATOR,
        wording.DENOMINATOR,
        wording.SHARE,
        wording.INTERVAL,
    )
    rows = [
        Row(cells=[wording.spell_name(look, each.spell), *wording.cells(look, each.series, each.shown)])
        for each in reversed(points)
    ]
    return Numbers(headings=[look.say(each) for each in headings], rows=rows)


def _value(shown: Shown | None) -> float | None:
    if shown is None:
        return None
    return shown.rate if shown.is_rate else shown.numerator


def _picture(look: Look, points: Sequence[Point]) -> Drawing:
    across = _across(points)
    reach = [end for each in points for end in _reach(each.shown)] or [0]
    is_rate = any(each.shown and each.shown.is_rate for each in points)
    if is_rate:
        up = FRAME.upward(*svg.around(reach, least=0.2, floor=0, ceiling=LARGEST))
    else:
        up = FRAME.upward(0, max(1, *reach) * 1.1)
    return svg.drawing(
        FRAME.width,
        FRAME.height,
        look.say(msgid("变化趋势图，数值见表格")),
        FRAME.share_axis(up) if is_rate else FRAME.count_axis(up),
        *_lines(points, across, up),
        *(
            _mark(look, each, x, up, numbered=len(points) <= CROWDED or each is points[-1])
            for each, x in zip(points, across, strict=True)
        ),
        *(_period(each, x) for each, x in zip(points[:: -_step(points)], across[:: -_step(points)], strict=True)),
    )


def _across(points: Sequence[Point]) -> list[float]:
    """Places by time: a period that was not published leaves its room empty."""
    months = [12 * each.spell.ends.year + each.spell.ends.month for each in points]
    step = _months(points)
    return [FRAME.column((at - months[0]) // step, (months[-1] - months[0]) // step + 1) for at in months]


def _months(points: Sequence[Point]) -> int:
    return 1 if points[0].spell.kind is Kind.MONTH else 3


def _step(points: Sequence[Point]) -> int:
    return 1 if len(points) <= CROWDED else 2


def _period(point: Point, x: float) -> Markup:
    name = point.spell.name.removesuffix("-ytd")
    return text(x, FRAME.foot + 16, name, text_anchor="middle", fill=svg.QUIET, font_size=11)


def _reach(shown: Shown | None) -> list[float]:
    value = _value(shown)
    if shown is None or value is None:
        return []
    found = wilson(shown.numerator or 0, shown.denominator) if shown.denominator else None
    return [value, *(found or ())]


def _lines(points: Sequence[Point], across: Sequence[float], up: svg.Scale) -> list[Markup]:
    """The line between neighbours that are both known; a hidden or missing period leaves a gap."""
    ends = [(each.spell, x, _value(each.shown)) for each, x in zip(points, across, strict=True)]
    return [
        svg.path([(x, up(one)), (next_x, up(other))], stroke=svg.BRAND, stroke_width=2)
        for (spell, x, one), (following, next_x, other) in pairwise(ends)
        if one is not None and other is not None and _follows(following, spell)
    ]


def _follows(spell: Spell, before: Spell) -> bool:
    """Whether nothing lies between two periods; the year to date begins anew with each year."""
    return before.ends == (spell.begin if spell.kind is not Kind.YEAR_TO_DATE else Quarter.of(spell.last_day).begins)


def _mark(look: Look, point: Point, x: float, up: svg.Scale, *, numbered: bool) -> Markup:
    shown, value = point.shown, _value(point.shown)
    name = wording.spell_name(look, point.spell)
    if shown is None:
        return Markup()
    if value is None:
        word = wording.share(look, point.series, shown) if shown.is_rate else wording.numerator(look, shown)
        said = text(x, FRAME.foot - 6, word, text_anchor="middle", fill=svg.QUIET, font_size=11)
        return tag("g", said, hint(f"{name}: {word}"))
    found = wilson(shown.numerator or 0, shown.denominator) if shown.denominator else None
    ends = [(x, up(found.low)), (x, up(found.high))] if found else []
    fill = "#fff" if look.is_running(point.spell) else svg.BRAND
    label = wording.percent(value) if shown.is_rate else f"{value:,.0f}"
    return tag(
        "g",
        svg.path(ends, stroke=svg.BRAND, stroke_width=1.5) if ends else "",
        tag("circle", cx=x, cy=up(value), r=4.5, fill=fill, stroke=svg.BRAND, stroke_width=2),
        text(x + 7, up(value) - 7, label, font_size=11) if numbered else "",
        hint(f"{name}: {label} {wording.interval(shown)}"),
    )
