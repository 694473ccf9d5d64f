"""The dialog of one alert: why, by which rule, on which readings, what happened so far, what can be done."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, episodes, language, words
from api.access import Viewer
from api.audit import Action
from api.episodes import AlertWithHistory
from api.errors import Refusal, not_found
from api.services import Services
from ingest.alerting.episode import ENGINE_OUTCOMES, Outcome
from ingest.alerting.shelving import Shelving
from maixun.configuration import settings

# What a doctor may say; the rest are the engine's own endings.
OUTCOMES = {each: words.OUTCOMES[each] for each in Outcome if each not in ENGINE_OUTCOMES}
_NOTHING_TYPED = {"form": None, "outcome": None, "until": None, "note": ""}


def found(given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int) -> AlertWithHistory:
    """The alert, if it is about one of the viewer's residents. Raises the 404 refusal."""
    alert = episodes.one(connection, viewer, episode_id, given.key)
    if alert is None:
        raise not_found()
    return alert


def viewed(given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int) -> AlertWithHistory:
    """The alert, and a line in the audit that it was looked at."""
    alert = found(given, connection, viewer, episode_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.ALERT_VIEW, alert.resident_id, episode_id=episode_id)
    return alert


def show(
    request: Request,
    given: Services,
    alert: AlertWithHistory,
    refusal: Refusal | None = None,
    *,
    done: str | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    """The dialog; `typed` is what a refused form held, `done` the marked text that says it is saved."""
    spoken = language.of(request)
    return given.pages.show(
        request,
        "alert_dialog.html",
        status=refusal.status if refusal else 200,
        alert=alert,
        rule=_rule(given, alert, spoken.value),
        outcomes=OUTCOMES,
        shelf_ends=settings(Shelving, "shelving").offered(alert.tier, given.now()),
        problem=refusal.says[spoken] if refusal else None,
        done=done,
        typed=_NOTHING_TYPED | (typed or {}),
    )


def _rule(given: Services, alert: AlertWithHistory, spoken: str) -> str | None:
    """What the rule of the finding is called today; a rule that is there no more, by its own name."""
    name = alert.finding.get("rule")
    rules = {rule.name: rule.label for file in given.rules.files for rule in file.rules}
    known = {**given.rules.labels, **rules}.get(str(name))
    return str(getattr(known, spoken)) if known else name
