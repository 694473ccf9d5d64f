"""The web application: puts the parts together once, from settings and a database."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.staticfiles import StaticFiles
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from api import (
    alerts,
    averages,
    board,
    claims,
    contacts,
    decisions,
    ecg,
    errors,
    exports,
    fhir,
    fhir_data,
    figures,
    fleet,
    fleet_revocation,
    followup_pages,
    growth,
    health,
    imports,
    incidents,
    indicators,
    notes,
    notices,
    override_pages,
    overrides,
    quality,
    quarantine,
    reconciliation,
    reference,
    reports,
    resident_page,
    residents,
    rota,
    rules_replay,
    screening,
    sentinel,
    sign_in,
    station,
    visit_forms,
    visit_json,
    visit_pages,
    work,
)
from api.board import Row
from api.dashboard import pages as dashboard
from api.dashboard.inventory import Inventory
from api.dashboard.own import OwnFigures
from api.language import Language
from api.names import Names
from api.pages import STATIC, Pages, assets
from api.protection import Protection
from api.reporting import definitions
from api.reporting.settings import ReportingSettings
from api.reporting.shelf import Shelf
from api.services import ROLE, Services
from api.settings import ApiSettings
from api.stream import Feed
from devices import metrics
from ingest.alerting import rules
from ingest.database import take_role
from ingest.followups import form, programmes
from ingest.identity import load_key
from ingest.settings import IngestSettings
from maixun.configuration import load, load_all
from maixun.configuration import settings as configured

SMALL = 2000  # bytes of an answer that is not worth compressing; streams are never compressed

DESCRIPTION = """
Readings, alerts and held items of Maixun, as JSON.

**Signing in.** `POST /api/v1/session` with login and password sets the cookie `maixun_session`; send it with every
call. A write must come from this site: send the header `Origin` with this server's address.

**Who sees what.** A doctor sees the contracted residents, a station lead those of the station; anybody else's resident
is answered 404, exactly as one that does not exist. Technicians and administrators see what was held back, and no
resident. Every look at a person and every decision is recorded.

**Changing an alert** is a compare-and-set: send the `revision` you saw. If somebody was faster the answer
is 409 and says who.

**Errors** are `{"error": code, "says": {"zh": …, "en": …}}`. Times are UTC, values in the canonical
units mmHg, /min, mmol/L, kg.
"""

ROUTERS = (
    dashboard.pages,
    reports.pages,
    reports.json,
    reconciliation.pages,
    indicators.pages,
    indicators.json,
    figures.json,
    *(
        router
        for part in (
            sign_in,
            alerts,
            decisions,
            residents,
            ecg,
            quarantine,
            quality,
            sentinel,
            fleet,
            rules_replay,
            followup_pages,
            screening,
        )
        for router in (part.pages, part.json)
    ),
    visit_pages.pages,
    visit_forms.pages,
    visit_json.json,
    incidents.pages,
    incidents.json,
    work.pages,
    notes.pages,
    notes.json,
    resident_page.pages,
    station.pages,
    station.json,
    claims.json,
    fhir.json,
    exports.pages,
    fleet_revocation.pages,
    imports.pages,
    growth.pages,
    override_pages.pages,
    overrides.json,
    notices.pages,
    contacts.pages,
    rota.pages,
    reference.router,
    health.router,
)

TAGS = [
    {"name": "session", "description": "Signing in and out."},
    {"name": "alerts", "description": "What waits for a doctor, live, and what was decided."},
    {"name": "residents", "description": "Your residents and what was measured."},
    {"name": "follow-ups", "description": "Tasks, visits in the fields of the national form, contract packages."},
    {"name": "station", "description": "For station leads: what waits, what nobody opened, who carries how much."},
    {"name": "held", "description": "Readings that were held back, and their release."},
    {"name": "reports", "description": "Quarterly reports; aggregates of your region or station, never a person."},
    {"name": "fleet", "description": "Gateways and meters: how they are; for gateways: becoming one."},
    {"name": "fhir", "description": "FHIR R4: your residents under their pseudonyms, for other systems."},
    {"name": "figures", "description": "Figures and questions about them, without any person."},
    {"name": "rules", "description": "Trying rules out on stored history."},
    {"name": "health", "description": "For supervisors and Prometheus; nothing about a person."},
]


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def create_app(settings: ApiSettings, database: str, now: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application over a database. `now` is moved by hand in tests; the database need not be there yet."""
    services = _services(settings, database, now)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        services.pool.open(wait=False)
        services.feed.start()
        yield
        await services.feed.stop()
        services.pool.close()

    app = FastAPI(
        title="Maixun 脉讯",
        version=version("maixun"),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    _mount(app)
    return app


def _mount(app: FastAPI) -> None:
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/assets", StaticFiles(directory=assets()))
    errors.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=SMALL, compresslevel=5)
    app.add_middleware(Protection)


def _services(settings: ApiSettings, database: str, now: Callable[[], datetime]) -> Services:
    key = load_key()
    fhir_data.known()  # a wrong code stops the start
    growth.standards()
    known = rules.parse(load_all("rules/*.yaml"))
    pages = Pages(settings.tzinfo, now, _causes(known))

    def read(connection: Connection[DictRow], resident_ids: Collection[int]) -> list[Row]:
        today = now().astimezone(settings.tzinfo).date()
        return board.changed(connection, resident_ids, key, now(), today)

    def render(language: Language, row: Row) -> str:
        today = now().astimezone(settings.tzinfo).date()
        return pages.render(language, "work_row.html", row=row, today=today)

    return Services(
        settings=settings,
        pool=_pool(database, settings),
        pages=pages,
        feed=Feed(database, read, render),
        names=Names(key),
        rules=known,
        rulebook=programmes.parse(load("programmes.yaml"), load("packages.yaml")),
        forms=form.parse(load_all("forms/*.yaml")),
        protocols=averages.protocols(known),
        catalogue=metrics.parse(load("metrics.yaml")),
        indicators=definitions.load(),
        reporting=configured(ReportingSettings, "reporting"),
        shelf=Shelf(),
        inventory=Inventory(),
        own_figures=OwnFigures(),
        limits=configured(IngestSettings, "ingest").limits,
        key=key,
        now=now,
    )


def _pool(database: str, settings: ApiSettings) -> ConnectionPool[Connection[DictRow]]:
    """Not opened yet. The pool reports every failed attempt; the feed says once that the database is away."""
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    return ConnectionPool(
        database,
        connection_class=Connection[DictRow],
        kwargs={"row_factory": dict_row, "application_name": "maixun api"},
        min_size=1,
        max_size=settings.database_connections,
        timeout=settings.database_wait_seconds,
        configure=_configure,
        open=False,
        check=ConnectionPool.check_connection,
    )


def _configure(connection: Connection[DictRow]) -> None:
    """Give up every right but those of the API's role."""
    take_role(connection, ROLE)
    connection.commit()


def _causes(known: rules.Rules) -> dict[str, dict[str, str]]:
    """What each cause of an alert is called, by language."""
    return {name: label.model_dump() for name, label in known.labels.items()}
