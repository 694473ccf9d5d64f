"""The chosen indicator by age and sex: how many people there are, and how many of them count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from api import words
from api.dashboard import svg, wording
from api.dashboard.axes import Frame
from api.dashboard.chart import Chart, Name, Numbers, Row
from api.dashboard.look import Look
from api.dashboard.svg import Drawing, Scale, hint, tag, text
from api.language import msgid
from api.reporting.released import Series, Shown

FRAME = Frame(width=520, height=310, left=8, right=8, top=40, bottom=30)
MIDDLE = 44  # half the room for the names of the ages between the two sides
SIDES = ("male", "female")
SEXES = (*SIDES, "unknown")
PATTERN = "pyramid-hidden"
WIDE_ONLY = msgid("按年龄和性别的数字只公布到县（区）：更小的地方会认出人来。")


@dataclass(frozen=True, slots=True)
class Age:
    """A band of ages with a figure for each sex."""

    label: str
    shown: dict[str, Shown | None]


def pyramid(look: Look) -> Chart:
    """The chosen place, oldest on top."""
    series, place = look.series(), look.choice.place
    ages = _ages(look, series) if place.is_wide else []
    drawn = [shown for age in ages for shown in age.shown.values() if shown is not None]
    says = [look.say(_how_to_read(series) if place.is_wide else WIDE_ONLY)]
    if any(wording.is_hidden(series, each) for each in drawn):
        says.append(wording.why_hidden(look))
    return Chart(
        name=Name.PYRAMID,
        title=look.titled(msgid("年龄与性别")),
        says=says,
        picture=_picture(look, ages) if any(map(_size, drawn)) else None,
        numbers=_numbers(look, series, ages),
        notes=wording.notes(look, [series]),
    )


def _how_to_read(series: Series | None) -> str:
    if series is None or series.denominator is None or series.is_expected:
        return msgid("左男右女。")
    return msgid("浅色为分母人数，深色为计入分子的人数；左男右女。")


def _ages(look: Look, series: Series | None) -> list[Age]:
    release = look.archive.releases.get(series.period) if series else None
    bands = [0, *release.age_bands] if release else []
    return [
        Age(
            _label(look, bands, n),
            {sex: look.shown(series, detail=f"{band} {sex}") for sex in SEXES},
        )
        for n, band in enumerate(bands)
    ][::-1]


def _label(look: Look, bands: Sequence[int], n: int) -> str:
    if n + 1 == len(bands):
        return look.say(msgid("%(age)s 岁及以上")) % {"age": bands[n]}
    return look.say(msgid("%(from_age)s–%(to_age)s 岁")) % {"from_age": bands[n], "to_age": bands[n + 1] - 1}


def _size(shown: Shown) -> int:
    """How long its bar is: everybody where that is known, else those counted."""
    return shown.denominator if shown.denominator is not None else shown.numerator or 0


def _numbers(look: Look, series: Series | None, ages: Sequence[Age]) -> Numbers:
    headings = [
        msgid("年龄"),
        msgid("性别"),
        wording.NUMERATOR,
        wording.DENOMINATOR,
        wording.SHARE,
        wording.INTERVAL,
    ]
    return Numbers(
        headings=[look.say(each) for each in headings],
        rows=[
            Row(cells=[age.label, look.say(words.SEXES[sex]), *wording.cells(look, series, age.shown[sex])])
            for age in ages
            for sex in SEXES
            if sex in SIDES or not _is_nobody(age.shown[sex])
        ],
        labels=2,
    )


def _is_nobody(shown: Shown | None) -> bool:
    return shown is None or (shown.numerator == 0 and not shown.denominator)


def _picture(look: Look, ages: Sequence[Age]) -> Drawing:
    centre = FRAME.width / 2
    most = max(_size(shown) for age in ages for sex in SIDES if (shown := age.shown[sex]) is not None) or 1
    scales = {
        "male": Scale(0, most * 1.05, centre - MIDDLE, FRAME.left),
        "female": Scale(0, most * 1.05, centre + MIDDLE, FRAME.edge),
    }
    step = (FRAME.foot - FRAME.top) / len(ages)
    return svg.drawing(
        FRAME.width,
        FRAME.height,
        look.say(msgid("年龄性别图，数值见表格")),
        svg.hatched(PATTERN),
        *(_axis(scales[sex], look.say(words.SEXES[sex])) for sex in SIDES),
        *(_age(look, age, scales, FRAME.top + n * step, step) for n, age in enumerate(ages)),
    )


def _axis(along: Scale, name: str) -> Markup:
    middle = (along.start + along.end) / 2
    ticks = [
        text(along(at), FRAME.foot + 16, f"{at:,.0f}", text_anchor="middle", fill=svg.QUIET, font_size=11)
        for at in along.ticks(3)
        if at == int(at)
    ]
    ends = [(along.start, FRAME.top), (along.start, FRAME.foot)]
    title = text(middle, FRAME.top - 12, name, text_anchor="middle", font_weight=700)
    return tag("g", svg.path(ends, stroke=svg.LINE), title, *ticks)


def _age(look: Look, age: Age, scales: dict[str, Scale], y: float, step: float) -> Markup:
    name = text(FRAME.width / 2, y + step / 2 + 4, age.label, text_anchor="middle", font_size=11)
    bars = [
        _bar(look, age.label, age.shown[sex], along, (y + step * 0.12, step * 0.76)) for sex, along in scales.items()
    ]
    return tag("g", name, *bars)


def _bar(look: Look, name: str, shown: Shown | None, along: Scale, box: tuple[float, float]) -> Markup:
    if shown is None:
        return Markup()
    y, height = box
    side = 1 if along.end > along.start else -1
    if shown.numerator is None and shown.denominator is None:
        word = look.say(wording.HIDDEN)
        anchor = "start" if side > 0 else "end"
        return text(along.start + 6 * side, y + height / 2 + 4, word, text_anchor=anchor, fill=svg.QUIET, font_size=11)
    parts = [_rect(along, 0, _size(shown), box, fill=svg.PALE, stroke=svg.BRAND)]
    if shown.numerator is not None:
        parts.append(_rect(along, 0, shown.numerator, box, fill=svg.BRAND))
    else:
        parts.append(_rect(along, 0, _size(shown), box, fill=f"url(#{PATTERN})", stroke=svg.LINE))
    counts = f"{wording.numerator(look, shown)}/{shown.denominator}" if shown.denominator else f"{shown.numerator}"
    return tag("g", *parts, hint(f"{name}: {counts}"))


def _rect(along: Scale, low: float, high: float, box: tuple[float, float], **look: object) -> Markup:
    ends = sorted((along(low), along(high)))
    return tag("rect", x=ends[0], y=box[0], width=ends[1] - ends[0], height=box[1], **look)
