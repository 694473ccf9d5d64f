"""A finding: what the readings say of one cause right now, and why, in words a doctor can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from devices.reading import Flag
from ingest.alerting.documents import Document, Level, Rule, RuleFile
from ingest.alerting.person import StoredReading


class Verdict(StrEnum):
    """What is known of a cause. A person without a fresh reading has no finding at all."""

    SUSPECTED = "suspected"  # beyond a limit, and a repeat is still awaited
    CONFIRMED = "confirmed"  # beyond a limit, and the doctor must see it
    LAPSED = "lapsed"  # a doubtful value was not repeated in time
    NORMAL = "normal"  # the last reading is within limits
    CLEARED = "cleared"  # so many in a row are within limits that the cause is gone


class Why(StrEnum):
    """The reason of a verdict or of a change of an episode: a closed list, each with its words."""

    WAITING = "waiting_for_repeat"
    AT_ONCE = "dangerous_at_once"
    AGREED = "repeat_agreed"
    UNREPEATED = "no_repeat_in_time"
    DOUBTFUL = "doubtful_and_not_repeated"
    NORMAL = "repeat_normal"
    CLEARED = "normal_again"
    NEW_READING = "new_reading"
    WORSENED = "worsened"
    WAIT_OVER = "wait_over"
    STALE = "stale"
    RETURNED = "returned"
    SHELF_OVER = "shelf_over"
    ACKNOWLEDGED = "acknowledged"
    ACTED = "acted"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    CLOSED = "closed"


WORDS: Mapping[Why, Mapping[str, str]] = {
    Why.WAITING: {"zh": "等待复测。", "en": "Waiting for a repeat."},
    Why.AT_ONCE: {"zh": "无需复测，立即提醒。", "en": "No repeat needed."},
    Why.AGREED: {"zh": "复测结果一致。", "en": "A repeat agreed."},
    Why.UNREPEATED: {"zh": "规定时间内没有复测。", "en": "No repeat came in time."},
    Why.DOUBTFUL: {"zh": "测量质量存疑，且没有复测。", "en": "The meter doubted the value and no repeat came."},
    Why.NORMAL: {"zh": "复测未达提醒标准。", "en": "The repeat was within the alert limits."},
    Why.CLEARED: {"zh": "连续测量均未达提醒标准。", "en": "Readings in a row were within the alert limits."},
    Why.NEW_READING: {"zh": "有新的测量。", "en": "A new reading came."},
    Why.WORSENED: {"zh": "情况加重。", "en": "It became more severe."},
    Why.WAIT_OVER: {"zh": "等待复测的时间已过。", "en": "The time for a repeat is over."},
    Why.STALE: {"zh": "测量已过时，不再提醒。", "en": "The readings have grown too old to alert anybody."},
    Why.RETURNED: {
        "zh": "接手后未在期限内完成，重新提醒。",
        "en": "Taken over and not done in time; the alert is back.",
    },
    Why.SHELF_OVER: {"zh": "搁置到期，重新提醒。", "en": "The time aside is over; the alert is back."},
    Why.ACKNOWLEDGED: {"zh": "医生已确认。", "en": "A doctor has it in hand."},
    Why.ACTED: {"zh": "医生已采取措施，尚未关闭。", "en": "A doctor did something about it and goes on."},
    Why.SHELVED: {"zh": "医生已搁置。", "en": "A doctor set it aside."},
    Why.UNSHELVED: {"zh": "医生提前结束了搁置。", "en": "A doctor took it back before its time."},
    Why.CLOSED: {"zh": "医生已关闭。", "en": "A doctor closed it."},
}


LEAST = 5  # milder than every tier: a threshold that is no alert
SIGNS = {">=": "≥", ">": ">", "<=": "≤", "<": "<"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A reading beyond a limit: by which rule and level, and from which document the number is."""

    file: RuleFile
    rule: Rule
    level: Level
    reading: StoredReading

    @property
    def document(self) -> Document:
        """Where the number comes from."""
        return self.file.documents[self.level.source]

    @property
    def value(self) -> str:
        """The values the level looks at, "186/112" or "2.8"; what the meter could not show as a number is HI or LO."""
        flags, values = self.reading.flags, self.reading.values
        beyond = "HI" if flags & Flag.ABOVE_RANGE else "LO" if flags & Flag.BELOW_RANGE else "–"
        return "/".join(self._number(m, values[m]) if m in values else beyond for m in self.level.limits)

    @property
    def threshold(self) -> str:
        """The boundary and the limits of the level, "≥ 180/110" or "< 3.0"."""
        limits = "/".join(self._number(metric, limit) for metric, limit in self.level.limits.items())
        return f"{SIGNS[self.rule.boundary]} {limits}"

    def _number(self, metric: str, value: float) -> str:
        return f"{value:.{self.file.decimals[metric]}f}"

    @property
    def tier(self) -> int:
        """1 is the most severe. Only alert rules are weighed against each other."""
        return self.rule.alert.tier if self.rule.alert else LEAST

    @property
    def opens_at_once(self) -> bool:
        """True if the rule waits for no repeat."""
        return self.rule.alert is not None and self.rule.alert.confirm == "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`breach` is what the alert is about (None exactly when all is normal), `readings` the evidence, oldest first.

    `due` is when the verdict changes by itself if nothing more is measured.
    """

    resident_id: int
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

        `{cause, verdict, why, says: {zh, en}, readings: [{id, kind, measured_at, setting, meal, flags, values}]}`
        and, with a breach, `{rule, tier, threshold: {boundary, limits}, source: {zh, en, reference, verified},
        acknowledged_for}` (the last in seconds: how long an acknowledgement holds).
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
        because = WORDS[self.why][language]
        if self.breach is None or self.breach.rule.alert is None:
            return because
        places = {
            "value": self.breach.value,
            "threshold": self.breach.threshold,
            "document": getattr(self.breach.document.title, language),
        }
        sentence = getattr(self.breach.rule.alert.says, language).format(**places)
        return f"{sentence}{because}" if language == "zh" else f"{sentence} {because}"


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
