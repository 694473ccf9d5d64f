"""A finding: what the readings say of one cause right now, and why, in words a doctor can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from devices.reading import Flag
from ingest.alerting.documents import Document, Level, Rule
from ingest.alerting.person import StoredReading


class Verdict(StrEnum):
    """What is known of a cause. A person without a fresh reading has no finding at all."""

    SUSPECTED = "suspected"  # beyond a limit, and a repeat is still awaited
    CONFIRMED = "confirmed"  # beyond a limit, and the doctor must see it
    LAPSED = "lapsed"  # a doubtful value was not repeated in time
    NORMAL = "normal"  # the last reading is within limits
    CLEARED = "cleared"  # so many in a row are within limits that the cause is gone


class Why(StrEnum):
    """The reason of a verdict."""

    WAITING = "waiting_for_repeat"
    AT_ONCE = "dangerous_at_once"
    AGREED = "repeat_agreed"
    UNREPEATED = "no_repeat_in_time"
    DOUBTFUL = "doubtful_and_not_repeated"
    NORMAL = "repeat_normal"
    CLEARED = "normal_again"


EXPLANATION: Mapping[Why, Mapping[str, str]] = {
    Why.WAITING: {"zh": "等待复测。", "en": "Waiting for a repeat."},
    Why.AT_ONCE: {"zh": "无需复测,立即提醒。", "en": "No repeat needed."},
    Why.AGREED: {"zh": "复测结果一致。", "en": "A repeat agreed."},
    Why.UNREPEATED: {"zh": "规定时间内没有复测。", "en": "No repeat came in time."},
    Why.DOUBTFUL: {"zh": "测量质量存疑,且没有复测。", "en": "The meter doubted the value and no repeat came."},
    Why.NORMAL: {"zh": "复测未达提醒标准。", "en": "The repeat was within the alert limits."},
    Why.CLEARED: {"zh": "连续测量均未达提醒标准。", "en": "Readings in a row were within the alert limits."},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A reading beyond a limit: by which rule and level, and from which document the number is."""

    rule: Rule
    level: Level
    document: Document
    reading: StoredReading
    trusted: bool  # the meter raised no doubt about the value

    @property
    def tier(self) -> int:
        """1 is the most severe. Only alert rules are weighed against each other."""
        assert self.rule.alert is not None  # noqa: S101 - the rule file's own check says so
        return self.rule.alert.tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`breach` is what the alert is about (None exactly when all is normal), `readings` the evidence, oldest first.

    `due` is when the verdict changes by itself if nothing more is measured.
    """

    cause: str
    verdict: Verdict
    why: Why
    breach: Breach | None
    began_at: datetime
    readings: tuple[StoredReading, ...]
    due: datetime | None = None

    @property
    def tier(self) -> int | None:
        """Severity of the breach, 1 the most severe; None when all is normal."""
        return self.breach.tier if self.breach else None

    @property
    def alarming(self) -> bool:
        """True if it speaks for the cause rather than against it."""
        return self.verdict in (Verdict.SUSPECTED, Verdict.CONFIRMED)

    def explained(self) -> dict[str, Any]:
        """The finding as stored and shown (`care.episode.finding`), ready for JSON.

        `{cause, verdict, why, says: {zh, en}, readings: [{id, kind, measured_at, setting, meal, flags, values}]}` and, with
        a breach, `{rule, tier, threshold: {boundary, limits}, source: {zh, en, reference, verified}, acknowledged_for}`
        (the last in seconds: how long an acknowledgement holds).
        """
        story: dict[str, Any] = {
            "cause": self.cause,
            "verdict": self.verdict.value,
            "why": self.why.value,
            "says": {language: self._sentence(language) for language in ("zh", "en")},
            "readings": [_shown(reading) for reading in self.readings],
        }
        return story | (_rule_shown(self.breach) if self.breach else {})

    def _sentence(self, language: str) -> str:
        because = EXPLANATION[self.why][language]
        if self.breach is None or self.breach.rule.alert is None:
            return because
        places = {
            "value": value_in_words(self.breach.reading, self.breach.level),
            "threshold": f"{self.breach.rule.boundary} {limits_in_words(self.breach.level)}",
            "document": getattr(self.breach.document.title, language),
        }
        sentence = getattr(self.breach.rule.alert.says, language).format(**places)
        return f"{sentence}{because}" if language == "zh" else f"{sentence} {because}"


def value_in_words(reading: StoredReading, level: Level) -> str:
    """The values a level looks at, "186/112" or "2.8"; what a meter could not show as a number is HI or LO."""
    beyond = "HI" if reading.flags & Flag.ABOVE_RANGE else "LO" if reading.flags & Flag.BELOW_RANGE else "–"
    return "/".join(f"{reading.values[m]:g}" if m in reading.values else beyond for m in level.limits)


def limits_in_words(level: Level) -> str:
    """The limits of a level, "180/110" or "3"."""
    return "/".join(f"{limit:g}" for limit in level.limits.values())


def _shown(reading: StoredReading) -> dict[str, Any]:
    return {
        "id": str(reading.reading_id),
        "kind": reading.kind,
        "measured_at": reading.measured_at.isoformat(),
        "setting": reading.setting,
        "meal": reading.meal,
        "flags": [flag.name.lower() for flag in Flag(reading.flags) if flag.name],
        "values": dict(reading.values),
    }


def _rule_shown(breach: Breach) -> dict[str, Any]:
    alert = breach.rule.alert
    return {
        "rule": breach.rule.name,
        "tier": breach.tier,
        "threshold": {"boundary": breach.rule.boundary, "limits": dict(breach.level.limits)},
        "source": breach.document.title.model_dump()
        | {"reference": breach.document.reference, "verified": breach.document.verified},
        "acknowledged_for": alert.acknowledged_for.total_seconds() if alert else None,
    }
