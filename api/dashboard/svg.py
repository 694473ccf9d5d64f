"""Pictures as text: SVG elements, a linear scale, round ticks. Styled by attributes alone: saved, it looks the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

INK, QUIET, LINE, GRID = "#1b2733", "#52606d", "#9aa5b1", "#e6eaee"
BRAND, PALE = "#0b5c7a", "#cfe2ea"
FONT = "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, WenQuanYi Zen Hei, sans-serif"

LOOK = {"font_family": FONT, "font_size": 12, "fill": INK}
MARGIN, LEADING = 16.0, 20.0  # around a picture in a file, in pixels


def tag(name: str, /, *inside: object, **attributes: object) -> Markup:
    """An element; `stroke_width=2` is stroke-width="2", None is left out, text inside is escaped."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_written(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{''.join(map(escape, inside))}</{name}>")  # noqa: S704 - escaped above


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture, with its name for those who do not see it. Templates print it as it is."""

    width: float
    height: float
    label: str
    inside: Markup

    def __html__(self) -> str:
        """The picture within a page."""
        return tag(
            "svg", self.inside, viewBox=f"0 0 {self.width:g} {self.height:g}", role="img", aria_label=self.label, **LOOK
        )

    def saved(self, above: Sequence[str], below: Sequence[str]) -> str:
        """The picture as a file of its own, with lines of text above and below it."""
        head, foot = MARGIN + LEADING * len(above), LEADING * len(below) + MARGIN
        width, height = self.width + 2 * MARGIN, self.height + head + foot
        lines = [
            text(MARGIN, MARGIN + LEADING * (n + 0.6), said, font_weight=None if n else 700, font_size=12 if n else 14)
            for n, said in enumerate(above)
        ]
        lines += [
            text(MARGIN, head + self.height + LEADING * (n + 0.8), said, fill=QUIET, font_size=10)
            for n, said in enumerate(below)
        ]
        ground = tag("rect", width=width, height=height, fill="#fff")
        inner = tag("svg", self.inside, x=MARGIN, y=head, width=self.width, height=self.height)
        about = {"xmlns": "http://www.w3.org/2000/svg", "width": width, "height": height}
        return tag("svg", tag("title", self.label), ground, *lines, inner, **about, **LOOK)


def drawing(width: float, height: float, label: str, *inside: object) -> Drawing:
    """A picture of these elements."""
    return Drawing(width, height, label, tag("g", *inside))


def text(x: float, y: float, said: str, **attributes: object) -> Markup:
    """A line of text whose baseline begins at a point."""
    return tag("text", said, x=x, y=y, **attributes)


def hint(said: str) -> Markup:
    """What a mark says under the pointer."""
    return tag("title", said)


def path(points: list[tuple[float, float]], **attributes: object) -> Markup:
    """A line through points."""
    way = " ".join(f"{'L' if n else 'M'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(points))
    return tag("path", d=way, **({"fill": "none"} | attributes))


def hatched(name: str) -> Markup:
    """The pattern of what is hidden; a fill of `url(#name)` uses it."""
    stripe = tag("path", d="M0 6L6 0", stroke=LINE, stroke_width=1)
    ground = tag("rect", width=6, height=6, fill="#fff")
    return tag("defs", tag("pattern", ground, stripe, id=name, width=6, height=6, patternUnits="userSpaceOnUse"))


def _written(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True)
class Scale:
    """From a range of values to a range of places."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the range, about so many."""
        step = round_step((self.high - self.low) / about)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [n * step for n in range(first, last + 1)]


def round_step(rough: float) -> float:
    """The next larger of 1, 2, 5, 10, 20 …"""
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(each * power for each in (1, 2, 5, 10) if each * power >= rough - 1e-12))


def around(values: list[float], *, least: float, floor: float, ceiling: float) -> tuple[float, float]:
    """A range with round ends that holds all values, at least so wide, between floor and ceiling."""
    low, high = min(values), max(values)
    missing = max(0.0, least - (high - low)) / 2
    step = round_step((high - low + 2 * missing) / 5)
    bottom = max(floor, math.floor((low - missing) / step) * step)
    top = min(ceiling, math.ceil((high + missing) / step) * step)
    return bottom, max(top, bottom + step)


def legend(entries: list[tuple[str, str]], x: float, y: float) -> Markup:
    """Words beside the fills they stand for, in one line; Chinese takes a full square a character, other text half."""
    found = []
    for word, fill in entries:
        found.append(tag("rect", x=x, y=y - 10, width=12, height=12, fill=fill, stroke=LINE))
        found.append(text(x + 16, y, word, font_size=11))
        x += 30 + sum(11 if letter > "\u2e80" else 6 for letter in word)
    return tag("g", *found)
