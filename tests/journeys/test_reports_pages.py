"""The quarterly report in a real browser: made, checked, closed, corrected, compared; accessible in both languages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from api.reporting.period import Quarter, local_date
from tests.api.world import PASSWORD, World
from tests.journeys.test_pages import address, check, world
from tests.reporting import published
from tests.reporting.town import Town

__all__ = ["address", "world"]  # its county and its server


def sign_in(page: Page, address: str, login: str) -> None:
    page.context.clear_cookies(name="maixun_session")
    page.goto(f"{address}/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("form.sign-in button")
    page.wait_for_load_state()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_on_its_way(language: str, world: World, address: str, page: Page, tmp_path: Path) -> None:
    town = Town(world.connection, world.stations["青河卫生站"], world.staff["dr.wang"])
    world.connection.execute("update care.staff set region_prefix = '3301' where login = 'cdc'")
    quarter = Quarter.of(local_date(world.clock())).previous
    for number in range(12):  # fewer would be hidden, and so would the correction
        patient = town.patient(token=f"00000000-0000-4000-8000-{number + 1:012}")
        town.visit(patient, f"{quarter.begins} 09:00", "128/80")
    page.goto(f"{address}/language/{language}?next=/sign-in")
    sign_in(page, address, "cdc")
    page.goto(f"{address}/reports")
    check(page)
    page.click("form.begin button")
    expect(page.locator("main p.notice")).to_be_visible()  # nothing of this quarter is published yet
    check(page)
    published.publish(town, world.clock())
    page.reload()
    expect(page.locator("main p.notice")).to_have_count(0)
    check(page)
    for step in ("check", "close"):
        page.locator(f"form:has([name=step][value={step}]) button").click()
    expect(page.locator("h1 .report-state.closed")).to_be_visible()
    report = page.url
    with page.expect_download() as file:
        page.locator("nav.files a").first.click()
    assert file.value.suggested_filename == f"maixun-3301-{quarter}-v1.xlsx"
    for _late in range(12):
        town.visit(town.patient(), f"{quarter.begins} 10:00", "150/95")
    page.goto(f"{address}/reports")
    page.fill("#reason", "补录十二名患者")
    page.click("form.begin button")
    world.clock.move(timedelta(minutes=2))
    published.publish(town, world.clock())
    page.reload()
    expect(page.locator("#changes")).to_be_visible()
    check(page)
    sign_in(page, address, "lead.qinghe")
    ledger = tmp_path / "ledger.csv"
    ledger.write_text("token,counted\n00000000-0000-4000-8000-000000000001,no\n", encoding="utf-8")
    page.goto(f"{report}/reconcile")
    check(page)
    page.select_option("#indicator", "hypertension_control_rate")
    page.set_input_files("#file", ledger)
    page.click("form.begin button")
    expect(page.locator("tbody tr")).to_have_count(12)  # one the ledger denies, eleven it does not know
    check(page)
