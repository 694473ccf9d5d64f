"""Follow-ups in a real browser: a visit by keyboard alone; every page accessible in both languages; the print."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from psycopg.types.json import Jsonb

from api.reporting.period import local_date
from api.visit_words import PROGRAMMES
from ingest.followups import dispatcher
from ingest.registry import note_condition
from tests.api.world import World
from tests.ingest.followups.made import RULEBOOK
from tests.journeys.test_every_page import SCREEN, looks_right
from tests.journeys.test_pages import address, check, enter, world

__all__ = ["address", "world"]  # its county and its server
PAGE = re.compile(rb"/Type\s*/Page\b")


def in_care(world: World) -> int:
    """Wang Xiuying under management with a package, just measured at the kiosk and this morning at home."""
    wang = world.residents["王秀英"]
    note_condition(world.connection, wang, "hypertension", managed_from=date(2024, 1, 1))
    signed = local_date(world.clock()) - timedelta(days=100)
    world.connection.execute(
        "insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on)"
        " values (%s, 'chronic', %s, %s, %s)",
        (wang, world.staff["dr.wang"], signed, signed + timedelta(days=365)),
    )
    dispatcher.look(world.connection, RULEBOOK, world.clock())
    world.connection.execute(
        "update care.follow_up set due_on = %s where reason = 'quarterly'",
        (local_date(world.clock()) - timedelta(days=9),),
    )
    world.measured(
        "王秀英", world.clock() - timedelta(minutes=40), systolic=152, diastolic=84, pulse=78, setting="kiosk"
    )
    world.measured("王秀英", world.clock() - timedelta(hours=5), kind="body", weight=62.4)
    return wang


def choose(page: Page, **codes: str) -> None:
    """Tick codes by the space bar."""
    for name, code in codes.items():
        box = page.locator(f"[name={name}][value='{code}']")
        box.focus()
        page.keyboard.press("Space")
        expect(box).to_be_checked()


def fill(page: Page, **texts: str) -> None:
    """Type into fields, leaving each as the tabulator does."""
    for name, text in texts.items():
        page.locator(f"#{name}").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
        page.keyboard.press("Tab")


def origin(page: Page, name: str) -> Locator:
    """What stands under a field about the meter."""
    return page.locator(".field", has=page.locator(f"#{name}")).locator(".origin")


def test_a_visit_is_written_by_keyboard_alone(world: World, address: str, page: Page) -> None:
    in_care(world)
    complaints = enter(page, address, "dr.wang")
    page.goto(f"{address}/followups")
    expect(page.locator("tr[data-task]")).to_contain_text("逾期 9 天")
    page.get_by_role("link", name="填写随访").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/visits/new?**")
    expect(page.locator("#systolic")).to_have_value("152")
    expect(origin(page, "systolic")).to_contain_text("来自设备")
    expect(origin(page, "systolic")).to_contain_text("自测小屋")
    expect(page.locator("#judgement")).to_contain_text("控制不满意")
    expect(page.locator("#weight")).to_have_value("")
    fill(page, height="158")
    page.get_by_role("button", name="采用").focus()  # a value from home is offered, not filled in
    page.keyboard.press("Enter")
    expect(page.locator("#weight")).to_be_focused()
    expect(page.locator("#weight")).to_have_value("62.4")
    expect(origin(page, "weight")).to_contain_text("来自设备")
    expect(page.locator("output#bmi")).to_contain_text("25.0")
    fill(page, weight_target="57")
    expect(page.locator("output#bmi_target")).to_contain_text("22.8")
    fill(page, systolic="148")
    expect(origin(page, "systolic")).to_contain_text("手工改过，设备原值 152")
    expect(page.locator("#judgement")).to_contain_text("控制满意")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notice.bad a").first).to_be_focused()
    check(page)
    assert world.one("select count(*) from care.visit") == 0
    page.keyboard.press("Enter")  # to the first field that is wrong
    choose(page, mode="clinic", symptoms="2", salt="2", psychology="1", compliance="1", adherence="1", adverse="1")
    fill(page, smoking="0", drinking="0", exercise_times="5", exercise_minutes="30")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r".*/visits/\d+$"))
    sheet = page.locator("table.sheet")
    for shown in ("2 头痛头晕", "148 mmHg", "手工改过，设备原值 152", "62.4 kg 目标 57 kg", "25 kg/m²", "1 控制满意"):
        expect(sheet).to_contain_text(shown)
    dispatcher.look(world.connection, RULEBOOK, world.clock())
    page.goto(f"{address}/followups")
    expect(page.locator("tr[data-task]")).to_have_count(0)
    assert [each for each in complaints if "422" not in each] == [], "but for the form that was refused"


def test_a_date_later_than_the_rule_is_said_to_change_nothing(world: World, address: str, page: Page) -> None:
    wang = in_care(world)
    enter(page, address, "dr.wang")
    page.goto(f"{address}/residents/{wang}/visits/new")
    today = local_date(world.clock())
    page.locator("#next_due_on").fill((today + timedelta(days=40)).isoformat())
    page.locator("#next_due_on").blur()
    expect(page.locator("#judgement")).to_contain_text("随访任务仍在")
    page.locator("#next_due_on").fill((today + timedelta(days=7)).isoformat())
    page.locator("#next_due_on").blur()
    expect(page.locator("#judgement")).not_to_contain_text("随访任务仍在")


WRITTEN = """
insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id, systolic,
    diastolic, pulse, weight, height, classification, complete, form, next_due_on, recorded_by, recorded_at)
select nextval('care.visit_number'), 1, resident_id, 'hypertension', %(at)s, 'clinic', doctor_id, station_id, 148, 86,
    72, 61.5, 158, 'uncontrolled', true, %(form)s, %(next)s, doctor_id, %(at)s
from care.resident where resident_id = %(who)s returning visit_id"""
FORM = {
    "symptoms": ["2", "3", "6", "9"],
    "symptoms_other": "夜间醒来两次",
    "weight_target": 58,
    "salt": "2",
    "salt_target": "1",
    "adherence": "2",
    "adverse": "2",
    "adverse_text": "干咳",
    "computed": "uncontrolled",
    "classification_why": "家中血压均值高",
    "medications": [
        {"name": "氨氯地平片", "times": "1", "dose": "5 mg"},
        {"name": "厄贝沙坦氢氯噻嗪片", "times": "1", "dose": "150/12.5 mg"},
        {"name": "阿托伐他汀钙片", "times": "1", "dose": "20 mg"},
    ],
}


def written(world: World, resident: int, days_ago: int) -> int:
    """A visit with most of the form filled in."""
    at = world.clock() - timedelta(days=days_ago)
    values = {"at": at, "form": Jsonb(FORM), "next": at.date() + timedelta(days=14), "who": resident}
    row = world.connection.execute(WRITTEN, values).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_follow_ups_is_accessible_and_fits(language: str, world: World, address: str, page: Page) -> None:
    wang = in_care(world)
    visit = written(world, wang, 30)
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    page.goto(f"{address}/language/{language}?next=/sign-in")
    complaints = enter(page, address, "dr.wang")
    for path in (
        "/followups",
        "/followups?when=later",
        "/followups/packages",
        *(f"/residents/{wang}/visits/new?programme={name}" for name in PROGRAMMES),
        f"/residents/{wang}/visits",
        f"/residents/{wang}/export",
        f"/visits/{visit}",
        f"/visits/{visit}/amend",
        f"/visits/{visit}/print",
    ):
        page.goto(address + path)
        looks_right(page)
    assert complaints == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_four_visits_of_a_year_stand_side_by_side_on_one_page(
    language: str, world: World, address: str, page: Page
) -> None:
    wang = in_care(world)
    world.clock.time = world.clock().replace(month=12, day=20)
    visits = [written(world, wang, days) for days in (330, 240, 150, 60)]
    page.goto(f"{address}/language/{language}?next=/sign-in")
    enter(page, address, "dr.wang")
    page.goto(f"{address}/visits/{visits[-1]}/print")
    expect(page.locator("table.sheet tr").first.locator("td")).to_have_count(4)
    paper = page.pdf(prefer_css_page_size=True)
    assert len(PAGE.findall(paper)) == 1
    page.emulate_media(media="print")
    label = page.locator("table.sheet tr:nth-child(4) th").last.bounding_box()
    assert label, "a label has room beside four visits"
    assert label["width"] > 0.2 * page.evaluate("document.querySelector('.sheet').clientWidth")
