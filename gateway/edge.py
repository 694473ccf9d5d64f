"""The gateway's process: one radio, one outbox, one uplink, wired together, each started again when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from devices.clock import ClockPolicy
from gateway import renewal
from gateway.collector import Collector
from gateway.identity import Identity
from gateway.meters import Meters
from gateway.outbox import Outbox, OutboxDamaged, OutboxFull
from gateway.radio import Radio
from gateway.remote_settings import RemoteSettings, Why
from gateway.salvage import opened
from gateway.saying import Saying
from gateway.settings import GatewaySettings
from gateway.steward import Correspondent, Steward
from gateway.uplink import Uplink
from maixun.configuration import ConfigurationError

_log = logging.getLogger(__name__)
_RETRY = 5.0  # seconds until a part that failed is started again, or a full disk is tried again
_UPKEEP = 60.0  # seconds between prunings; also how late a visit is interpreted after a full disk has room again
_GRACE = 3.0  # seconds parts have to end by themselves; the whole has five

Part = Callable[[asyncio.Event], Awaitable[None]]
PartWithCollector = Callable[[Collector, asyncio.Event], Awaitable[None]]


class Edge:
    """One gateway."""

    def __init__(
        self,
        gateway: str,
        radio: Radio,
        broker: str,
        path: Path,
        settings: GatewaySettings,
        policy: ClockPolicy,
        identity: Identity | None = None,
    ) -> None:
        """`broker` is an URL, `path` the outbox's file. With an `identity` its certificate is renewed in time."""
        self._gateway = gateway
        self._radio = radio
        self._broker = broker
        self._path = path
        self._settings = settings
        self._policy = policy
        self._identity = identity
        self._remote = RemoteSettings(path.with_suffix(".settings.json"), settings)
        self._disk = Saying(_log, well=True)
        self.beside: dict[str, PartWithCollector] = {}  # further parts, such as a kiosk
        self.correspondents: list[Correspondent] = []  # what of them the server hears and answers

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`, through full disks and damaged files. Raises `OutboxInUse` and `ConfigurationError`."""
        while not stop.is_set():
            try:
                outbox = opened(self._path, self._settings.limits())
            except OutboxFull as full:
                self._disk.trouble("full", str(full))
                await _pause(stop, _RETRY)
                continue
            try:
                await self._serve(outbox, stop)
            except* OutboxDamaged as damages:
                _log.error("%s: recovering", damages.exceptions[0])
            finally:
                outbox.close()

    async def _serve(self, outbox: Outbox, stop: asyncio.Event) -> None:
        collector = Collector(outbox, policy=self._policy, zone=self._settings.wall_clock())
        parts: dict[str, Part] = {
            "uplink": lambda stop: self._uplink(outbox, stop),
            "radio": lambda stop: self._radio.run(collector, stop),
            "upkeep": lambda stop: self._upkeep(collector, stop),
        }
        if (identity := self._identity) is not None:
            parts["renewal"] = lambda stop: renewal.watch(identity, self._remote.reconnect, stop)
        parts |= {name: partial(part, collector) for name, part in self.beside.items()}
        _log.info("gateway %s serves; %d readings wait", self._gateway, outbox.counts().unsettled)
        try:
            async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
                for name, part in parts.items():
                    group.create_task(_supervised(name, part, stop), name=name)
                await stop.wait()
                limit.reschedule(asyncio.get_running_loop().time() + _GRACE)
        except TimeoutError:
            _log.warning("a part did not end in %.0f s and was cut off", _GRACE)

    async def _uplink(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """One uplink after another: a new one whenever settings or certificate are others."""
        steward = Steward(self._radio, Meters(outbox.disk), self._remote, self.correspondents)
        while not stop.is_set():
            try:
                now = self._remote.in_force()
                uplink = Uplink(self._gateway, now.broker or self._broker, outbox, now.settings, steering=steward)
            except ConfigurationError:
                if not self._remote.on_trial:
                    raise
                self._remote.take_back(Why.INVALID)
                continue
            outbox.limits = now.settings.limits()
            self._settings = now.settings
            await uplink.run(stop)

    async def _upkeep(self, collector: Collector, stop: asyncio.Event) -> None:
        """Interpret what a crash or a full disk left in the journal, and forget what is long stored."""
        while not stop.is_set():
            try:
                if found := collector.interpret_leftovers():
                    _log.info("%d readings out of the journal", found)
                await self._forget(collector, datetime.now(UTC))
                collector.outbox.need_room()
                self._disk.well(f"{self._path} can be written")
            except OutboxFull as full:
                self._disk.trouble("full", str(full))
            await _pause(stop, _UPKEEP)

    async def _forget(self, collector: Collector, now: datetime) -> None:
        """Prune what is long stored; when room is short, all that is stored: the server has it."""
        kept = (self._settings.keep_stored_hours, self._settings.keep_journal_hours)
        stored, journalled = kept if collector.outbox.has_room() else (0.0, 0.0)
        while collector.outbox.prune(now - timedelta(hours=stored)):
            await asyncio.sleep(0)  # a lot at a time: packets come in between
        while collector.journal.prune(now - timedelta(hours=journalled)):
            await asyncio.sleep(0)


async def _supervised(name: str, part: Part, stop: asyncio.Event) -> None:
    """Runs a part until it returns, again after a failure. A wrong configuration is left to a person."""
    while not stop.is_set():
        try:
            await part(stop)
        except (OutboxDamaged, ConfigurationError):
            raise
        except Exception:  # noqa: BLE001 the process's one supervisor: one part's bug must not stop the others
            _log.exception("%s failed, again in %.0f s", name, _RETRY)
            await _pause(stop, _RETRY)
        else:
            return


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
