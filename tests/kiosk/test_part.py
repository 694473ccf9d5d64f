"""The kiosk as a part of the gateway: optional, started again with it, gone in time, working without any server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.edge import Edge
from gateway.kiosk.assembly import listen
from gateway.kiosk.part import KioskPart
from gateway.outbox import Outbox
from maixun.configuration import ConfigurationError
from maixun.runtime.service import free_port
from tests.gateway.edge_process import ScriptedRadio
from tests.gateway.made import POLICY as GATEWAY_POLICY
from tests.gateway.made import ZONE
from tests.gateway.made import settings as gateway_settings
from tests.gateway.server import Server
from tests.kiosk.made import Clock
from tests.kiosk.standing import settings
from tests.kiosk.test_id_card import until

HEAVY = ("fastapi", "starlette", "uvicorn", "serial", "escpos", "segno", "PIL", "gateway.kiosk")


def test_a_gateway_without_a_kiosk_loads_nothing_of_it() -> None:
    program = f"import sys, maixun.commands.gateway; print([name for name in {HEAVY} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"


def test_only_the_kiosk_knows_the_kiosk() -> None:
    edge = [path for path in Path("gateway").rglob("*.py") if "kiosk" not in path.parts]
    assert [path for path in edge if "gateway.kiosk" in path.read_text(encoding="utf-8")] == []


def test_a_taken_port_is_said_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(ConfigurationError, match="--kiosk-port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_what_the_page_connects_to_sends_at_once() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def act(page: httpx2.AsyncClient, step: str, action: str, **about: Any) -> dict[str, Any]:
    answer = await page.post("/api/act", json={"step": step, "action": action, **about})
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


async def measures_a_waist(page: httpx2.AsyncClient, step: str = "idle") -> dict[str, Any]:
    """A guest's shortest visit, up to its result."""
    if step == "idle":
        await act(page, "idle", "begin")
        await act(page, "identify", "guest")
        await act(page, "choose", "choose", measurements=["waist"])
        await act(page, "ask", "answer", choices=[])
        await act(page, "ask", "answer", choices=["female"])
    return await act(page, "ask", "answer", number=80)


class Station:
    """A gateway with a kiosk, in this process."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.path = folder / "outbox.sqlite3"
        self.listener = listen("127.0.0.1", 0)
        self.edge = Edge("gw-k", ScriptedRadio(0, 0), broker, self.path, gateway_settings(), GATEWAY_POLICY)
        part = KioskPart(
            "gw-k",
            settings(instruments=()),
            self.listener,
            folder=folder,
            zone=ZONE,
            policy=GATEWAY_POLICY,
            now=Clock(),
        )
        self.intake = part.intake
        self.edge.beside["kiosk"] = part.run
        self.stop = asyncio.Event()
        self.running = asyncio.create_task(self.edge.run(self.stop))

    @property
    def page(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.listener.getsockname()[1]}", timeout=10)

    async def ends(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.running, 5)
        self.listener.close()


async def test_the_whole_visit_without_a_server_and_its_readings_arrive_once_when_there_is_one(
    tmp_path: Path, broker: str
) -> None:
    away = Station(tmp_path, f"mqtt://127.0.0.1:{free_port()}")
    async with away.page as page:
        assert (await measures_a_waist(page))["step"] == "result"
    await away.ends()
    with Server(broker, "gw-k") as server:
        back = Station(tmp_path, broker)
        assert await asyncio.to_thread(server.wait, lambda: len(server.came) == 2)
        await back.ends()
        assert len(set(server.came)) == len(server.came) == 2


async def test_a_damaged_outbox_is_recovered_and_the_visit_goes_on(tmp_path: Path, broker: str) -> None:
    station = Station(tmp_path, broker)
    async with station.page as page:
        await until(lambda: station.path.exists())
        real_put = Outbox.put
        with pytest.MonkeyPatch.context() as patch:

            def damaged(outbox: Outbox, entries: Any) -> int:
                if any(entry.values.get("waist") for entry in entries) and not tmp_path.joinpath("hit").exists():
                    tmp_path.joinpath("hit").touch()
                    from gateway.outbox import OutboxDamaged

                    raise OutboxDamaged("a sector is gone")
                return real_put(outbox, entries)

            patch.setattr(Outbox, "put", damaged)
            state = await measures_a_waist(page)
            assert (state["step"], state["notice"]) == ("ask", "not_stored")
    async with asyncio.timeout(15):
        while True:
            try:
                async with station.page as page:
                    state = await measures_a_waist(page, "ask")
            except httpx2.TransportError:
                continue
            if state["step"] == "result":
                break
            await asyncio.sleep(0.05)
    await station.ends()


async def test_an_open_stream_does_not_hold_up_the_end(tmp_path: Path) -> None:
    station = Station(tmp_path, f"mqtt://127.0.0.1:{free_port()}")
    async with station.page as page, page.stream("GET", "/api/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: state"
        await station.ends()


def test_the_process_serves_the_page_and_stops_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "maixun", "gateway", "--id", "gw-0001", "--radio", "simulated"]
    command += ["--residents", "60", "--kiosk", "--kiosk-port", str(port)]
    nowhere = {"MAIXUN_RUNTIME": str(tmp_path), "MAIXUN_BROKER": f"mqtt://127.0.0.1:{free_port()}"}
    with subprocess.Popen(command, env=os.environ | nowhere, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            line = next(line for line in running.stderr if "the kiosk's page is at" in line)
            assert str(port) in line
            offers = {"blood_pressure", "oximetry", "temperature", "body", "waist", "glucose", "lipids"}
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as page:
                page.post("/api/act", json={"step": "idle", "action": "begin"})
                state = page.post("/api/act", json={"step": "identify", "action": "guest"}).json()
            assert {offer["measurement"] for offer in state["choose"]["offers"]} == offers
            running.send_signal(signal.SIGTERM)
            assert running.wait(5) == 0
        finally:
            running.kill()
