"""After a power cut everything starts as it likes: each process says once what it waits for, then all is as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import psycopg
import pytest
import yaml

from ingest import identity, seed
from ingest.accounts import new_password
from maixun import configuration, county
from maixun.runtime.program import Program
from tests.harness.line import Line, running_line, wait_until
from tests.journeys.desk import desk
from tests.journeys.town import STOPPED_WITHIN, the_key_of

SEED, RESIDENTS = 7, 40
_FIRST_STATION = ("--station", "0", "--seed", str(SEED), "--residents", str(RESIDENTS))
GATEWAY = ("gateway", "--id", "gw-0001", "--radio", "simulated", *_FIRST_STATION)
LEAD = "lead01"  # sees everybody of the first station
WAITS = {
    "gateway": ["waiting for the broker"],
    "ingest": ["the broker cannot be reached: waiting for it", "the database does not take readings, waiting for it"],
    "alerting": ["waiting for the database"],
    "api": ["waiting for the database"],
}


@pytest.fixture(scope="module")
def county_line() -> Iterator[tuple[Line, str]]:
    """A line with a registered county, and its lead's password."""
    with running_line() as line:
        password = new_password()
        with psycopg.connect(line.database) as connection, the_key_of(line):
            made = county.simulation(SEED, residents=RESIDENTS)
            key = identity.load_key()
            seed.register(connection, made.county, made.meters, key=key, passwords={LEAD: password})
        yield line, password


@pytest.fixture
def started(county_line: tuple[Line, str]) -> dict[str, Program]:
    """Every process, started after a power cut: neither broker nor database is there."""
    line, _ = county_line
    line.mosquitto.stop()
    line.postgres.stop()
    config = ill_county(line.folder / "config")
    return {
        "api": line.start("api", "api", "--port", "0"),
        "alerting": line.start("alerting", "alerting"),
        "ingest": line.start("ingest", "ingest"),
        "gateway": line.start("gateway", *GATEWAY, MAIXUN_CONFIG=str(config)),
    }


def test_each_waits_stops_while_it_waits_and_says_so_once(started: dict[str, Program]) -> None:
    for name, program in started.items():
        wait_until(says(program, WAITS[name][0]))
    assert {name: program.stop(STOPPED_WITHIN) for name, program in started.items()} == dict.fromkeys(started, 0)
    for name, program in started.items():
        assert said(program, name) == WAITS[name][:1]


def test_the_starting_order_does_not_matter(county_line: tuple[Line, str], started: dict[str, Program]) -> None:
    line, password = county_line
    for name, program in started.items():
        wait_until(says(program, WAITS[name][0]))
    line.mosquitto.start()
    wait_until(says(started["ingest"], WAITS["ingest"][1]))
    line.postgres.start()
    wait_until(says(started["api"], "listening for alerts"))
    with desk(address(started["api"]), LEAD, password) as lead, lead.stream() as screen:
        event = screen.until(lambda event: event["state"] == "open")
        (reading, *_) = lead.read(f"/alerts/{event['episode_id']}")["finding"]["readings"]
        assert reading["values"]["systolic"] >= 180
        assert {name: program.stop(STOPPED_WITHIN) for name, program in started.items()} == dict.fromkeys(started, 0)
        assert screen.has_ended()
    for name, program in started.items():
        assert said(program, name) == WAITS[name]


def says(program: Program, text: str) -> Callable[[], bool]:
    """Whether its log has the text by now."""
    return lambda: text in program.log.read_text()


def said(program: Program, name: str) -> list[str]:
    """All that it said of waiting, in order; it may have said nothing worse."""
    log = program.log.read_text()
    assert not re.search("Traceback|ERROR|CRITICAL", log), log
    return re.findall("|".join(WAITS[name]), log)


def address(api: Program) -> str:
    """Where the pages are, as its log says."""
    found = re.search(r"pages are at (http://\S+)/", api.log.read_text())
    assert found
    return found.group(1)


def ill_county(folder: Path) -> Path:
    """Configuration in which everybody's pressure is high and somebody measures five times a second."""
    copytree(configuration.folder(), folder, dirs_exist_ok=True)
    figures = configuration.load("simulate.yaml")
    figures["blood_pressure"]["systolic"]["value"] = 215
    figures["live"]["speed"]["value"] = 1_000_000
    figures["live"]["longest_pause"]["value"] = 0.2
    (folder / "simulate.yaml").write_text(yaml.safe_dump(figures, allow_unicode=True))
    return folder
