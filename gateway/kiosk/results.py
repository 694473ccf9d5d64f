"""Outcomes as they are shown on a page and printed: numbers with their resolution, words, sentences, sources. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from devices.metrics import Catalogue
from gateway.kiosk.judgement import Rules, Verdict, judge, take_is_dangerous
from gateway.kiosk.names import Level, Shape
from gateway.kiosk.outcome import Beyond, Outcome, Take
from gateway.kiosk.view import Judged, Text, Value

SHAPES = {
    Level.NORMAL: Shape.CIRCLE,
    Level.ATTENTION: Shape.TRIANGLE,
    Level.HIGH: Shape.DIAMOND,
    Level.DANGER: Shape.OCTAGON,
}
_GRAVITY = list(Level)


class Teller:
    """Tells outcomes by the rules and the catalogue."""

    def __init__(self, rules: Rules, catalogue: Catalogue) -> None:
        """`rules`: `config/kiosk/results.yaml`; `catalogue`: `config/metrics.yaml`."""
        self._rules = rules
        self._catalogue = catalogue

    def tell(self, outcome: Outcome) -> tuple[Judged, ...]:
        """Everything that was measured, judged. An answer (yes, no) is no number and is told in words alone."""
        take = outcome.summary()
        return () if take is None else tuple(self._judged(each, take) for each in judge(outcome, self._rules))

    def tell_all(self, outcomes: Iterable[Outcome]) -> tuple[Judged, ...]:
        """Several outcomes, in their order."""
        return tuple(chain.from_iterable(map(self.tell, outcomes)))

    def danger(self, take: Take, outcome: Outcome) -> Judged | None:
        """The first danger in a single take."""
        return next((self._judged(each, take) for each in take_is_dangerous(take, outcome, self._rules)), None)

    def _judged(self, verdict: Verdict, take: Take) -> Judged:
        band = verdict.band
        shown = {**dict.fromkeys(take.beyond), **verdict.numbers}
        metrics = [metric for metric in verdict.kind.metrics if metric in shown and self._catalogue[metric].shown_unit]
        return Judged(
            name=verdict.name,
            label=verdict.kind.label,
            values=tuple(self._value(metric, shown[metric], take) for metric in metrics),
            level=band.level,
            shape=SHAPES[band.level],
            word=band.word,
            means=band.means,
            now=band.now,
            source=self._rules.documents[band.source].title,
        )

    def _value(self, metric: str, number: float | None, take: Take) -> Value:
        about, side = self._catalogue[metric], take.beyond.get(metric)
        label = Text(zh=about.label.zh, en=about.label.en)
        if number is None:
            shown = "HI" if side is Beyond.ABOVE else "LO"
        else:
            bound = {Beyond.ABOVE: ">", Beyond.BELOW: "<", None: ""}[side]
            shown = f"{bound}{number:.{about.decimals}f}"
        return Value(metric=metric, label=label, shown=shown, unit=about.shown_unit)


def gravest(judged: Iterable[Judged]) -> Level:
    """The level that matters most; normal when there is nothing."""
    return max((each.level for each in judged), key=_GRAVITY.index, default=Level.NORMAL)
