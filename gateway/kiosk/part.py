"""The kiosk as one of the gateway's parts, run beside radio and uplink: its clock, its page, its instruments."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeAlias

import uvicorn

from devices.clock import ClockPolicy
from devices.metrics import Catalogue, parse
from gateway.collector import Collector
from gateway.kiosk import assembly
from gateway.kiosk.app import create_app
from gateway.kiosk.card_reader import CardReader
from gateway.kiosk.desk import Desk
from gateway.kiosk.instruments import Driver
from gateway.kiosk.intake import Intake
from gateway.kiosk.known_people import KnownPeople
from gateway.kiosk.line_driver import LineDriver
from gateway.kiosk.names import Measurement, Step
from gateway.kiosk.serial_instrument import SerialInstrument
from gateway.kiosk.settings import KioskSettings, RadioInstrument
from gateway.kiosk.settings import SerialInstrument as SerialSettings
from gateway.kiosk.view import Notice
from gateway.passkey_desk import PasskeyDesk
from maixun import configuration

_log = logging.getLogger(__name__)
_TICK = 0.25  # seconds between looks at the visit's clock
_GRACE = 1  # seconds for requests under way when the gateway stops; the streams are ended first

DRIVERS: Mapping[str, Callable[[str, Measurement, Catalogue], Driver]] = {"line": LineDriver}
Companion: TypeAlias = Callable[[Intake, Collector], Coroutine[Any, Any, None]]  # runs beside: simulated instruments


class KioskPart:
    """One kiosk with its HTTP server and its instruments."""

    def __init__(
        self,
        gateway: str,
        settings: KioskSettings,
        listener: socket.socket,
        *,
        folder: Path,
        zone: tzinfo,
        policy: ClockPolicy,
        hurry: float = 1,
        companions: Sequence[Companion] = (),
        passkeys: PasskeyDesk | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`folder`: the runtime folder with keys and clips. `hurry`: how much shorter rests are, for demonstrations.

        `passkeys`: where the gateway's radio asks for the codes that meters show.

        Raises `ConfigurationError`.
        """
        self._settings = settings
        self._listener = listener
        self._companions = companions
        self._now = now
        self._catalogue = parse(configuration.load("metrics.yaml"))
        self.known = KnownPeople(folder / settings.known_people_file, now=now)
        kiosk = assembly.kiosk(settings, folder, self._catalogue, self.known, hurry=hurry, now=now)
        slack = timedelta(seconds=settings.clock_slack_seconds)
        heard = {each.device: each.measures for each in settings.instruments if isinstance(each, RadioInstrument)}
        self.intake = Intake(kiosk, heard, self._catalogue, zone=zone, policy=policy, slack=slack)
        typed_device = settings.typed_device or f"kiosk:{gateway}"
        desk = Desk(self.intake, self._catalogue, settings, typed_device=typed_device, zone=zone)
        self._app = create_app(
            desk,
            self.intake,
            assembly.pushes(settings, folder),
            self._catalogue,
            window=timedelta(seconds=settings.push_window_seconds),
            clips=folder / "clips",
            passkeys=passkeys or PasskeyDesk(),
        )

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Serve until `stop`. Raises `OutboxDamaged` when the collector's outbox has to be recovered."""
        collector.audience = self.intake
        damaged = self.intake.attach(collector.outbox)
        server = _Server(
            uvicorn.Config(
                self._app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=_GRACE,
                log_level="warning",
            )
        )
        serving = asyncio.create_task(server.serve([self._listener.dup()]))
        stopping = asyncio.create_task(stop.wait())
        beside = asyncio.gather(*self._beside(collector))
        waited: list[asyncio.Future[Any]] = [damaged, serving, stopping, beside]
        _log.info("the kiosk's page is at http://%s:%d/", *self._listener.getsockname()[:2])
        try:
            done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            self.intake.kiosk.feed.close()  # the server would wait for open streams
            server.should_exit = True
            for each in (damaged, stopping, beside):
                each.cancel()
            await asyncio.gather(*waited, return_exceptions=True)

    def _beside(self, collector: Collector) -> Iterator[Coroutine[Any, Any, None]]:
        """What runs as long as the kiosk does."""
        yield self._tick()
        yield from self._serial_instruments()
        yield from (companion(self.intake, collector) for companion in self._companions)
        kiosk, reader = self.intake.kiosk, self._settings.id_card
        if reader is not None:
            yield CardReader(
                reader.port,
                reader.baud,
                wanted=lambda: kiosk.visit.step in (Step.IDLE, Step.IDENTIFY),
                found=kiosk.id_card,
                unreadable=lambda: kiosk.notice(Notice.CARD_UNREADABLE),
            ).run()

    def _serial_instruments(self) -> Iterator[Coroutine[Any, Any, None]]:
        for each in self._settings.instruments:
            if isinstance(each, SerialSettings):
                driver = DRIVERS[each.driver](each.device, each.measures, self._catalogue)
                yield SerialInstrument(each.port, each.baud, driver, self.intake.take_in, now=self._now).run()

    async def _tick(self) -> None:
        while True:
            self.intake.kiosk.tick()
            await asyncio.sleep(_TICK)


class _Server(uvicorn.Server):
    """A server within somebody else's process, who handles the signals."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone."""
        yield
