"""The faults, one after another, each while readings stream in. Every one leaves the world healed, or raises."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from typing import LiteralString

from maixun.runtime.service import Service
from tests.faults import poison
from tests.faults.gateway_process import TURNED_AWAY
from tests.faults.process import Process
from tests.faults.world import World, wait_until

OUTAGE = 10.0  # seconds
FULL = 64 << 10  # bytes: less than every outbox has by then, more than a log
STREAM = 4.0  # seconds that the meters of a scenario take to be heard, so that the fault falls into the middle

Scenario = Callable[[World, int], None]


def undisturbed(world: World, readings: int) -> None:
    """No fault: what the others are compared with."""
    world.give(world.take(readings), STREAM)
    _settle(world)


def kill_gateways(world: World, readings: int) -> None:
    """kill -9 of every gateway, one after another, in the middle of a visit or between two."""
    world.give(world.take(readings), STREAM)
    for gateway in world.gateways:
        heard = gateway.visits_of_last()
        wait_until(lambda: gateway.visits_of_last() > heard + 2, f"{gateway.name} hears meters")  # noqa: B023
        gateway.process.kill()
        gateway.process.start()
    _settle(world)


def kill_ingest(world: World, readings: int) -> None:
    """kill -9 of every ingest worker while its batch waits for a lock on the ledger, that is: in mid-transaction."""
    world.give(world.take(readings), STREAM)
    _kill_while_blocked(world, world.workers, "telemetry.ledger", backends=3)  # two a worker, so both hang
    _settle(world)


def kill_alerting(world: World, readings: int) -> None:
    """kill -9 of the engines while a round waits for a lock on the episodes: people claimed, nothing written."""
    world.give(world.take(readings), STREAM)
    _kill_while_blocked(world, world.engines, "care.episode", backends=1)
    _settle(world)


def kill_mosquitto(world: World, readings: int) -> None:
    """kill -9 of the broker, twice: what it had acknowledged is gone, and it comes back with what it had last saved.

    The second time it has just saved: it then restores sessions, but not their shared subscriptions.
    """
    world.give(world.take(readings), 2 * STREAM)
    for saves in (False, True):
        _flow(world)
        if saves:
            _signal(world.mosquitto, signal.SIGUSR1)
            _flow(world)
        world.mosquitto.kill()
        world.mosquitto.start()
    _settle(world)


def kill_postgres(world: World, readings: int) -> None:
    """kill -9 of the database server."""
    world.give(world.take(readings), STREAM)
    _flow(world)
    world.postgres.kill()
    world.postgres.start()
    _settle(world)


def stop_database(world: World, readings: int) -> None:
    """The database is stopped for ten seconds."""
    world.give(world.take(readings), STREAM + OUTAGE)
    _flow(world)
    world.postgres.stop()
    time.sleep(OUTAGE)
    world.postgres.start()
    _settle(world)


def freeze_broker(world: World, readings: int) -> None:
    """For ten seconds the broker's port is open and nothing answers, as behind a network that swallows packets."""
    world.give(world.take(readings), STREAM + OUTAGE)
    _flow(world)
    _signal(world.mosquitto, signal.SIGSTOP)
    time.sleep(OUTAGE)
    _signal(world.mosquitto, signal.SIGCONT)
    _settle(world)


def two_gateways(world: World, readings: int) -> None:
    """The same meters' memory is heard by two gateways at the same time."""
    visits = world.take(readings)
    world.expect(visits)
    first, second, *_ = world.gateways
    first.give(visits, STREAM)
    second.give(visits, STREAM)
    _settle(world)


def poisoned(world: World, readings: int) -> None:
    """A poison message in every position of a batch; its neighbours and it itself are answered by receipts."""
    poison.publish(world, world.take(readings))
    _settle(world)


def disk_full(world: World, readings: int) -> None:
    """No gateway can write its outbox for a while: meters are turned away and keep their records."""
    world.give(world.take(readings), STREAM)
    _flow(world)
    for gateway in world.gateways:
        _limit_files(gateway.process, FULL)
    for gateway in world.gateways:
        wait_until(lambda: TURNED_AWAY in gateway.process.log.read_text(), f"{gateway.name} turns meters away")  # noqa: B023
    for gateway in world.gateways:
        _limit_files(gateway.process, resource.RLIM_INFINITY)
    _settle(world)


ALL: dict[str, Scenario] = {
    "undisturbed": undisturbed,
    "kill -9 gateways": kill_gateways,
    "kill -9 ingest in mid-batch": kill_ingest,
    "kill -9 alerting in mid-round": kill_alerting,
    "kill -9 mosquitto, twice": kill_mosquitto,
    "kill -9 postgresql": kill_postgres,
    "database stopped 10 s": stop_database,
    "broker unreachable 10 s": freeze_broker,
    "same memory, two gateways": two_gateways,
    "poison in every position": poisoned,
    "gateway disk full": disk_full,
}


def _settle(world: World) -> None:
    wait_until(world.is_settled, "everything heard is stored, receipted and evaluated")


def _flow(world: World) -> None:
    """Wait until every gateway hears meters and readings reach the database: then a fault falls into the middle."""
    heard, stored = [gateway.visits_of_last() for gateway in world.gateways], world.stored()
    wait_until(
        lambda: (
            world.stored() > stored + 10
            and all(gateway.visits_of_last() > before for gateway, before in zip(world.gateways, heard, strict=True))
        ),
        "readings flow",
    )


def _signal(service: Service, number: signal.Signals) -> None:
    assert service.process_id is not None, f"{service.name} does not run"
    os.kill(service.process_id, number)


def _kill_while_blocked(world: World, processes: list[Process], table: LiteralString, backends: int) -> None:
    """Hold a lock until so many backends hang on it in mid-transaction, kill the processes, let go, start again."""
    with world.connect() as holder, world.connect() as looker:
        with holder.transaction():
            holder.execute(b"lock table " + table.encode() + b" in share mode")  # others may read and not write
            waiting = "select count(distinct pid) from pg_locks where not granted and relation = %s::regclass"
            wait_until(
                lambda: (looker.execute(waiting, [table]).fetchone() or (0,))[0] >= backends,
                f"{backends} backends wait for {table}",
            )
            for process in processes:
                process.kill()
        for process in processes:
            process.start()


def _limit_files(process: Process, size: int) -> None:
    """No file of the process may grow beyond `size` bytes: to SQLite a disk that takes nothing more."""
    resource.prlimit(process.process_id, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
