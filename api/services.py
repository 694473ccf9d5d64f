"""What every endpoint may use: settings, database, pages, live feed, identity key and the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow, dict_row, tuple_row
from psycopg_pool import ConnectionPool

if TYPE_CHECKING:
    from api.averages import Protocol
    from api.dashboard.inventory import Inventory
    from api.dashboard.own import OwnFigures
    from api.names import Names
    from api.pages import Pages
    from api.reporting.definitions import Indicators
    from api.reporting.settings import ReportingSettings
    from api.reporting.shelf import Shelf
    from api.settings import ApiSettings
    from api.stream import Feed
    from devices.metrics import Catalogue
    from ingest.alerting.rules import Rules
    from ingest.followups.form import Form
    from ingest.followups.programmes import Rulebook
    from ingest.settings import Limits


ROLE = "maixun_api"  # the database role whose rights, and no more, this process takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Made once by `api.app.create_app`; `now` gives the present in UTC and is moved by hand in tests."""

    settings: ApiSettings
    pool: ConnectionPool[Connection[DictRow]]
    pages: Pages
    feed: Feed
    names: Names
    rules: Rules
    rulebook: Rulebook
    forms: Mapping[str, Form]
    protocols: Mapping[str, Protocol]
    catalogue: Catalogue
    indicators: Indicators
    reporting: ReportingSettings
    shelf: Shelf
    inventory: Inventory
    own_figures: OwnFigures
    limits: Limits
    key: bytes
    now: Callable[[], datetime]


def services(request: Request) -> Services:
    """The services of the app that answers this request."""
    found: Services = request.app.state.services
    return found


def _connection(request: Request) -> Iterator[Connection[DictRow]]:
    with services(request).pool.connection() as connection:
        yield connection


@contextmanager
def plain_rows(connection: Connection[DictRow]) -> Iterator[Connection[TupleRow]]:
    """The same transaction with rows as tuples, as the modules of `ingest` expect them."""
    tuples = cast("Connection[TupleRow]", connection)
    tuples.row_factory = tuple_row
    try:
        yield tuples
    finally:
        connection.row_factory = dict_row


Given = Annotated[Services, Depends(services)]
# One transaction a request; scope "function" commits it before the answer leaves, so "saved" on a page is saved.
Database = Annotated[Connection[DictRow], Depends(_connection, scope="function")]
