"""How the system is: alive, ready, and in numbers for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from psycopg import Connection, Error
from psycopg.errors import UndefinedTable
from psycopg.rows import DictRow
from psycopg_pool import PoolTimeout
from pydantic import BaseModel

from api.services import Database, Given, Services
from ingest.migrate import shipped

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    """What the pages need. `ready` is true when all is there."""

    ready: bool
    database: bool
    migrations: bool
    listener: bool


@router.get("/health/live", summary="The process is alive")
def live() -> dict[str, bool]:
    """Answers as long as the process can answer at all; asks nothing of anybody else."""
    return {"alive": True}


@router.get("/health/ready", summary="The process can serve pages", responses={503: {"model": Readiness}})
def ready(given: Given) -> Response:
    """503 until the database answers, has this version's schema, and the listener for live alerts is connected."""
    database, migrations = _look(given)
    listener = given.feed.listening.is_set()
    state = Readiness(
        ready=database and migrations and listener, database=database, migrations=migrations, listener=listener
    )
    return JSONResponse(state.model_dump(), status_code=200 if state.ready else 503)


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
def metrics(given: Given, connection: Database) -> Response:
    """Counts only, nothing about a person: what was held and why, alerts by state and tier, gateways."""
    registry = CollectorRegistry()
    _readings(registry, connection)
    _alerts(registry, connection, given)
    _gauge(registry, "maixun_streams", "Live streams open in this process.", given.feed.subscribers)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _look(given: Services) -> tuple[bool, bool]:
    try:
        with given.pool.connection() as connection:
            return True, _is_migrated(connection)
    except (PoolTimeout, Error):
        return False, False


def _is_migrated(connection: Connection[DictRow]) -> bool:
    try:
        row = connection.execute("select max(version) as version from public.schema_migration").fetchone()
    except UndefinedTable:
        return False
    return row is not None and row["version"] == shipped()[-1].version


def _readings(registry: CollectorRegistry, connection: Connection[DictRow]) -> None:
    total = connection.execute(
        "select n_live_tup as n from pg_stat_user_tables where schemaname = 'telemetry' and relname = 'ledger'"
    ).fetchone()
    text = "Readings in the ledger, by PostgreSQL's running estimate: counting them would read the whole table."
    _gauge(registry, "maixun_ledger_readings", text, total["n"] if total else 0)
    held = Gauge("maixun_held_readings", "Readings held back now.", ["outcome", "reason"], registry=registry)
    for row in connection.execute("select outcome, reason, count(*) as n from telemetry.held group by 1, 2"):
        held.labels(row["outcome"], row["reason"]).set(row["n"])
    gateways = Gauge("maixun_gateways", "Gateways by whether they are online.", ["online"], registry=registry)
    for row in connection.execute("select online, count(*) as n from telemetry.gateway_status group by 1"):
        gateways.labels(str(row["online"]).lower()).set(row["n"])
    work = connection.execute("select count(*) as n from telemetry.work").fetchone()
    _gauge(
        registry, "maixun_evaluations_waiting", "Work the alerting engine has not taken yet.", work["n"] if work else 0
    )


def _alerts(registry: CollectorRegistry, connection: Connection[DictRow], given: Services) -> None:
    episodes = Gauge("maixun_episodes", "Episodes that are not closed.", ["state", "tier"], registry=registry)
    oldest = 0.0
    for row in connection.execute(
        "select state, tier, count(*) as n, min(opened_at) as since from care.episode"
        " where state <> 'closed' group by 1, 2"
    ):
        episodes.labels(row["state"], row["tier"]).set(row["n"])
        if row["state"] == "open" and row["since"] is not None:
            oldest = max(oldest, (given.now() - row["since"]).total_seconds())
    _gauge(registry, "maixun_oldest_open_alert_seconds", "How long the longest waiting open alert has waited.", oldest)


def _gauge(registry: CollectorRegistry, name: str, text: str, value: float) -> None:
    Gauge(name, text, registry=registry).set(value)
