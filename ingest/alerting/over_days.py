"""What shows over days of readings: repeated on different days, a mean, a spread, a trend, a gain. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ingest.alerting import series, trends
from ingest.alerting.finding import Finding, Verdict, Why
from ingest.alerting.parts import BREACHES
from ingest.alerting.patterns import Days, Gain, LimitedWatch, Mean, Spread, Trend, Watch
from ingest.alerting.series import Day, Placed
from ingest.alerting.sighting import Places, Scene, Sighting

EVIDENCE = 5  # readings shown with a pattern, as with a breach

SURE = {
    True: {"zh": "即使按区间中最小的变化也达到关注的幅度。", "en": "Even the smallest change in it matters."},
    False: {"zh": "方向明确，幅度尚不确定。", "en": "The direction is certain, how large it is not."},
}


def days(scene: Scene, pattern: Days) -> Finding | None:
    """Beyond the limit on so many different days."""
    items = _limited(scene, pattern)
    beyond = [day for day in series.days(items, pattern.metrics) if _breached(scene, pattern, day.last, day.means)]
    if not beyond or not series.fresh(beyond[-1].readings, scene.now, pattern.fresh_for):
        return None
    found = [day for day in beyond if beyond[-1].day - day.day <= pattern.within]
    if len(found) < pattern.days:
        return None
    places: Places = {
        "value": _numbers(scene, found[-1].means, pattern),
        "days": str(len(found)),
        "dates": {"zh": "、".join(_short(day.day) for day in found), "en": ", ".join(_short(d.day) for d in found)},
        "weeks": str(pattern.within.days // 7),
    }
    figures = {"days": [{"day": day.day.isoformat(), "mean": _rounded(scene, day.means)} for day in found]}
    return _seen(scene, pattern, found, places, figures)


def mean(scene: Scene, pattern: Mean) -> Finding | None:
    """The mean over some days, by its protocol."""
    items = _limited(scene, pattern)
    if not series.fresh(items, scene.now, pattern.fresh_for):
        return None
    found = series.days(series.up_to(items, pattern.over_days), pattern.metrics)
    if pattern.first_day_counts_with and pattern.first_day_counts_with not in scene.person.conditions:
        found = found[1:]
    readings = [each for day in found for each in day.readings]
    if len(found) < pattern.least_days or len(readings) < pattern.least_readings:
        return None
    parts = _halves(pattern, readings)
    if not all(parts):
        return None
    means = series.mean(readings, pattern.metrics)
    if (passed := _not_beyond(scene, pattern, found, means)) is not None:
        return passed
    morning, evening = (_numbers(scene, series.mean(part, pattern.metrics), pattern) for part in parts)
    places = {
        "value": _numbers(scene, means, pattern),
        "count": str(len(readings)),
        "days": str(len(found)),
        "first": _short(found[0].day),
        "last": _short(found[-1].day),
        "morning": morning,
        "evening": evening,
    }
    figures = {"mean": _rounded(scene, means), "readings": len(readings), "days": len(found)}
    if pattern.halves:
        figures |= {"morning": morning, "evening": evening}
    return _seen(scene, pattern, found, places, figures)


def spread(scene: Scene, pattern: Spread) -> Finding | None:
    """How much the days' means scatter."""
    items = _limited(scene, pattern)
    if not series.fresh(items, scene.now, pattern.fresh_for):
        return None
    found = series.days(series.up_to(items, pattern.over_days), pattern.metrics)
    if len(found) < pattern.least_days:
        return None
    spread = {metric: trends.deviation([day.means[metric] for day in found]) for metric in pattern.metrics}
    if (passed := _not_beyond(scene, pattern, found, spread)) is not None:
        return passed
    places = {
        "value": _numbers(scene, spread, pattern),
        "days": str(len(found)),
        "first": _short(found[0].day),
        "last": _short(found[-1].day),
    }
    figures = {"deviation": _rounded(scene, spread), "days": len(found)}
    return _seen(scene, pattern, found, places, figures)


def trend(scene: Scene, pattern: Trend) -> Finding | None:
    """A slope and its interval."""
    if pattern.condition is not None and pattern.condition not in scene.person.conditions:
        return None
    items = scene.taking_part(pattern, lambda at: at.setting in pattern.settings)
    if not series.fresh(items, scene.now, pattern.fresh_for):
        return None
    found = series.days(series.up_to(items, pattern.over_days), pattern.metrics)
    if len(found) < pattern.least_days or (found[-1].day - found[0].day).days < pattern.span_days:
        return None
    seen = trends.slope(
        [day.day.toordinal() for day in found], [day.means[pattern.metric] for day in found], pattern.confidence
    )
    change, low, high = (part * pattern.per_days for part in (seen.per_day, seen.low, seen.high))
    if not seen.is_sure or (change < pattern.change if pattern.change > 0 else change > pattern.change):
        return _passed(scene, pattern, found, cleared=abs(change) <= pattern.clears_within)
    decimals = scene.file.decimals[pattern.metric]
    nearest = min(low, high, key=abs)
    places: Places = {
        "value": f"{abs(change):.{decimals}f}",
        "low": f"{min(abs(low), abs(high)):.{decimals}f}",
        "high": f"{max(abs(low), abs(high)):.{decimals}f}",
        "confidence": f"{pattern.confidence:.0%}",
        "sure": SURE[abs(nearest) >= abs(pattern.change)],
        "days": str(len(found)),
        "first": _short(found[0].day),
        "last": _short(found[-1].day),
        "per": str(pattern.per_days),
    }
    figures = {
        "change": round(change, 2),
        "interval": [round(low, 2), round(high, 2)],
        "confidence": pattern.confidence,
        "per_days": pattern.per_days,
        "days": len(found),
    }
    return _seen(scene, pattern, found, places, figures)


def gain(scene: Scene, pattern: Gain) -> Finding | None:
    """Risen by so much since the lowest of the days before."""
    items = _limited(scene, pattern)
    if not series.fresh(items, scene.now, pattern.fresh_for):
        return None
    found = series.days(series.up_to(items, pattern.within_days + 1), pattern.metrics)
    if len(found) < 2:
        return None
    (metric,) = pattern.metrics
    lowest = min(found[:-1], key=lambda day: day.means[metric])
    gain = {metric: found[-1].means[metric] - lowest.means[metric]}
    shown = [lowest, found[-1]]
    if (passed := _not_beyond(scene, pattern, shown, gain)) is not None:
        return passed
    decimals = scene.file.decimals[metric]
    places = {
        "value": _numbers(scene, gain, pattern),
        "low": f"{lowest.means[metric]:.{decimals}f}",
        "last": f"{found[-1].means[metric]:.{decimals}f}",
        "days": str((found[-1].day - lowest.day).days),
        "first": _short(lowest.day),
    }
    return _seen(scene, pattern, shown, places, {"gain": _rounded(scene, gain)})


def _not_beyond(
    scene: Scene, pattern: Mean | Spread | Gain, found: Sequence[Day], values: Mapping[str, float]
) -> Finding | None:
    """None when the values are beyond the limit; else whether they are clearly within it again."""
    last = found[-1].last
    if _breached(scene, pattern, last, values):
        return None
    margins: Mapping[str, float] = getattr(pattern, "clears_below", {})
    sign = 1 if pattern.boundary in (">=", ">") else -1
    near = {metric: value + sign * margins.get(metric, 0) for metric, value in values.items()}
    return _passed(scene, pattern, found, cleared=not _breached(scene, pattern, last, near))


def _seen(
    scene: Scene,
    pattern: Watch,
    found: Sequence[Day],
    places: Places,
    figures: Mapping[str, Any],
) -> Finding:
    level, override, says = None, None, getattr(pattern, "says")  # noqa: B009 - every pattern that comes here has it
    if isinstance(pattern, LimitedWatch):
        level, override = pattern.in_force(found[-1].last.at, scene.person.overrides) or (None, None)
    sighting = Sighting(
        file=scene.file,
        pattern=pattern,
        source=level.source if level else pattern.source,
        says=says,
        places=places,
        figures=figures,
        level=level,
        override=override,
    )
    return scene.finding(pattern, Verdict.CONFIRMED, Why.SEEN, sighting, series.evidence(found, EVIDENCE))


def _passed(scene: Scene, pattern: Watch, found: Sequence[Day], *, cleared: bool) -> Finding:
    verdict = Verdict.CLEARED if cleared else Verdict.NORMAL
    return scene.finding(pattern, verdict, Why.PASSED, None, series.evidence(found, EVIDENCE))


def _limited(scene: Scene, pattern: LimitedWatch) -> list[Placed]:
    return scene.taking_part(pattern, lambda at: pattern.level(at) is not None)


def _breached(scene: Scene, pattern: LimitedWatch, last: Placed, values: Mapping[str, float]) -> bool:
    """By the level that holds for the latest of the readings. A value is compared as finely as it is shown."""
    in_force = pattern.in_force(last.at, scene.person.overrides)
    beyond = BREACHES[pattern.boundary]
    return in_force is not None and any(
        beyond(round(values[metric], scene.file.decimals[metric]), limit)
        for metric, limit in in_force[0].limits.items()
    )


def _halves(pattern: Mean, readings: Sequence[Placed]) -> tuple[Sequence[Placed], Sequence[Placed]]:
    """Mornings and evenings; without a protocol that asks for both, all readings stand for each."""
    if pattern.halves is None:
        return readings, readings
    noon = pattern.halves.noon.hour * 60 + pattern.halves.noon.minute
    morning: list[Placed] = []
    evening: list[Placed] = []
    for each in readings:
        (morning if series.is_morning(each, noon) else evening).append(each)
    return morning, evening


def _numbers(scene: Scene, values: Mapping[str, float], pattern: LimitedWatch) -> str:
    """Values in the order of the limits, "138/86"."""
    order = pattern.levels[0].limits
    return "/".join(f"{values[metric]:.{scene.file.decimals[metric]}f}" for metric in order if metric in values)


def _rounded(scene: Scene, values: Mapping[str, float]) -> dict[str, float]:
    return {metric: round(value, scene.file.decimals[metric]) for metric, value in sorted(values.items())}


def _short(day: date) -> str:
    return f"{day.month}-{day.day:02d}"
