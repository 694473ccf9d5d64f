"""What meters themselves flag, several times in a row. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.alerting.finding import Finding, Verdict, Why
from ingest.alerting.patterns import Complaints, Flagged, Sign
from ingest.alerting.person import StoredReading
from ingest.alerting.series import Placed
from ingest.alerting.sighting import Scene, Sighting


def flagged(scene: Scene, pattern: Flagged) -> Finding | None:
    """The latest run of readings that carries one of the signs; graver if a visit lately recorded a complaint."""
    items = scene.taking_part(pattern, lambda _at: True)
    groups = [(group, sign) for sign in pattern.signs for group in _signs(items, sign)]
    if not groups:
        return None
    group, sign = max(groups, key=lambda each: (each[0][-1].measured_at, each[0][-1].reading_id))
    marked = sum(1 for reading in group if reading.flags & sign.bit)
    sighting = Sighting(
        file=scene.file,
        pattern=pattern,
        source=sign.source,
        says=sign.says,
        places={"value": "", "flagged": str(marked), "count": str(len(group))},
        figures={"flagged": marked, "readings": len(group)},
        graver=_graver(scene, pattern, group[-1]),
    )
    return scene.finding(pattern, Verdict.CONFIRMED, Why.SEEN, sighting, group)


def _graver(scene: Scene, pattern: Flagged, last: StoredReading) -> Complaints | None:
    """What was complained of so shortly before the sign, or since, that both may be one thing."""
    complained = scene.person.complaints.get(pattern.name)
    if pattern.complaints is None or complained is None or last.measured_at - complained > pattern.complaints.within:
        return None
    return pattern.complaints


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
