"""The staff's page for a meter that shows a code while it bonds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from gateway.passkey_desk import NoCode, PasskeyDesk
from tests.kiosk.hosted import hosted
from tests.kiosk.standing import standing
from tests.kiosk.test_pages import OPTIONS

METER = "A4:C1:38:00:00:01"


async def test_the_question_is_there_until_it_is_answered(tmp_path: Path) -> None:
    desk = PasskeyDesk()
    async with standing(tmp_path, passkeys=desk) as kiosk:
        assert (await kiosk.page.get("/api/meter-code")).json() is None
        asking = asyncio.create_task(desk.ask(METER, "Accu-Chek", 20))
        await asyncio.sleep(0)
        asked = (await kiosk.page.get("/api/meter-code")).json()
        assert (asked["number"], asked["meter"], asked["device"]) == (1, "Accu-Chek", METER)
        assert 10 < asked["seconds"] <= 20
        wrong = await kiosk.page.post("/api/meter-code", json={"number": 1, "code": "12"})
        assert (wrong.status_code, wrong.json()["detail"]) == (422, "the code on the meter has 6 digits")
        right = await kiosk.page.post("/api/meter-code", json={"number": 1, "code": "004711"})
        assert right.status_code == 204
        assert await asking == 4711
        assert (await kiosk.page.get("/api/meter-code")).json() is None
        late = await kiosk.page.post("/api/meter-code", json={"number": 1, "code": "004711"})
        assert late.status_code == 409


async def test_nobody_wants_this_meter(tmp_path: Path) -> None:
    desk = PasskeyDesk()
    async with standing(tmp_path, passkeys=desk) as kiosk:
        asking = asyncio.create_task(desk.ask(METER, "Accu-Chek", 20))
        await asyncio.sleep(0)
        assert (await kiosk.page.post("/api/meter-code", json={"number": 1, "code": None})).status_code == 204
        with pytest.raises(NoCode, match="somebody said no"):
            await asking


def test_the_page_asks_and_takes_the_code(tmp_path: Path, page: Page) -> None:
    desk = PasskeyDesk()
    with hosted(tmp_path, passkeys=desk) as kiosk:
        page.goto(f"{kiosk.address}/meter.html")
        expect(page.locator("#waiting")).to_be_visible()
        assert Axe().run(page, options=OPTIONS).response["violations"] == []
        asking = kiosk.do(lambda _: asyncio.ensure_future(desk.ask(METER, "Accu-Chek", 20)))
        expect(page.locator("#meter")).to_have_text(f"Accu-Chek ({METER})")
        assert Axe().run(page, options=OPTIONS).response["violations"] == []
        page.locator("#code").fill("004711")
        page.locator("#code").press("Enter")
        expect(page.locator("#answer")).to_contain_text("Sent")
        expect(page.locator("#asked")).to_be_hidden()
        assert kiosk.do(lambda _: asking.result()) == 4711
