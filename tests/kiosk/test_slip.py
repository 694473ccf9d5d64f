"""The slip on real printers' ends and the phone's page: masked, in the encoding asked for, open for a short time."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.kiosk import app, card
from gateway.kiosk.names import Language, Measurement, Step
from gateway.kiosk.outcome import Outcome
from gateway.kiosk.results import Teller
from gateway.kiosk.settings import FilePrinter
from gateway.kiosk.slip import PrinterFailed, Slip, lines, send
from maixun.runtime.service import free_port
from tests.kiosk.made import CATALOGUE, RULES, SOMEBODY, pressure
from tests.kiosk.standing import Standing, standing

JUDGED = Teller(RULES, CATALOGUE).tell(Outcome(measurement=Measurement.BLOOD_PRESSURE, takes=(pressure(142, 85),)))
SLIP = Slip(
    judged=JUDGED,
    who="李*国",
    at=datetime(2026, 11, 21, 16, 5, tzinfo=UTC),
    language=Language.ZH,
    url="http://192.168.1.20:8090/r/abc",
    minutes=15,
)


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8"])
def test_the_printer_gets_its_own_encoding_and_a_qr(tmp_path: Path, encoding: str) -> None:
    device = tmp_path / "lp0"
    send(SLIP, FilePrinter(kind="file", path=device), encoding)
    printed = device.read_bytes()
    for said in ("李*国", "血压 142/85 mmHg [偏高]", "2026-11-21 16:05", "两周内去看家庭医生", "无人值守诊室血压标准"):
        assert said.encode(encoding) in printed
    assert SLIP.url is not None
    assert SLIP.url.encode() in printed
    assert (b"\x1c&" in printed) is (encoding != "utf-8"), "double-byte characters are switched on"
    assert b"\x1dV" in printed, "it is cut"


def test_in_english_and_for_a_guest_without_a_name_or_a_page() -> None:
    text = "\n".join(lines(Slip(judged=JUDGED, who="", at=SLIP.at, language=Language.EN, url=None, minutes=15)))
    assert "Blood pressure 142/85 mmHg [High]" in text
    assert "Name" not in text
    assert not re.search(r"[一-鿿]", text)


def test_a_printer_that_is_off_says_so(tmp_path: Path) -> None:
    with pytest.raises(PrinterFailed, match="paper and power"):
        send(SLIP, FilePrinter(kind="file", path=tmp_path / "no" / "lp0"), "gbk")


async def to_the_slip(kiosk: Standing) -> dict[str, Any]:
    await kiosk.act("scan", code=card.encode(SOMEBODY))
    await kiosk.act("choose", measurements=["waist"])
    await kiosk.act("answer", choices=[])
    await kiosk.act("answer", choices=["male"])
    await kiosk.act("answer", number=93)
    return await kiosk.act("next")


async def prints(kiosk: Standing, outcome: str) -> None:
    async with asyncio.timeout(15):
        while (await kiosk.state())["slip"]["printing"] != outcome:
            await asyncio.sleep(0.02)


async def test_a_slip_is_printed_on_the_network_when_it_is_asked_for(tmp_path: Path) -> None:
    printed: list[bytes] = []

    async def printer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        printed.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(printer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    device = {"kind": "network", "address": "127.0.0.1", "port": port}
    async with server, standing(tmp_path, printer=device) as kiosk:
        assert (await to_the_slip(kiosk))["slip"]["printing"] == "ready"
        await kiosk.act("print")
        await prints(kiosk, "printed")
        await kiosk.act("finish")
    assert "腰围 93.0 cm [偏大]".encode("gb18030") in printed[0]


async def test_without_paper_the_person_is_told_and_can_try_again(tmp_path: Path) -> None:
    device = {"kind": "network", "address": "127.0.0.1", "port": free_port()}
    async with standing(tmp_path, printer=device) as kiosk:
        await to_the_slip(kiosk)
        await kiosk.act("print")
        await prints(kiosk, "failed")
        assert "print" in (await kiosk.state())["actions"]


async def test_without_a_printer_none_is_offered(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        state = await to_the_slip(kiosk)
        assert (state["slip"]["printing"], "print" in state["actions"]) == ("off", False)
        assert (state["slip"]["url"], state["slip"]["qr"]) == (None, None)


async def test_ones_own_page_is_open_for_a_quarter_of_an_hour_and_names_nobody(tmp_path: Path) -> None:
    async with standing(tmp_path, phones_url="http://192.168.1.20:8090") as kiosk:
        slip = (await to_the_slip(kiosk))["slip"]
        path = slip["url"].removeprefix("http://192.168.1.20:8090")
        assert slip["qr"].startswith("<svg")
        page = (await kiosk.page.get(f"{path}/data")).json()
        assert [each["name"] for each in page["judged"]] == ["waist"]
        assert str(SOMEBODY) not in str(page)
        await kiosk.act("finish")
        await kiosk.waits(6, Step.IDLE)
        assert (await kiosk.page.get(f"{path}/data")).status_code == 200, "it outlives the visit"
        kiosk.clock.advance(15 * 60)
        assert (await kiosk.page.get(f"{path}/data")).status_code == 404
        assert (await kiosk.page.get(path)).status_code == 404
        assert (await kiosk.page.get("/r/guessed/data")).status_code == 404


async def test_from_elsewhere_only_phones_pages_and_pushes_are_reached() -> None:
    reached: list[str] = []

    async def behind(scope: Any, _receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    statuses: dict[tuple[str, str], int] = {}
    for client in ("192.168.1.33", "127.0.0.1", "::1"):
        for path in (
            "/api/state",
            "/api/events",
            "/",
            "/r/x",
            "/r/x/data",
            "/phone/result.css",
            "/instruments/example",
        ):

            async def send(message: Any, key: tuple[str, str] = (client, path)) -> None:
                if message["type"] == "http.response.start":
                    statuses[key] = message["status"]

            async def receive() -> Any:
                return {"type": "http.request", "body": b""}

            scope: dict[str, Any] = {
                "type": "http",
                "path": path,
                "client": (client, 1),
                "method": "GET",
                "headers": [],
            }
            await app.Gate(behind)(scope, receive, send)
    refused = {path for (client, path), status in statuses.items() if status == 403}
    assert refused == {"/api/state", "/api/events", "/"}
    assert all(status == 200 for (client, _), status in statuses.items() if client != "192.168.1.33")
