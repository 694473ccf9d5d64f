"""A pattern that was seen in a person's readings, in words; and the scene every look at them begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest.alerting import series
from ingest.alerting.documents import RuleFile
from ingest.alerting.finding import Finding, Verdict, Why, joined, override_shown, set_by, source_shown, threshold
from ingest.alerting.parts import Level, Words
from ingest.alerting.patterns import Complaints, LimitedWatch, Watch
from ingest.alerting.person import Circumstances, Override, Person, StoredReading
from ingest.alerting.series import Placed, Placements

Places = Mapping[str, str | Mapping[str, str]]  # what fills a sentence: a text, or one a language


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
    graver: Complaints | None = None

    @property
    def name(self) -> str:
        """The pattern's."""
        return self.pattern.name

    @property
    def tier(self) -> int:
        """The pattern's, or that of the complaints that make it graver."""
        return self.graver.tier if self.graver else self.pattern.tier

    def sentence(self, language: str) -> str:
        """The pattern's own words with the figures in them."""
        places = {name: text if isinstance(text, str) else text[language] for name, text in self.places.items()}
        document = getattr(self.file.documents[self.source].title, language)
        said = getattr(self.says, language).format(**places, threshold=self._threshold(), document=document)
        graver = getattr(self.graver.says, language) if self.graver else ""
        return joined(language, said.strip(), graver, set_by(self.override, language))

    def shown(self) -> dict[str, Any]:
        """As `ingest.alerting.finding.Ground.shown`, and `figures`."""
        boundary = getattr(self.pattern, "boundary", None)
        return {
            "rule": self.pattern.name,
            "tier": self.tier,
            "threshold": {"boundary": boundary, "limits": dict(self.level.limits)} if self.level else None,
            "source": source_shown(self.file.documents[self.source]),
            "acknowledged_for": (self.graver or self.pattern).acknowledged_for.total_seconds(),
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

    def finding(
        self,
        pattern: Watch,
        verdict: Verdict,
        why: Why,
        sighting: Sighting | None,
        readings: Sequence[StoredReading],
        began_at: datetime | None = None,
    ) -> Finding:
        """What the look came to, about this person."""
        return Finding(
            resident_id=self.person.resident_id,
            cause=pattern.name,
            verdict=verdict,
            why=why,
            breach=sighting,
            began_at=began_at or readings[0].measured_at,
            readings=tuple(readings),
        )

    def taking_part(self, pattern: Watch, holds: Callable[[Circumstances], bool]) -> list[Placed]:
        """Nothing older than the pattern looks back, and nothing that a doctor has dealt with."""
        since = max(self.now - pattern.window, self.person.settled.get(pattern.name, series.EVER))
        own = series.of_kinds(self.placements, pattern.kinds)
        return series.taking_part(own, since, self.file.doubtful_bits, pattern.metrics, holds)
