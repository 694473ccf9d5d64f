"""The record of every look at a person and every decision: who, what, when. Only ever appended to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb


class Action(StrEnum):
    """What can be recorded. The names are stored."""

    SIGN_IN = "session.begin"
    SIGN_OUT = "session.end"
    REPORT_LIST = "report.list"
    REPORT_VIEW = "report.view"
    REPORT_DRAFT = "report.draft"
    REPORT_STEP = "report.step"
    REPORT_EXPORT = "report.export"
    REPORT_RECONCILE = "report.reconcile"
    FIGURES_VIEW = "figures.view"
    DASHBOARD_VIEW = "dashboard.view"
    DASHBOARD_EXPORT = "dashboard.export"
    INDICATORS_VIEW = "indicators.view"
    WORK_LIST = "work.list"
    ALERT_LIST = "alert.list"
    ALERT_VIEW = "alert.view"
    ALERT_ACKNOWLEDGE = "episode.acknowledge"
    ALERT_ACT = "episode.act"
    ALERT_SHELVE = "episode.shelve"
    ALERT_UNSHELVE = "episode.unshelve"
    ALERT_CLOSE = "episode.close"
    RESIDENT_LIST = "resident.list"
    RESIDENT_VIEW = "resident.view"
    READINGS_VIEW = "readings.view"
    FOLLOW_UP_LIST = "follow_up.list"
    VISIT_VIEW = "visit.view"
    VISIT_PRINT = "visit.print"
    VISIT_RECORD = "visit.record"
    VISIT_AMEND = "visit.amend"
    VISIT_TAKE_BACK = "visit.take_back"
    NOTE_WRITE = "note.write"
    STATION_VIEW = "station.view"
    ECG_VIEW = "ecg.view"
    HELD_VIEW = "held.view"
    QUALITY_VIEW = "quality.view"
    INCIDENT_ACKNOWLEDGE = "incident.acknowledge"
    INCIDENT_CLOSE = "incident.close"
    RULES_REPLAY = "rules.replay"
    RULES_REPLAY_VIEW = "rules.replay.view"
    OVERRIDE_VIEW = "override.view"
    OVERRIDE_SET = "override.set"
    OVERRIDE_END = "override.end"
    FLEET_SETTINGS = "fleet.settings"
    ROTA_DUTY = "rota.duty"
    ROTA_LEAVE = "rota.leave"
    ROTA_DEPUTY = "rota.deputy"
    CONTACT = "staff.contact"
    FHIR_READ = "fhir.read"
    FHIR_EXPORT = "fhir.export"
    FLEET_REVOKE = "fleet.revoke"
    IMPORT_LOOK = "import.look"
    SCREENING_LIST = "screening.list"
    SCREENING_DECIDE = "screening.decide"


def write(
    connection: Connection[DictRow],
    now: datetime,
    staff_id: int,
    action: Action,
    resident_id: int | None = None,
    **detail: object,
) -> None:
    """Add a line in the transaction of what it records. `detail` never holds a name or a measured value."""
    connection.execute(
        "insert into care.audit (at, staff_id, resident_id, action, detail) values (%s, %s, %s, %s, %s)",
        (now, staff_id, resident_id, action, Jsonb(detail)),
    )
