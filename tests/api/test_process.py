"""The process `maixun api`: starts without its database, and stops at once though streams are open."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from psycopg.conninfo import make_conninfo

from tests.api.world import PASSWORD, World

COMMAND = (sys.executable, "-c", "import sys; from maixun.cli import main; sys.exit(main(sys.argv[1:]))", "api")
STOPS_WITHIN = 5  # what the system promises


@contextmanager
def running(database: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the address it says it is at."""
    environment = os.environ | {"MAIXUN_DATABASE": database, "MAIXUN_RUNTIME": str(folder)}
    with subprocess.Popen([*COMMAND, "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = next(line for line in process.stderr if "pages are at" in line)
            found = re.search(r"http://\S+", said)
            assert found is not None
            yield process, found[0].rstrip("/")
        finally:
            process.kill()


def test_it_stops_at_once_though_a_stream_is_open(world: World, database: str, tmp_path: Path) -> None:  # noqa: ARG001
    with running(database, tmp_path) as (process, address):
        client = httpx2.Client(base_url=address, headers={"origin": address}, timeout=30)
        credentials = {"login": "dr.wang", "password": PASSWORD}
        with client:
            assert client.post("/api/v1/session", json=credentials).status_code == 204
            with client.stream("GET", "/api/v1/alerts/stream") as answer:
                lines = answer.iter_lines()
                assert next(lines).startswith("retry:")
                process.send_signal(signal.SIGTERM)
                assert process.wait(STOPS_WITHIN) == 0
                assert list(lines)[-1:] in ([], [""])


def test_it_starts_before_its_database_and_says_so_once(world: World, database: str, tmp_path: Path) -> None:  # noqa: ARG001
    nowhere = make_conninfo(database, port=1)
    with running(nowhere, tmp_path) as (process, address):
        assert httpx2.get(f"{address}/health/live").status_code == 200
        assert httpx2.get(f"{address}/health/ready", timeout=30).status_code == 503
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOPS_WITHIN) == 0
        assert process.stderr is not None
        assert process.stderr.read().count("waiting for the database") == 1


def test_a_port_that_is_taken_is_told_in_a_sentence(world: World, database: str, tmp_path: Path) -> None:  # noqa: ARG001
    with running(database, tmp_path) as (_, address):
        port = address.rsplit(":", 1)[1]
        environment = os.environ | {"MAIXUN_DATABASE": database, "MAIXUN_RUNTIME": str(tmp_path)}
        second = subprocess.run(
            [*COMMAND, "--port", port],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert second.returncode == 1
    assert "MAIXUN_API_PORT" in second.stderr
    assert "Traceback" not in second.stderr
