"""Captured packets through the whole line: each accounted for, none new a second time, one released to its person."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, expect

from tests.api.world import PASSWORD
from tests.devices import vectors
from tests.journeys.town import Town

FILE = Path(vectors.__file__).with_name("ble_vectors.json")
GATEWAY = "replay-journey"
NO_READING = ("no reading", None)
_LINE = re.compile(r" *(\d+)  (\S+) +(\S+) +(no reading|no receipt|[a-z]+) *(\w+)?")


class Told(NamedTuple):
    """A line of the printed table."""

    number: int
    device: str
    characteristic: str
    fate: tuple[str, str | None]


def test_captures_are_accounted_for_once_and_one_is_released_to_its_person(town: Town, page: Page) -> None:
    table = replayed(town)
    entries = json.loads(FILE.read_text())
    packets = {number for number, entry in enumerate(entries, 1) if entry["uuid"] not in ("sfloat", "float32")}
    assert {told.number for told in table} == packets
    assert len(table) == len(packets)
    fates = Counter(told.fate for told in table if told.fate != NO_READING)
    assert all(outcome in ("quarantined", "rejected") for outcome, _ in fates)  # nobody has registered these meters
    assert ledger(town) == fates

    assert replayed(town) == table
    assert ledger(town) == fates

    # A scale without a clock: its reading is as old as the file, whenever this test is run.
    scale = next(told for told in table if told.characteristic == "2A9C" and told.fate[1] == "unknown_device")
    resident_id = town.world.resident("周建军", "dr.wang", "青河卫生站")
    released_on_the_page(town, page, scale, resident_id)
    left = fates - Counter([("quarantined", "unknown_device")]) + Counter([("accepted", None)])
    assert ledger(town) == left
    ((raw, gateway),) = town.rows(
        "select raw, gateway from telemetry.reading join telemetry.ledger using (reading_id) where resident_id = %s",
        resident_id,
    )
    assert (raw, gateway) == (f"2A9C:{entries[scale.number - 1]['hex'].lower()}", GATEWAY)

    assert [told.fate for told in replayed(town) if told.number == scale.number] == [("accepted", None)]
    assert ledger(town) == left


def replayed(town: Town) -> list[Told]:
    """Replay the file as a person would, and read the table."""
    environment = os.environ | {"MAIXUN_BROKER": town.line.mosquitto.url, "MAIXUN_RUNTIME": str(town.line.folder)}
    command = [sys.executable, "-m", "maixun", "replay-packets", str(FILE), "--gateway", GATEWAY]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    table, _, summary = done.stdout.partition("\n\n")
    told = [_told(line) for line in table.splitlines()]
    assert summary.startswith(f"{len(told)} packets:")
    return told


def _told(line: str) -> Told:
    match = _LINE.fullmatch(line)
    assert match, line
    number, device, characteristic, outcome, reason = match.groups()
    return Told(int(number), device, characteristic, (outcome, reason))


def ledger(town: Town) -> Counter[tuple[str, str | None]]:
    """What the database says became of what this gateway sent."""
    query = "select outcome::text, reason from telemetry.ledger where gateway = %s"
    return Counter((outcome, reason) for outcome, reason in town.rows(query, GATEWAY))


def released_on_the_page(town: Town, page: Page, told: Told, resident_id: int) -> None:
    """The held list shows it; judged anew it stays while nobody has the meter, and goes once somebody has."""
    page.set_default_timeout(20_000)
    page.goto(f"{town.address}/sign-in?next=/held")
    page.fill("#login", "admin")
    page.fill("#password", PASSWORD)
    page.click("main button.primary")
    page.goto(f"{town.address}/held?reason=unknown_device")
    row = page.locator("table.held tbody tr").filter(has=page.get_by_text(told.device, exact=True))
    expect(row).to_have_count(1)
    expect(row).to_contain_text("2A9C:")
    row.get_by_role("button", name="核对").click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("button", name="重新判断").click()
    expect(dialog.get_by_role("status")).to_contain_text("仍不能放行")
    town.world.meter(told.device, resident_id, "青河卫生站")
    dialog.get_by_role("button", name="重新判断").click()
    expect(dialog.locator("#dialog-title")).to_have_text("已放行")
    page.goto(f"{town.address}/held?reason=unknown_device")
    expect(page.get_by_text(told.device, exact=True)).to_have_count(0)
