"""The places of an area beside each other: a funnel plot instead of a league table, or bars for what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from api.dashboard import funnel, svg, wording
from api.dashboard.axes import Frame
from api.dashboard.chart import Chart, Name, Numbers, Row
from api.dashboard.funnel import Limits, Standing
from api.dashboard.look import Look
from api.dashboard.svg import Drawing, Scale, hint, path, tag, text
from api.language import msgid
from api.reporting.region import Level, Place
from api.reporting.released import Series, Shown

FRAME = Frame(width=640, height=420, left=50, right=66, top=16, bottom=48)
STANDINGS = {
    Standing.HIGHEST: msgid("高于 99.8% 控制限"),
    Standing.HIGH: msgid("高于 95% 控制限"),
    Standing.INSIDE: msgid("控制限内"),
    Standing.LOW: msgid("低于 95% 控制限"),
    Standing.LOWEST: msgid("低于 99.8% 控制限"),
}
OUTER, INNER = "#8a4b00", "#52606d"
FAR, NEAR = "#a8231c", "#8a4b00"  # outside 99.8 %, outside 95 %
HOW_TO_READ = (
    msgid(
        "每个点是一个机构或地区：横轴为分母，纵轴为比例。点线是全地区的比例，漏斗线是这样大小的机构仅因偶然也会有的范围。"
    ),
    msgid("95% 线外约每 20 个机构偶然有 1 个，99.8% 线外约每 500 个有 1 个。线外的值得了解原因；线内的先后不是名次。"),
)
BARS = msgid("计数没有控制限，只按数量列出。")


@dataclass(frozen=True, slots=True)
class Spot:
    """One place with its figure and, where there is one, its standing."""

    place: Place
    shown: Shown | None
    standing: Standing | None


def ranking(look: Look) -> Chart:
    """The places of the chosen level within the chosen place."""
    series = look.series()
    whole = look.shown(series)
    places = look.inside(look.compared)
    target = whole.rate if whole else None
    spots = [_spot(place, look.shown(series, place.key), target) for place in places]
    spots.sort(key=_order)
    return Chart(
        name=Name.RANKING,
        title=look.titled(msgid("机构比较（漏斗图）") if _is_rate(series) else msgid("机构比较")),
        says=_says(look, series, whole, spots),
        picture=_picture(look, spots, target) if target is not None else None,
        numbers=_numbers(look, series, spots),
        notes=wording.notes(look, [series]),
    )


def _is_rate(series: Series | None) -> bool:
    return series is None or series.denominator is not None


def _spot(place: Place, shown: Shown | None, target: float | None) -> Spot:
    if shown is None or shown.numerator is None or not shown.denominator or target is None or target > 1:
        return Spot(place, shown, None)
    return Spot(place, shown, funnel.standing(shown.numerator, shown.denominator, target))


def _order(spot: Spot) -> tuple[bool, float]:
    """Highest first; what is hidden or unknown comes last."""
    shown = spot.shown
    value = None if shown is None else shown.rate if shown.is_rate else shown.numerator
    return (value is None, -(value or 0))


def _says(look: Look, series: Series | None, whole: Shown | None, spots: Sequence[Spot]) -> list[str]:
    if series is None:
        return [look.say(msgid("这个统计期没有公布这个指标。"))]
    if not _is_rate(series):
        says = [look.say(BARS)]
    elif whole is None or whole.rate is None:
        says = [look.say(msgid("全地区的比例没有公布，因此没有可比较的中线。"))]
    else:
        says = [look.say(each) for each in (*HOW_TO_READ, *_better(look))]
        if series.is_expected:
            says.append(look.say(msgid("分母是按人口推算的，控制限没有计入它的误差。")))
    if look.choice.level is None and look.compared is not Level.STATION:
        says.append(look.say(msgid("机构的比例大多不显示，因此比较的是更大的地区。")))
    hidden = sum(wording.is_hidden(series, each.shown) for each in spots)
    if hidden:
        says += [look.say(msgid("图中没有 %(count)s 个。")) % {"count": hidden}, wording.why_hidden(look)]
    return says


def _better(look: Look) -> Sequence[str]:
    """Which way is good, where there is one."""
    ways = {"higher": (msgid("这个指标越高越好。"),), "lower": (msgid("这个指标越低越好。"),)}
    return ways.get(look.indicators.by_name[look.choice.indicator].better, ())


def _numbers(look: Look, series: Series | None, spots: Sequence[Spot]) -> Numbers:
    if not _is_rate(series):
        rows = [_row(look, each, [wording.numerator(look, each.shown)]) for each in spots]
        return Numbers(headings=[look.say(wording.LEVELS[look.compared]), look.say(msgid("数量"))], rows=rows)
    headings = (
        wording.LEVELS[look.compared],
        wording.NUMERATOR,
        wording.DENOMINATOR,
        wording.SHARE,
        wording.INTERVAL,
        msgid("与漏斗相比"),
    )
    rows = [_row(look, each, [*wording.cells(look, series, each.shown), _standing(look, each)]) for each in spots]
    return Numbers(headings=[look.say(each) for each in headings], rows=rows)


def _row(look: Look, spot: Spot, cells: Sequence[str]) -> Row:
    return Row(cells=[wording.place_name(look, spot.place), *cells], at=spot.place.key)


def _standing(look: Look, spot: Spot) -> str:
    return look.say(STANDINGS[spot.standing]) if spot.standing else wording.NOTHING


def _picture(look: Look, spots: Sequence[Spot], target: float) -> Drawing | None:
    drawn = [each for each in spots if each.shown and each.shown.rate is not None and each.shown.denominator]
    if not drawn or target > 1:
        return None
    people = [each.shown.denominator or 0 for each in drawn if each.shown]
    least, most = min(people), max(people) * 1.08
    first = 0 if least < most / 3 else least * 0.6
    curve = [(size, funnel.limits(target, size)) for size in funnel.sizes(round(first), round(most))]
    along = FRAME.rightward(first, most)
    shares = [each.shown.rate for each in drawn if each.shown and each.shown.rate is not None]
    wide = [end for size, at in curve if size >= least for end in (at.low998, at.high998)]
    up = FRAME.upward(*svg.around([*shares, *wide], least=0.2, floor=0, ceiling=max(1, *shares)))
    return svg.drawing(
        FRAME.width,
        FRAME.height,
        look.say(msgid("漏斗图，数值见表格")),
        FRAME.share_axis(up),
        *(FRAME.under(along, at, f"{at:,.0f}") for at in along.ticks(6)),
        text(FRAME.edge, FRAME.foot + 34, look.say(wording.DENOMINATOR), text_anchor="end", fill=svg.QUIET),
        _funnel(curve, along, up),
        _middle(look, target, up),
        *(_mark(look, each, along, up) for each in reversed(drawn)),
    )


def _funnel(curve: Sequence[tuple[int, Limits]], along: Scale, up: Scale) -> Markup:
    """The four limits as far as they are within the picture, each with its level at its right end."""
    lines = []
    for level, colour, dash, pick in (
        ("99.8%", OUTER, None, (2, 3)),
        ("95%", INNER, "5 3", (0, 1)),
    ):
        for n in pick:
            points = [(along(size), up(at[n])) for size, at in curve if up.low <= at[n] <= up.high]
            if not points:
                continue
            lines.append(path(points, stroke=colour, stroke_width=1.5, stroke_dasharray=dash))
            x, y = points[-1]
            lines.append(text(x + 4, y + 4, level, font_size=11, fill=colour))
    return tag("g", *lines)


def _middle(look: Look, target: float, up: Scale) -> Markup:
    ends = [(FRAME.left, up(target)), (FRAME.edge, up(target))]
    said = text(FRAME.edge + 4, up(target) + 4, wording.percent(target), font_size=11, font_weight=700)
    whole = hint(f"{wording.place_name(look, look.choice.place)}: {wording.percent(target)}")
    return tag("g", path(ends, stroke=svg.INK, stroke_dasharray="2 3"), said, whole)


def _mark(look: Look, spot: Spot, along: Scale, up: Scale) -> Markup:
    """A shape for each standing: a dot inside, an open diamond outside 95 %, a triangle outside 99.8 %."""
    shown, standing = spot.shown, spot.standing
    if shown is None or shown.rate is None or not shown.denominator:
        return Markup()
    x, y = along(shown.denominator), up(shown.rate)
    place = wording.place_name(look, spot.place)
    counts = f"{wording.percent(shown.rate)} ({shown.numerator}/{shown.denominator})"
    said = hint(f"{place}: {counts} {_standing(look, spot)}")
    if standing in (Standing.HIGHEST, Standing.LOWEST):
        tip = -6 if standing is Standing.HIGHEST else 6
        shape = tag(
            "path", said, d=f"M{x - 6:.1f} {y - tip:.1f}L{x + 6:.1f} {y - tip:.1f}L{x:.1f} {y + tip:.1f}Z", fill=FAR
        )
        name = text(x + 8, y + 4, place, font_size=11)
        return tag("g", shape, name)
    if standing in (Standing.HIGH, Standing.LOW):
        around = f"M{x - 6:.1f} {y:.1f}L{x:.1f} {y - 6:.1f}L{x + 6:.1f} {y:.1f}L{x:.1f} {y + 6:.1f}Z"
        return tag("path", said, d=around, fill="#fff", stroke=NEAR, stroke_width=2)
    return tag("circle", said, cx=x, cy=y, r=4, fill=svg.BRAND, fill_opacity=0.7)
