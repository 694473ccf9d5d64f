"""What was agreed to be measured and is missing. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from ingest.alerting.finding import Finding, Verdict, Why
from ingest.alerting.patterns import Plan, Silence
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.series import Placements
from ingest.alerting.sighting import Places, Scene, Sighting

ALONE = {
    True: {"zh": "该居民独居，请尽早联系。", "en": "The resident lives alone: please get in touch soon."},
    False: {"zh": "", "en": ""},
}


def silence(scene: Scene, pattern: Silence) -> Finding | None:
    """Nothing was measured in the agreed time."""
    since = scene.now - pattern.window
    last = {kind: reading for kind, reading in latest(scene.placements).items() if reading.measured_at > since}
    due = deadlines(scene.person, pattern, last)
    over = [each for each in due if each[0] <= scene.now]
    known = sorted((last[kind] for kind in pattern.kinds if kind in last), key=lambda each: each.measured_at)
    if not over:
        return scene.finding(pattern, Verdict.CLEARED, Why.MEASURED, None, known[-1:]) if due and known else None
    began, plan = over[0]
    lately = [last[kind] for kind in plan.kinds if kind in last]
    agreed = plan.alone if scene.person.lives_alone else plan.every
    places: Places = {
        "value": "",
        "what": {"zh": plan.what.zh, "en": plan.what.en},
        "days": _days(scene.now, lately, pattern),
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
    return scene.finding(pattern, Verdict.CONFIRMED, Why.OVERDUE, sighting, lately, began)


def _days(now: datetime, lately: Collection[StoredReading], pattern: Silence) -> str | Mapping[str, str]:
    """For how long nothing was measured: counted from the last time, or longer than anybody has looked back."""
    if lately:
        return str((now - max(each.measured_at for each in lately)).days)
    return {"zh": f"超过 {pattern.window.days}", "en": f"more than {pattern.window.days}"}


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
