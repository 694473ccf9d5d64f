"""The rules: parsed from `config/rules/*.yaml`, put to a person's readings, and drawn as bands in charts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from devices.reading import Flag
from ingest.alerting.course import Graded, course
from ingest.alerting.documents import Purpose, Rule, RuleFile
from ingest.alerting.finding import Breach, Finding
from ingest.alerting.looking import look
from ingest.alerting.missing import deadlines
from ingest.alerting.parts import BREACHES, Boundary, Document, Level, Limited, Words
from ingest.alerting.patterns import Pattern, Silence
from ingest.alerting.person import Circumstances, Override, Person, StoredReading
from ingest.alerting.series import EVER, Placed, of_kinds, placed
from ingest.alerting.sighting import Scene
from maixun.configuration import ConfigurationError


@dataclass(frozen=True)
class Rules:
    """All rule files, in order; `is_prompt` marks the part that is put to every reading at once."""

    files: tuple[RuleFile, ...]
    is_prompt: bool = False

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of reading any rule looks at."""
        return sorted(self.windows)

    @cached_property
    def causes(self) -> list[str]:
        """Everything an episode can be about."""
        return [name for file in self.files for name in (*file.causes, *(pattern.name for pattern in file.patterns))]

    @cached_property
    def labels(self) -> dict[str, Words]:
        """What each cause is called."""
        causes = {name: cause.label for file in self.files for name, cause in file.causes.items()}
        return causes | {pattern.name: pattern.label for pattern in self.patterns}

    @cached_property
    def metrics(self) -> list[str]:
        """The metrics any rule looks at: columns of `telemetry.reading`."""
        return sorted({metric for file in self.files if file.causes or file.patterns for metric in file.decimals})

    @cached_property
    def patterns(self) -> list[Pattern]:
        """Of all files."""
        return [pattern for file in self.files for pattern in file.patterns]

    @cached_property
    def windows(self) -> dict[str, timedelta]:
        """How far back readings of each kind are needed."""
        found: dict[str, timedelta] = {}
        for kind, span in self._spans():
            found[kind] = max(span, found.get(kind, span))
        return found

    @property
    def fresh_for(self) -> timedelta:
        """How far back readings of any kind are needed."""
        return max(self.windows.values())

    @cached_property
    def limited(self) -> dict[str, tuple[RuleFile, Limited]]:
        """What can have a limit of a resident's own, by name, with its file."""
        every = ((file, each) for file in self.files for each in (*file.rules, *file.patterns))
        return {each.name: (file, each) for file, each in every if isinstance(each, Limited) and each.adjustable}

    @cached_property
    def prompt(self) -> Rules:
        """The part that is put to every new reading at once."""
        return Rules(tuple(_part(file, rules=True, prompt=True) for file in self.files), is_prompt=True)

    @cached_property
    def review(self) -> Rules:
        """The part that needs weeks of readings, and is put to them some minutes later."""
        return Rules(tuple(_part(file, rules=False, prompt=False) for file in self.files))

    def _spans(self) -> Iterator[tuple[str, timedelta]]:
        for file in self.files:
            if file.causes:
                longest = max(cause.fresh_for for cause in file.causes.values())
                yield from ((kind.value, longest) for kind in file.kinds)
            for pattern in file.patterns:
                yield from ((kind.value, pattern.window) for kind in pattern.kinds)


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
        ("cause", Rules(files).causes),
        ("rule", [each.name for file in files for each in (*file.rules, *file.patterns)]),
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
    placements = placed(person, readings)
    return [finding for file in rules.files for finding in _evaluate_file(Scene(person, placements, file, now))]


def next_look(person: Person, readings: Iterable[StoredReading], rules: Rules, now: datetime) -> datetime | None:
    """When something changes though nothing is measured: the next agreed measurement would be missing. None: never."""
    last = {kind: own[-1].reading for kind, own in placed(person, readings).items()}
    due = (
        at
        for pattern in rules.patterns
        if isinstance(pattern, Silence)
        for at, _plan in deadlines(person, pattern, last)
    )
    return min((at for at in due if at > now), default=None)


def breach(
    rule: Rule, at: Circumstances, reading: StoredReading, file: RuleFile, overrides: Collection[Override] = ()
) -> Breach | None:
    """The breach of a rule by a reading, or None: within limits, or the rule does not hold for it."""
    found = rule.in_force(at, overrides)
    if found is None or not any(_beyond(rule, found[0], reading, metric, file) for metric in found[0].limits):
        return None
    return Breach(file=file, rule=rule, level=found[0], reading=reading, override=found[1])


def bands(
    rules: Rules,
    metric: str,
    *,
    setting: str,
    age: int,
    conditions: Collection[str] = (),
    meal: str | None = None,
    on: date,
    overrides: Collection[Override] = (),
) -> list[Band]:
    """The limits of a metric that hold for such a person on a day, for charts; with `meal` None those of any meal."""
    at = Circumstances(setting, age, conditions, meal, on)
    found = []
    for file in rules.files:
        for rule in file.rules:
            level, _override = rule.in_force(at, overrides) or (None, None)
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


def _part(file: RuleFile, *, rules: bool, prompt: bool) -> RuleFile:
    """A file with its rules or without, and with those patterns that are looked for at once, or the others."""
    patterns = tuple(pattern for pattern in file.patterns if pattern.prompt is prompt)
    kept = {"patterns": patterns} if rules else {"patterns": patterns, "rules": (), "causes": {}}
    return RuleFile.model_construct(**{**dict(file), **kept})


def _evaluate_file(scene: Scene) -> Iterator[Finding]:
    file = scene.file
    own = of_kinds(scene.placements, file.kinds) if file.causes else ()
    for name, cause in file.causes.items() if own else ():
        since = max(scene.now - cause.fresh_for, scene.person.settled.get(name, EVER))
        graded = (
            Graded(each.reading, _worst(scene, name, each), trusted=not each.reading.flags & file.doubtful_bits)
            for each in own
            if each.reading.measured_at > since and _says_something(each.reading, file, name)
        )
        finding = course(scene.person.resident_id, name, cause, graded, scene.now)
        if finding is not None:
            yield finding
    for pattern in file.patterns:
        finding = look(scene, pattern)
        if finding is not None:
            yield finding


def _says_something(reading: StoredReading, file: RuleFile, cause: str) -> bool:
    """True with a metric that the cause is about, or HI or LO in place of its number."""
    if not file.judged[cause].isdisjoint(reading.values):
        return True
    return reading.kind == file.kinds[0] and bool(reading.flags & (Flag.ABOVE_RANGE | Flag.BELOW_RANGE))


def _worst(scene: Scene, cause: str, each: Placed) -> Breach | None:
    for rule in scene.file.alerts[cause]:
        found = breach(rule, each.at, each.reading, scene.file, scene.person.overrides)
        if found is not None:
            return found
    return None


def _beyond(rule: Rule, level: Level, reading: StoredReading, metric: str, file: RuleFile) -> bool:
    """HI and LO have no number: they lie beyond every limit on their side and beyond none on the other."""
    value = reading.values.get(metric)
    if value is None:
        if reading.kind != file.kinds[0]:
            return False
        upwards = rule.boundary in (">=", ">")
        return bool(reading.flags & (Flag.ABOVE_RANGE if upwards else Flag.BELOW_RANGE))
    return BREACHES[rule.boundary](round(value, file.decimals[metric]), level.limits[metric])
