"""A finding: what the readings say of one cause right now, and why, in words a doctor can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from devices.reading import Flag
from ingest.alerting.documents import Rule, RuleFile
from ingest.alerting.parts import Boundary, Document, Level
from ingest.alerting.person import Override, StoredReading


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
    SEEN = "seen_over_time"
    OVERDUE = "nothing_measured"
    PASSED = "no_longer"
    MEASURED = "measured_again"
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
    Why.SEEN: {"zh": "依据一段时间内的多次测量。", "en": "Seen over several readings."},
    Why.OVERDUE: {"zh": "约定的测量时间已过。", "en": "The agreed time has passed."},
    Why.PASSED: {"zh": "近期测量已不再符合。", "en": "Recent readings no longer show it."},
    Why.MEASURED: {"zh": "已有新的测量。", "en": "Something was measured again."},
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


class Ground(Protocol):
    """What an alert is about: a reading beyond a limit (`Breach`), or a pattern (`ingest.alerting.sighting`)."""

    @property
    def name(self) -> str:
        """The rule's or pattern's."""

    @property
    def tier(self) -> int:
        """1 is the most severe."""

    def sentence(self, language: str) -> str:
        """What is the matter, in words."""

    def shown(self) -> dict[str, Any]:
        """Rule, tier, threshold, source document and more, ready for JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A reading beyond a limit: by which rule and level, and from which document the number is.

    `override` is the doctor's who set the limits for this resident.
    """

    file: RuleFile
    rule: Rule
    level: Level
    reading: StoredReading
    override: Override | None = None

    @property
    def value(self) -> str:
        """The values the level looks at, "186/112" or "2.8"; what the meter could not show as a number is HI or LO."""
        flags, values = self.reading.flags, self.reading.values
        beyond = "HI" if flags & Flag.ABOVE_RANGE else "LO" if flags & Flag.BELOW_RANGE else "–"
        decimals = self.file.decimals
        return "/".join(f"{values[m]:.{decimals[m]}f}" if m in values else beyond for m in self.level.limits)

    @property
    def name(self) -> str:
        """The rule's."""
        return self.rule.name

    @property
    def tier(self) -> int:
        """1 is the most severe. Only alert rules are weighed against each other."""
        return self.rule.alert.tier if self.rule.alert else LEAST

    @property
    def opens_at_once(self) -> bool:
        """True if the rule waits for no repeat."""
        return self.rule.alert is not None and self.rule.alert.confirm == "none"

    def sentence(self, language: str) -> str:
        """The rule's own words with the values in them."""
        if self.rule.alert is None:
            return ""
        places = {
            "value": self.value,
            "threshold": threshold(self.rule.boundary, self.level, self.file),
            "document": getattr(self.file.documents[self.level.source].title, language),
        }
        return joined(
            language, getattr(self.rule.alert.says, language).format(**places), set_by(self.override, language)
        )

    def shown(self) -> dict[str, Any]:
        """As `Ground.shown`."""
        alert = self.rule.alert
        return {
            "rule": self.rule.name,
            "tier": self.tier,
            "reading": self.reading.reading_id,
            "threshold": {"boundary": self.rule.boundary, "limits": dict(self.level.limits)},
            "source": source_shown(self.file.documents[self.level.source]),
            "acknowledged_for": alert.acknowledged_for.total_seconds() if alert else None,
            "set_by": override_shown(self.override),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`breach` is what the alert is about (None exactly when all is normal), `readings` the evidence, oldest first.

    `beyond` names those of the readings that were beyond a limit of the cause, of any tier; a pattern names none.
    `due` is when the verdict changes by itself if nothing more is measured.
    """

    resident_id: int
    cause: str
    verdict: Verdict
    why: Why
    breach: Ground | None
    began_at: datetime
    readings: tuple[StoredReading, ...]
    beyond: frozenset[str] = frozenset()
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

        `{cause, verdict, why, says: {zh, en}, readings: [{id, kind, measured_at, setting, meal, flags, values,
        beyond}]}` and, with a breach, `{rule, tier, reading, threshold: {boundary, limits} | null, source: {zh, en,
        reference, verified}, acknowledged_for, set_by: {name, ends_on} | null}`: the id of the reading that the
        sentence is about (a pattern has none), seconds that an acknowledgement holds, and the doctor who set the
        limits for this resident. A pattern adds `figures`, the numbers of its sentence.
        """
        story: dict[str, Any] = {
            "cause": self.cause,
            "verdict": self.verdict.value,
            "why": self.why.value,
            "says": {language: self._sentence(language) for language in ("zh", "en")},
            "readings": [_shown(reading) | {"beyond": reading.reading_id in self.beyond} for reading in self.readings],
        }
        return story | (self.breach.shown() if self.breach else {})

    def _sentence(self, language: str) -> str:
        about = self.breach.sentence(language) if self.breach else ""
        return joined(language, about, WORDS[self.why][language])


def joined(language: str, *sentences: str) -> str:
    """Sentences one after the other, as the language writes them; empty ones are left out."""
    return ("" if language == "zh" else " ").join(filter(None, sentences))


def threshold(boundary: Boundary, level: Level, file: RuleFile) -> str:
    """The boundary and the limits of a level, "≥ 180/110" or "< 3.0"."""
    return f"{SIGNS[boundary]} {'/'.join(f'{limit:.{file.decimals[m]}f}' for m, limit in level.limits.items())}"


def set_by(override: Override | None, language: str) -> str:
    """Who set the limit for this resident, and until when; empty if nobody did."""
    if override is None:
        return ""
    last = override.ends_on - timedelta(days=1)
    if language == "zh":
        return f"此界值由{override.by}为该居民专门设定，有效至{last.isoformat()}。"
    return f"This limit was set by {override.by} for this resident until {last.isoformat()}."


def override_shown(override: Override | None) -> dict[str, str] | None:
    """The same for JSON."""
    return {"name": override.by, "ends_on": override.ends_on.isoformat()} if override else None


def source_shown(document: Document) -> dict[str, Any]:
    """A document for JSON: `{zh, en, reference, verified}`."""
    return document.title.model_dump() | {"reference": document.reference, "verified": document.verified}


def _shown(reading: StoredReading) -> dict[str, Any]:
    return {
        "id": reading.reading_id,
        "kind": reading.kind,
        "measured_at": reading.measured_at.isoformat(),
        "setting": reading.setting,
        "meal": reading.meal,
        "flags": [flag.name.lower() for flag in Flag(reading.flags) if flag.name],
        "values": dict(reading.values),
    }
