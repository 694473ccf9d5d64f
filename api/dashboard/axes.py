"""The frame of a chart: where its axes stand, with round ticks."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from api.dashboard import svg
from api.dashboard.svg import Scale, tag, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Size of a picture and the margins of what is drawn in it, in pixels at its own size."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    @property
    def foot(self) -> float:
        """Where the horizontal axis stands."""
        return self.height - self.bottom

    @property
    def edge(self) -> float:
        """Where it ends on the right."""
        return self.width - self.right

    def column(self, n: int, of: int) -> float:
        """The middle of the n-th of so many columns."""
        return self.left + (n + 0.5) * (self.edge - self.left) / of

    def upward(self, low: float, high: float) -> Scale:
        """A vertical scale, low at the foot."""
        return Scale(low, high, self.foot, self.top)

    def rightward(self, low: float, high: float) -> Scale:
        """A horizontal scale."""
        return Scale(low, high, self.left, self.edge)

    def level(self, y: float, label: str, *, strong: bool = False) -> Markup:
        """A horizontal line with its label on the left."""
        line = svg.path([(self.left, y), (self.edge, y)], stroke=svg.LINE if strong else svg.GRID)
        return tag("g", line, text(self.left - 6, y + 4, label, text_anchor="end", fill=svg.QUIET, font_size=11))

    def share_axis(self, up: Scale) -> Markup:
        """Lines at round shares."""
        return tag("g", *(self.level(up(at), f"{100 * at:.0f}%", strong=at == up.low) for at in up.ticks()))

    def count_axis(self, up: Scale) -> Markup:
        """Lines at round numbers."""
        return tag("g", *(self.level(up(at), f"{at:,.0f}", strong=at == up.low) for at in up.ticks()))

    def under(self, along: Scale, at: float, label: str) -> Markup:
        """A tick below the horizontal axis."""
        return text(along(at), self.foot + 16, label, text_anchor="middle", fill=svg.QUIET, font_size=11)
