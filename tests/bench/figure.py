"""One measured figure beside its baseline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` and `baseline` are in `unit`; without a baseline the figure stands alone."""

    name: str
    value: float
    unit: str
    baseline_name: str = ""
    baseline: float | None = None

    @property
    def ratio(self) -> float | None:
        """The figure as a multiple of its baseline."""
        return None if not self.baseline else self.value / self.baseline

    def line(self) -> str:
        """One row of the printed table."""
        compared = f"{self.ratio:8.3f} × {self.baseline_name} ({_short(self.baseline)})" if self.baseline else ""
        return f"{self.name:<58} {_short(self.value):>12} {self.unit:<12} {compared}"


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
