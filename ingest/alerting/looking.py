"""Which look is for which kind of pattern."""

from __future__ import annotations

from ingest.alerting import missing, over_days, signs
from ingest.alerting.finding import Finding
from ingest.alerting.patterns import Days, Flagged, Gain, Mean, Pattern, Silence, Spread, Trend
from ingest.alerting.sighting import Scene


def look(scene: Scene, pattern: Pattern) -> Finding | None:
    """What the readings say of a pattern: confirmed, no longer so, or nothing (None)."""
    match pattern:
        case Days():
            return over_days.days(scene, pattern)
        case Mean():
            return over_days.mean(scene, pattern)
        case Spread():
            return over_days.spread(scene, pattern)
        case Trend():
            return over_days.trend(scene, pattern)
        case Flagged():
            return signs.flagged(scene, pattern)
        case Gain():
            return over_days.gain(scene, pattern)
        case Silence():
            return missing.silence(scene, pattern)
