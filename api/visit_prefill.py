"""What stands in a form before anybody types: a stored visit, the other form of it, or what seldom changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from api.visit_store import SOURCES, MeterSource
from api.visits import VisitRow, values_of
from ingest.followups.entry import typed
from ingest.followups.form import Form

CARRIED = (
    "weight_target",
    "smoking_target",
    "drinking_target",
    "exercise_times_target",
    "exercise_minutes_target",
    "salt_target",
    "staple_food_target",
    "medications",
    "insulin",
)

Typed = dict[str, list[str]]


def prefilled(
    form: Form,
    offered: Mapping[str, MeterSource],
    earlier: Sequence[VisitRow],
    same: VisitRow | None,
    now: datetime,
) -> Typed:
    """The other form of the same visit, else what a meter measured and what seldom changes; `now` is local."""
    if same is not None:
        return _other_form(form, same, now)
    last = next((each for each in earlier if each.programme == form.programme and not each.lost_why), None)
    values = values_of(last) if last else {}
    tall = next((each.height for each in earlier if each.height), None)  # of any programme
    carried = {key: values[key] for key in CARRIED if key in values} | ({"height": tall} if tall else {})
    carried |= {key: source.value for key, source in offered.items() if source.fills}
    return _head(form, now, []) | typed(form, carried)


def as_typed(form: Form, visit: VisitRow, zone: ZoneInfo) -> Typed:
    """A stored visit as it would be typed."""
    own = visit.classification if visit.form.get("classification_why") else None
    more = {
        "lost_why": visit.lost_why,
        "next_due_on": visit.next_due_on,
        "classification": own,
        **{key: visit.form.get(key) for key in ("classification_why", "died_on", "death_cause", "moved_on")},
        "incomplete": None if visit.complete else "yes",
        "version": visit.version,
    }
    head = _head(form, visit.visited_at.astimezone(zone), [visit.mode])
    head |= {f"from_{key}": [each["reading_id"]] for key, each in visit.form.get(SOURCES, {}).items()}
    return head | {key: [str(value)] for key, value in more.items() if value} | typed(form, values_of(visit))


def _other_form(form: Form, same: VisitRow, now: datetime) -> Typed:
    fields = {field.key for field in form.fields()}
    carried = {key: value for key, value in values_of(same).items() if key in fields and key != "symptoms"}
    return _head(form, same.visited_at.astimezone(now.tzinfo), [same.mode]) | typed(form, carried)


def _head(form: Form, at: datetime, mode: list[str]) -> Typed:
    return {"programme": [form.programme], "visited_at": [f"{at:%Y-%m-%dT%H:%M}"], "mode": mode}
