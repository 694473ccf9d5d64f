"""Duty, leave and rings in a real browser: accessible in both languages; a ring appears by itself."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from playwright.sync_api import Page, expect

from ingest.accounts import Role
from ingest.alerting import escalating, incidents, rota_store
from ingest.alerting.channels import settings as channels
from ingest.alerting.channels.worker import Post
from ingest.alerting.escalating import Means
from ingest.alerting.incident import Subject, Trouble
from ingest.alerting.policy import EscalationSettings
from ingest.alerting.rota_store import NewDuty, NewLeave
from ingest.identity import load_key
from maixun.configuration import settings
from tests.api.world import World
from tests.journeys.test_pages import address, check, enter, world

__all__ = ["address", "world"]  # its county and its server
POLICY, CHANNELS = settings(EscalationSettings, "escalation"), channels.read()


def on_duty(world: World, staff: int) -> None:
    now = world.clock()
    duty = NewDuty(
        station_id=world.stations["青河卫生站"],
        staff_id=staff,
        line=1,
        starts_at=now - timedelta(hours=30),
        ends_at=now + timedelta(hours=30),
    )
    rota_store.enter_duty(world.connection, duty, by=staff, now=now)


def ring(world: World) -> None:
    """What `maixun notify` does."""
    escalating.run_once(world.connection, Means(POLICY, CHANNELS.enabled()), world.clock())
    post = Post(
        name="page",
        channel=CHANNELS.channels["page"],
        sender=None,
        settings=CHANNELS,
        escalation=POLICY,
        causes={},
        key=load_key(),
    )
    while post.send_next(world.connection, world.clock):
        pass


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rota_is_accessible_and_fits(language: str, world: World, address: str, page: Page) -> None:
    deputy = world.person("dr.zhao", "赵医生", Role.DOCTOR, "青河卫生站")
    on_duty(world, deputy)
    leave = NewLeave(
        staff_id=world.staff["dr.wang"],
        deputy_id=deputy,
        starts_at=world.clock(),
        ends_at=world.clock() + timedelta(days=2),
    )
    rota_store.enter_leave(world.connection, leave, by=deputy, now=world.clock())
    world.alert("王秀英")
    ring(world)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{address}/language/{language}?next=/sign-in")
    complaints = enter(page, address, "lead.qinghe")
    for path in ("/rota", "/notices"):
        page.goto(address + path)
        check(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{address}/alerts#alert-{world.episode_of('王秀英')}")
    expect(page.locator("#dialog .sends")).to_contain_text("赵医生")
    check(page)
    assert complaints == []


def test_a_deputy_sees_whose_residents_they_are(world: World, address: str, page: Page) -> None:
    deputy = world.person("dr.zhao", "赵医生", Role.DOCTOR, "青河卫生站")
    world.resident("张伟", "dr.zhao", "青河卫生站")
    world.alert("张伟")
    until = world.clock() + timedelta(days=2)
    leave = NewLeave(
        staff_id=world.staff["dr.wang"], deputy_id=deputy, starts_at=world.clock() - timedelta(minutes=1), ends_at=until
    )
    rota_store.enter_leave(world.connection, leave, by=deputy, now=world.clock())
    complaints = enter(page, address, "dr.zhao")
    expect(page.locator(".standing-in")).to_contain_text("您正在代王医生的班，至")
    expect(page.locator(".live.on")).to_be_visible()
    world.alert("王秀英")  # after the page was opened: it comes by the stream
    theirs, own = page.locator("#work tr", has_text="王秀英"), page.locator("#work tr", has_text="张伟")
    expect(theirs.locator(".where")).to_contain_text("王医生")
    expect(own.locator(".where")).to_be_hidden()
    check(page)
    page.goto(f"{address}/work")
    expect(theirs.locator(".where")).to_be_visible()
    assert complaints == []


def test_a_ring_appears_on_the_page_of_whoever_is_told_with_the_alert(world: World, address: str, page: Page) -> None:
    deputy = world.person("dr.zhao", "赵医生", Role.DOCTOR, "青河卫生站")
    enter(page, address, "dr.zhao")
    expect(page.locator(".live.on")).to_be_visible()
    page.goto(f"{address}/alerts")
    expect(page.locator(".live.on")).to_be_visible()
    away = NewLeave(
        staff_id=world.staff["dr.wang"],
        deputy_id=deputy,
        starts_at=world.clock(),
        ends_at=world.clock() + timedelta(days=2),
    )
    on_duty(world, world.staff["dr.wang"])
    rota_store.enter_leave(world.connection, away, by=deputy, now=world.clock())
    world.alert("王秀英")
    ring(world)
    expect(page.locator("#notices a").first).to_contain_text("危急预警待处理 · 青河卫生站")
    expect(page.locator("#rows")).to_contain_text("王秀英")
    page.locator("#notices a").first.click()
    expect(page.locator("#dialog")).to_contain_text("赵医生")


def test_a_technician_is_rung_on_whatever_page_is_open(world: World, address: str, page: Page) -> None:
    page.add_init_script(
        "window.shown = []; window.Notification = class { constructor(title, about) { shown.push(about.body); }"
        " static permission = 'granted'; };"
    )
    complaints = enter(page, address, "tech", lands_on="/held")
    expect(page.locator("#notices")).to_be_hidden()
    for tier, name in ((4, "A4:C1"), (2, "gw-0001")):
        says = {"zh": f"{name} 没有声音", "en": f"{name} is silent"}
        trouble = Trouble(subject=Subject("gateway", name, name), audience="technician", tier=tier, says=says, facts={})
        incidents.settle(world.connection, [trouble], causes=[name], now=world.clock())
        ring(world)
        expect(page.locator("#notices a").first).to_have_text(says["zh"])
    expect(page.locator("#notices")).to_contain_text("另有 1 条新提醒")
    assert page.evaluate("shown") == ["gw-0001 没有声音"]  # what is only tracked stays on the page
    page.locator("#notices a").first.click()
    expect(page.locator("#content")).to_contain_text("gw-0001 没有声音")
    page.locator("article", has_text="gw-0001").get_by_role("button", name="我来处理").click()
    expect(page.locator("article", has_text="gw-0001")).to_contain_text("处理中")
    assert complaints == []


def test_the_listener_is_told_by_the_database(world: World, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as listener:
        listener.execute("listen notice")
        world.alert("王秀英")
        ring(world)
        assert list(listener.notifies(timeout=5, stop_after=1))
