"""A database of a benchmark's own, with its schema, on a server that ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from ingest.migrate import migrate
from maixun.runtime.binaries import services
from maixun.runtime.postgres import Postgres


@contextmanager
def own_database() -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """Its connection string, and a connection with autocommit."""
    with TemporaryDirectory(prefix="maixun-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user where this one is root
        server = Postgres(services(print).postgresql, Path(folder) / "postgresql")
        server.start()
        try:
            dsn = server.create("bench")
            migrate(dsn)
            with psycopg.connect(dsn, autocommit=True) as connection:
                yield dsn, connection
        finally:
            server.stop()
