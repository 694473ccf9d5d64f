"""Looks for patterns in a person's readings, and says in words what it sees: pure functions, one a kind of pattern."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ingest.alerting import series, trends
from ingest.alerting.documents import RuleFile
from ingest.alerting.finding import (
    Finding,
    Verdict,
    Why,
    joined,
    override_shown,
    set_by,
    source_shown,
    threshold,
)
from ingest.alerting.parts import BREACHES, Level, Words
from ingest.alerting.patterns import (
    Days,
    Flagged,
    Gain,
    LimitedWatch,
    Mean,
    Pattern,
    Plan,
    Sign,
    Silence,
    Spread,
    Trend,
    Watch,
)
from ingest.alerting.person import Circumstances, Override, Person, StoredReading
from ingest.alerting.series import Day, Placed, Placements

Places = Mapping[str, str | Mapping[str, str]]  # what fills a sentence: a text, or one a language

EVIDENCE = 5  # readings shown with a pattern, as with a breach

SURE = {
    True: {"zh": "即使按区间中最小的变化也达到关注的幅度。", "en": "Even the smallest change in it matters."},
    False: {"zh": "方向明确，幅度尚不确定。", "en": "The direction is certain, how large it is not."},
}
ALONE = {
    True: {"zh": "该居民独居，请尽早联系。", "en": "The resident lives alone: please get in touch soon."},
    False: {"zh": "", "en": ""},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A pattern that was seen. `places` fill its sentence, `figures` go into the record."""

    file: RuleFile
    pattern: Watch
    source: str
    says: Words
    places: Places
    figures: Mapping[str, Any]
    level: Level | None = None
    override: Override | None = None

    @property
    def name(self) -> str:
        """The pattern's."""
        return self.pattern.name

    @property
    def tier(self) -> int:
        """The pattern's."""
        return self.pattern.tier

    def sentence(self, language: str) -> str:
        """The pattern's own words with the figures in them."""
        places = {name: text if isinstance(text, str) else text[language] for name, text in self.places.items()}
        document = getattr(self.file.documents[self.source].title, language)
        said = getattr(self.says, language).format(**places, threshold=self._threshold(), document=document)
        return joined(language, said.strip(), set_by(self.override, language))

    def shown(self) -> dict[str, Any]:
        """As `ingest.alerting.finding.Ground.shown`, and `figures`."""
        boundary = getattr(self.pattern, "boundary", None)
        return {
            "rule": self.pattern.name,
            "tier": self.tier,
            "threshold": {"boundary": boundary, "limits": dict(self.level.limits)} if self.level else None,
            "source": source_shown(self.file.documents[self.source]),
            "acknowledged_for": self.pattern.acknowledged_for.total_seconds(),
            "set_by": override_shown(self.override),
            "figures": dict(self.figures),
        }

    def _threshold(self) -> str:
        if isinstance(self.pattern, LimitedWatch) and self.level is not None:
            return threshold(self.pattern.boundary, self.level, self.file)
        return ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What every look needs: whose readings, with their circumstances, by which file, and when."""

    person: Person
    placements: Placements
    file: RuleFile
    now: datetime


def look(scene: Scene, pattern: Pattern) -> Finding | None:
    """What the readings say of a pattern: confirmed, no longer so, or nothing (None)."""
    match pattern:
        case Days():
            return _days(scene, pattern)
        case Mean():
            return _mean(scene, pattern)
        case Spread():
            return _spread(scene, pattern)
        case Trend():
            return _trend(scene, pattern)
        case Flagged():
            return _flagged(scene, pattern)
        case Gain():
            return _gain(scene, pattern)
        case Silence():
            return _silence(scene, pattern)


def deadlines(person: Person, pattern: Silence, last: Mapping[str, StoredReading]) -> list[tuple[datetime, Plan]]:
    """When each agreed measurement is missing, unless it is made before; `last` is the latest reading of a kind."""
    found = []
    for plan in pattern.plans:
        agreed = person.packages.get(plan.package)
        if agreed is not None and (plan.condition is None or plan.condition in person.conditions):
            since = max(agreed, person.settled.get(pattern.name, agreed))
            measured = [last[kind].measured_at for kind in plan.kinds if kind in last]
            found.append((max([since, *measured]) + (plan.alone if person.lives_alone else plan.every), plan))
    return sorted(found, key=lambda each: each[0])


def latest(placements: Placements) -> dict[str, StoredReading]:
    """The latest reading of each kind."""
    return {kind: own[-1].reading for kind, own in placements.items()}


def _days(scene: Scene, pattern: Days) -> Finding | None:
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


def _mean(scene: Scene, pattern: Mean) -> Finding | None:
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


def _spread(scene: Scene, pattern: Spread) -> Finding | None:
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


def _trend(scene: Scene, pattern: Trend) -> Finding | None:
    if pattern.condition is not None and pattern.condition not in scene.person.conditions:
        return None
    items = _taking_part(scene, pattern, lambda at: at.setting in pattern.settings)
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


def _flagged(scene: Scene, pattern: Flagged) -> Finding | None:
    items = _taking_part(scene, pattern, lambda _at: True)
    groups = [(group, sign) for sign in pattern.signs for group in _signs(items, sign)]
    if not groups:
        return None
    group, sign = max(groups, key=lambda each: (each[0][-1].measured_at, each[0][-1].reading_id))
    flagged = sum(1 for reading in group if reading.flags & sign.bit)
    sighting = Sighting(
        file=scene.file,
        pattern=pattern,
        source=sign.source,
        says=sign.says,
        places={"value": "", "flagged": str(flagged), "count": str(len(group))},
        figures={"flagged": flagged, "readings": len(group)},
    )
    return _finding(scene, pattern, Verdict.CONFIRMED, Why.SEEN, sighting, group)


def _gain(scene: Scene, pattern: Gain) -> Finding | None:
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


def _silence(scene: Scene, pattern: Silence) -> Finding | None:
    last = latest(scene.placements)
    due = deadlines(scene.person, pattern, last)
    over = [each for each in due if each[0] <= scene.now]
    known = sorted((last[kind] for kind in pattern.kinds if kind in last), key=lambda each: each.measured_at)
    if not over:
        return _finding(scene, pattern, Verdict.CLEARED, Why.MEASURED, None, known[-1:]) if due and known else None
    began, plan = over[0]
    lately = [last[kind] for kind in plan.kinds if kind in last]
    agreed = plan.alone if scene.person.lives_alone else plan.every
    places: Places = {
        "value": "",
        "what": {"zh": plan.what.zh, "en": plan.what.en},
        "days": str((scene.now - began + agreed).days),
        "agreed": str(agreed.days),
        "alone": ALONE[scene.person.lives_alone],
    }
    sighting = Sighting(
        file=scene.file,
        pattern=pattern,
        source=plan.source,
        says=pattern.says,
        places=places,
        figures={"agreed_days": agreed.days, "since": began.isoformat()},
    )
    return _finding(scene, pattern, Verdict.CONFIRMED, Why.OVERDUE, sighting, lately, began)


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
    return _finding(scene, pattern, Verdict.CONFIRMED, Why.SEEN, sighting, series.evidence(found, EVIDENCE))


def _passed(scene: Scene, pattern: Watch, found: Sequence[Day], *, cleared: bool) -> Finding:
    verdict = Verdict.CLEARED if cleared else Verdict.NORMAL
    return _finding(scene, pattern, verdict, Why.PASSED, None, series.evidence(found, EVIDENCE))


def _finding(
    scene: Scene,
    pattern: Watch,
    verdict: Verdict,
    why: Why,
    sighting: Sighting | None,
    readings: Sequence[StoredReading],
    began_at: datetime | None = None,
) -> Finding:
    return Finding(
        resident_id=scene.person.resident_id,
        cause=pattern.name,
        verdict=verdict,
        why=why,
        breach=sighting,
        began_at=began_at or readings[0].measured_at,
        readings=tuple(readings),
    )


def _limited(scene: Scene, pattern: LimitedWatch) -> list[Placed]:
    return _taking_part(scene, pattern, lambda at: pattern.level(at) is not None)


def _taking_part(scene: Scene, pattern: Watch, holds: Callable[[Circumstances], bool]) -> list[Placed]:
    """Nothing older than the pattern looks back, and nothing that a doctor has dealt with."""
    since = max(scene.now - pattern.window, scene.person.settled.get(pattern.name, series.EVER))
    own = series.of_kinds(scene.placements, pattern.kinds)
    return series.taking_part(own, since, scene.file.doubtful_bits, pattern.metrics, holds)


def _breached(scene: Scene, pattern: LimitedWatch, last: Placed, values: Mapping[str, float]) -> bool:
    """By the level that holds for the latest of the readings. A value is compared as finely as it is shown."""
    in_force = pattern.in_force(last.at, scene.person.overrides)
    beyond = BREACHES[pattern.boundary]
    return in_force is not None and any(
        beyond(round(values[metric], scene.file.decimals[metric]), limit)
        for metric, limit in in_force[0].limits.items()
    )


def _signs(items: Sequence[Placed], sign: Sign) -> list[tuple[StoredReading, ...]]:
    """Every run of readings that carries the sign, oldest first, each ending with a reading that shows it."""
    own = [each.reading for each in items if each.reading.kind == sign.kind]
    found = []
    for place, last in enumerate(own):
        group = own[max(0, place - sign.of + 1) : place + 1]
        group = [each for each in group if last.measured_at - each.measured_at <= sign.within]
        if last.flags & sign.bit and sum(1 for each in group if each.flags & sign.bit) >= sign.least:
            found.append(tuple(group))
    return found


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
