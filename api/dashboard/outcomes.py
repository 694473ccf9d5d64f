"""What became of those under care, quarter by quarter: controlled, uncontrolled, missed, no measurement (HEARTS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from api.dashboard import svg, wording
from api.dashboard.axes import Frame
from api.dashboard.chart import Chart, Name, Numbers, Row
from api.dashboard.look import Look
from api.dashboard.svg import Drawing, hint, tag, text
from api.language import msgid
from api.reporting.released import Series, Shown
from api.reporting.spell import Kind, Spell

FRAME = Frame(width=520, height=290, left=46, right=10, top=34, bottom=30)
READABLE = 0.06  # a smaller part of a column has no room for its number
PATTERN = "outcomes-hidden"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way a quarter can end for somebody under care. `ink` is legible on `fill`."""

    indicator: str
    label: str
    fill: str
    ink: str


OUTCOMES = (
    Outcome("hearts_controlled", msgid("已控制"), "#0b5c7a", "#fff"),
    Outcome("hearts_uncontrolled", msgid("血压未控制"), "#e2a24a", svg.INK),
    Outcome("hearts_missed_visit", msgid("未就诊"), "#8793a0", svg.INK),
    Outcome("hearts_no_measurement", msgid("就诊未测血压"), "#d6dce2", svg.INK),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A quarter: a figure for each outcome."""

    spell: Spell
    series: Sequence[Series | None]
    shown: Sequence[Shown | None]

    @property
    def whole(self) -> int | None:
        """How many were under care."""
        return next((each.denominator for each in self.shown if each is not None), None)


def outcomes(look: Look) -> Chart:
    """All quarters, oldest first, from the first with anybody under care."""
    columns = [_column(look, spell) for spell in look.archive.of_kind(Kind.QUARTER)]
    columns = columns[next((n for n, each in enumerate(columns) if _is_drawn(each)), len(columns)) :]
    says = [look.say(msgid("高血压在管满 3 个月者，按近 3 个月的结局分；未就诊与未测血压不算未控制。"))]
    if any(wording.is_hidden(*pair) for each in columns for pair in zip(each.series, each.shown, strict=True)):
        says.append(wording.why_hidden(look))
    return Chart(
        name=Name.OUTCOMES,
        title=look.say(msgid("已控制、未控制、未就诊（HEARTS）")),
        says=says,
        picture=_picture(look, columns) if any(map(_is_drawn, columns)) else None,
        numbers=_numbers(look, columns),
        notes=wording.notes(look, [each for column in columns for each in column.series]),
    )


def _column(look: Look, spell: Spell) -> Column:
    series = [look.series(each.indicator, spell.name) for each in OUTCOMES]
    return Column(spell, series, [look.shown(each) for each in series])


def _is_drawn(column: Column) -> bool:
    return bool(column.whole)


def _numbers(look: Look, columns: Sequence[Column]) -> Numbers:
    headings = [msgid("统计期"), msgid("在管满 3 个月"), *(each.label for each in OUTCOMES)]
    return Numbers(
        headings=[look.say(each) for each in headings],
        rows=[
            Row(
                cells=[
                    wording.spell_name(look, each.spell),
                    wording.denominator(look, each.series[0], each.shown[0]),
                    *(_cell(look, shown) for shown in each.shown),
                ]
            )
            for each in reversed(columns)
        ],
    )


def _cell(look: Look, shown: Shown | None) -> str:
    if shown is None or shown.rate is None:
        return wording.numerator(look, shown)
    return f"{shown.numerator:,} ({wording.percent(shown.rate)})"


def _picture(look: Look, columns: Sequence[Column]) -> Drawing:
    width = min(44, (FRAME.edge - FRAME.left) / len(columns) * 0.7)
    return svg.drawing(
        FRAME.width,
        FRAME.height,
        look.say(msgid("各季度结局构成图，数值见表格")),
        svg.hatched(PATTERN),
        _legend(look, hidden=any(_rest(each) for each in columns)),
        FRAME.share_axis(FRAME.upward(0, 1)),
        *(_stack(look, each, FRAME.column(n, len(columns)), width) for n, each in enumerate(columns)),
    )


def _legend(look: Look, *, hidden: bool) -> Markup:
    entries = [(look.say(each.label), each.fill) for each in OUTCOMES]
    if hidden:
        entries.append((look.say(wording.HIDDEN), f"url(#{PATTERN})"))
    return svg.legend(entries, FRAME.left, 14)


def _rest(column: Column) -> int:
    """How many are hidden: what the shown outcomes leave of those under care."""
    if column.whole is None:
        return 0
    return column.whole - sum(each.numerator or 0 for each in column.shown if each is not None)


def _stack(look: Look, column: Column, x: float, width: float) -> Markup:
    name = text(x, FRAME.foot + 16, column.spell.name, text_anchor="middle", fill=svg.QUIET, font_size=11)
    if not column.whole:
        said = text(x, FRAME.foot - 6, look.say(wording.HIDDEN), text_anchor="middle", fill=svg.QUIET, font_size=11)
        return tag("g", said, name)
    up, done, blocks = FRAME.upward(0, column.whole), 0, []
    for outcome, shown in zip(OUTCOMES, column.shown, strict=True):
        count = shown.numerator if shown is not None else None
        if count:
            blocks.append(
                _block(look, outcome, count / column.whole, (x, up(done + count), width, up(done) - up(done + count)))
            )
            done += count
    rest = _rest(column)
    if rest:
        blocks.append(
            tag(
                "rect",
                hint(look.say(wording.HIDDEN)),
                x=x - width / 2,
                y=up(done + rest),
                width=width,
                height=up(done) - up(done + rest),
                fill=f"url(#{PATTERN})",
                stroke=svg.LINE,
            )
        )
    return tag("g", *blocks, name)


def _block(look: Look, outcome: Outcome, part: float, box: tuple[float, float, float, float]) -> Markup:
    x, y, width, height = box
    said = wording.percent(part)
    block = tag(
        "rect",
        hint(f"{look.say(outcome.label)}: {said}"),
        x=x - width / 2,
        y=y,
        width=width,
        height=height,
        fill=outcome.fill,
    )
    if part < READABLE:
        return block
    number = text(x, y + height / 2 + 4, f"{100 * part:.0f}%", text_anchor="middle", fill=outcome.ink, font_size=11)
    return tag("g", block, number)
