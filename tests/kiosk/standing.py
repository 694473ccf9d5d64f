"""A kiosk that stands: its page over real HTTP, a real outbox, instruments at the other end of their wires."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from devices.gatt.blood_pressure import BloodPressure
from devices.ieee11073 import DateTime, Quantity, Special
from gateway.collector import Collector
from gateway.kiosk.assembly import listen
from gateway.kiosk.names import Step
from gateway.kiosk.part import Companion, KioskPart
from gateway.kiosk.settings import KioskSettings
from gateway.passkey_desk import PasskeyDesk
from tests.gateway.made import ZONE, outbox
from tests.kiosk.made import POLICY, SETTINGS, Clock
from tests.kiosk.test_identity import KEY

CUFF = "A4:C1:38:00:00:01"
CUFF_BY_RADIO = {"measures": "blood_pressure", "by": "radio", "device": CUFF}


@dataclass(slots=True)
class Standing:
    """The kiosk, seen from its page and from its outbox."""

    page: httpx2.AsyncClient
    collector: Collector
    clock: Clock
    part: KioskPart
    stop: asyncio.Event

    async def state(self) -> dict[str, Any]:
        """What the page shows."""
        return _json(await self.page.get("/api/state"))

    async def act(self, action: str, *, at: Step | None = None, **about: Any) -> dict[str, Any]:
        """Tap; fails when it does not fit. `at`: the step the page showed, by default the present one."""
        step = at or self.part.intake.kiosk.visit.step
        answer = await self.page.post("/api/act", json={"action": action, "step": step, **about})
        assert answer.status_code == 200, answer.text
        return _json(answer)

    async def refused(self, action: str, *, at: Step | None = None, **about: Any) -> None:
        """Tap, and be told that it does not fit."""
        step = at or self.part.intake.kiosk.visit.step
        answer = await self.page.post("/api/act", json={"action": action, "step": step, **about})
        assert answer.status_code == 409, answer.text

    async def reaches(self, step: Step) -> dict[str, Any]:
        """Wait until the visit is there, for a bounded time."""
        async with asyncio.timeout(15):
            while (state := await self.state())["step"] != step:
                await asyncio.sleep(0.02)
        return state

    async def waits(self, seconds: float, step: Step) -> dict[str, Any]:
        """Let time pass, until the kiosk has noticed."""
        self.clock.advance(seconds)
        return await self.reaches(step)

    async def begins(self, *measurements: str, symptoms: Sequence[str] = ()) -> dict[str, Any]:
        """A guest chooses, and answers the question about symptoms."""
        await self.act("begin")
        await self.act("guest")
        await self.act("choose", measurements=measurements)
        return await self.act("answer", choices=symptoms)

    def cuff_sends(self, *pressures: tuple[int, int], stamp: datetime | None = None) -> None:
        """The cuff meets the gateway's radio with these readings, stamped now unless said otherwise."""
        visit = self.collector.open(CUFF)
        visit.clock(self._local(), self.clock())
        for systolic, diastolic in pressures:
            visit.packet("2A35", cuff_packet(systolic, diastolic, stamp or self._local()), self.clock())
        visit.close()

    def items(self) -> list[dict[str, Any]]:
        """What waits in the outbox for the server, oldest first."""
        return [json.loads(waiting.item) for waiting in self.collector.outbox.waiting(500, 0.0)]

    def _local(self) -> datetime:
        return self.clock().astimezone(ZONE).replace(tzinfo=None)


def cuff_packet(systolic: int, diastolic: int, stamp: datetime) -> bytes:
    """A 2A35 packet."""
    return BloodPressure(
        systolic=Quantity(systolic, 0),
        diastolic=Quantity(diastolic, 0),
        mean_arterial=Special.NAN,
        time=DateTime.of(stamp.replace(microsecond=0)),
        pulse=Quantity(71, 0),
    ).encode()


def settings(**changed: Any) -> KioskSettings:
    """The shipped settings with some changed."""
    return KioskSettings.model_validate(SETTINGS.model_dump() | changed)


@asynccontextmanager
async def standing(
    folder: Path,
    *,
    clock: Clock | None = None,
    key: bytes = KEY,
    companions: Sequence[Companion] = (),
    hurry: float = 1,
    passkeys: PasskeyDesk | None = None,
    **changed: Any,
) -> AsyncIterator[Standing]:
    """A kiosk in that folder, running."""
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "pseudonym.key").write_bytes(base64.b64encode(key))
    clock = clock or Clock()
    with listen("127.0.0.1", 0) as listener:
        box = outbox(folder)
        collector = Collector(box, policy=POLICY, zone=ZONE)
        part = KioskPart(
            "gw-0001",
            settings(**({"instruments": (CUFF_BY_RADIO,)} | changed)),
            listener,
            folder=folder,
            zone=ZONE,
            policy=POLICY,
            hurry=hurry,
            companions=companions,
            passkeys=passkeys,
            now=clock,
        )
        stop = asyncio.Event()
        running = asyncio.create_task(part.run(collector, stop))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx2.AsyncClient(base_url=address, timeout=10) as page:
            try:
                yield Standing(page, collector, clock, part, stop)
            finally:
                stop.set()
                await asyncio.wait_for(running, 5)
                box.close()


def _json(answer: httpx2.Response) -> dict[str, Any]:
    content: dict[str, Any] = answer.json()
    return content
