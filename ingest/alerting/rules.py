"""The rules: parsed from `config/rules/*.yaml`, put to a person's readings, and drawn as bands in charts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

from pydantic import ValidationError

from devices.reading import Flag
from ingest.alerting.course import Graded, course
from ingest.alerting.documents import BREACHES, Boundary, Document, Level, Purpose, Rule, RuleFile, Words
from ingest.alerting.finding import Breach, Finding
from ingest.alerting.person import Circumstances, Person, StoredReading, circumstances
from maixun.configuration import ConfigurationError

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rules:
    """All rule files, in order."""

    files: tuple[RuleFile, ...]

    @property
    def kinds(self) -> list[str]:
        """The kinds of reading any rule looks at."""
        return [file.kind.value for file in self.files]

    @property
    def causes(self) -> list[str]:
        """Everything an episode can be about."""
        return [cause for file in self.files for cause in file.causes]

    @property
    def metrics(self) -> list[str]:
        """The metrics any rule looks at: columns of `telemetry.reading`."""
        return sorted({metric for file in self.files for metric in file.decimals})

    @property
    def fresh_for(self) -> timedelta:
        """How far back readings are needed: the longest of all causes."""
        return max(cause.fresh_for for file in self.files for cause in file.causes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A limit of one metric as a chart draws it; the band lies on the side the boundary names (">=": upwards)."""

    rule: str
    purpose: Purpose
    label: Words
    boundary: Boundary
    limit: float
    tier: int | None
    document: Document


def parse(documents: Mapping[str, Any]) -> Rules:
    """Rules from parsed YAML by file name (`maixun.configuration.load_all("rules/*.yaml")`).

    Raises `ConfigurationError` naming file and key: unknown keys, overlapping age bands, missing sources, and so on.
    """
    files = tuple(_parse_file(name, document) for name, document in documents.items())
    for what, names in (
        ("kind", [file.kind.value for file in files]),
        ("cause", [cause for file in files for cause in file.causes]),
        ("rule", [rule.name for file in files for rule in file.rules]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(
                f"config/rules: {what} {', '.join(twice)} is there twice; give each one name in one file"
            )
    if not any(file.causes for file in files):
        raise ConfigurationError("config/rules: no cause for an alert is defined; restore the rule files")
    return Rules(files)


def evaluate(person: Person, readings: Iterable[StoredReading], rules: Rules, now: datetime) -> list[Finding]:
    """What a person's readings say of each cause: at most one finding a cause.

    A pure function of its arguments: order and repetition of the readings do not matter.
    """
    unique = {reading.reading_id: reading for reading in readings}
    ordered = sorted(unique.values(), key=attrgetter("measured_at", "reading_id"))
    return [finding for file in rules.files for finding in _evaluate_file(person, ordered, file, now)]


def breach(rule: Rule, at: Circumstances, reading: StoredReading, file: RuleFile) -> Breach | None:
    """The breach of a rule by a reading, or None: within limits, or the rule does not hold for it."""
    level = rule.level(at)
    if level is None or not any(_beyond(rule, level, reading, metric, file) for metric in level.limits):
        return None
    return Breach(file=file, rule=rule, level=level, reading=reading)


def bands(
    rules: Rules,
    metric: str,
    *,
    setting: str,
    age: int,
    conditions: Collection[str] = (),
    meal: str | None = None,
    on: date,
) -> list[Band]:
    """The limits of a metric that hold for such a person on a day, for charts; with `meal` None those of any meal."""
    at = Circumstances(setting, age, conditions, meal, on)
    found = []
    for file in rules.files:
        for rule in file.rules:
            level = rule.level(at)
            if level is not None and metric in level.limits:
                found.append(
                    Band(
                        rule=rule.name,
                        purpose=rule.purpose,
                        label=rule.label,
                        boundary=rule.boundary,
                        limit=level.limits[metric],
                        tier=rule.alert.tier if rule.alert else None,
                        document=file.documents[level.source],
                    )
                )
    return found


def _parse_file(name: str, document: Any) -> RuleFile:
    try:
        return RuleFile.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(f"{name}: {error}") from None


def _evaluate_file(
    person: Person, ordered: Sequence[StoredReading], file: RuleFile, now: datetime
) -> Iterator[Finding]:
    own = [(reading, circumstances(person, reading)) for reading in ordered if reading.kind == file.kind]
    for name, cause in file.causes.items() if own else ():
        since = max(now - cause.fresh_for, person.settled.get(name, _EVER))
        graded = (
            Graded(reading, _worst(name, at, reading, file), trusted=not reading.flags & file.doubtful_bits)
            for reading, at in own
            if reading.measured_at > since
        )
        finding = course(person.resident_id, name, cause, graded, now)
        if finding is not None:
            yield finding


def _worst(cause: str, at: Circumstances, reading: StoredReading, file: RuleFile) -> Breach | None:
    for rule in file.alerts[cause]:
        found = breach(rule, at, reading, file)
        if found is not None:
            return found
    return None


def _beyond(rule: Rule, level: Level, reading: StoredReading, metric: str, file: RuleFile) -> bool:
    """HI and LO have no number: they lie beyond every limit on their side and beyond none on the other."""
    value = reading.values.get(metric)
    if value is None:
        upwards = rule.boundary in (">=", ">")
        return bool(reading.flags & (Flag.ABOVE_RANGE if upwards else Flag.BELOW_RANGE))
    return BREACHES[rule.boundary](round(value, file.decimals[metric]), level.limits[metric])
