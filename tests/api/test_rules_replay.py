"""Trying rules out on the page: who may, whom they see, what is checked, and that pages go on meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
import yaml
from fastapi.testclient import TestClient
from httpx2 import Response

from api.rules_replay import STATES
from ingest.alerting import kept_replays
from maixun.configuration import folder
from tests.api.conftest import SignIn
from tests.api.world import World

STRETCH = {"first": "2026-11-20", "until": "2026-11-28"}
PATIENCE = 60  # seconds; a bound on waiting for another process, never a measure


def candidate(limit: float = 15.0) -> bytes:
    """The glucose rules with another limit for what is urgent."""
    document = yaml.safe_load((folder() / "rules/glucose.yaml").read_text(encoding="utf-8"))
    rule = next(each for each in document["rules"] if each["name"] == "glucose_high")
    rule["levels"][0]["limits"]["glucose"] = limit
    return yaml.safe_dump(document, allow_unicode=True).encode()


def history(world: World) -> None:
    """Both residents are at 14.5 twice in two minutes."""
    for name in world.residents:
        for minutes in (0, 2):
            world.measured(name, at=world.clock() + timedelta(minutes=minutes), glucose=14.5)


def asked(desk: TestClient, rules: bytes | None = None, name: str = "glucose.yaml") -> Response:
    files = {"rules_file": (name, rules, "application/yaml")} if rules is not None else None
    return desk.post("/rules/replay", data=STRETCH, files=files, follow_redirects=False)


def ended(desk: TestClient, address: str) -> str:
    """The result's page once it is there."""
    wait_until(lambda: desk.get(f"{address}/progress").status_code == 204)
    return desk.get(address).text


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it never came to pass"
        time.sleep(0.1)


def test_a_station_lead_sees_who_of_the_own_station_would_differ(world: World, as_: SignIn) -> None:
    history(world)
    lead = as_("lead.qinghe")
    answer = asked(lead, candidate())
    assert answer.status_code == 303
    page = ended(lead, answer.headers["location"])
    assert "1 位居民，2 次测量" in page
    assert "1 位居民的提醒会不同" in page
    assert "王秀英" in page
    assert "李建国" not in page
    assert "高血糖（2级） 1→0" in page
    assert "rules[glucose_high].levels[1].limits.glucose" in page
    assert world.one("select count(*) from care.episode") == 0
    actions = "select array_agg(distinct action order by action) from care.audit where action like 'rules.%%'"
    assert world.one(actions) == ["rules.replay", "rules.replay.view"]
    assert "glucose.yaml" in lead.get("/rules/replay").text


def test_an_administrator_sees_all_stations_and_no_resident(world: World, as_: SignIn) -> None:
    history(world)
    admin = as_("admin")
    address = asked(admin, candidate()).headers["location"]
    page = ended(admin, address)
    assert "2 位居民的提醒会不同" in page
    report = admin.get(f"/api/v1{address.replace('/replay/', '/replays/')}").json()["report"]
    for text in (page, str(report)):
        assert "王秀英" not in text
        assert not re.search(r"/residents/\d|'resident_id': \d", text)
    assert {one["token"] for one in report["differ"]} == {
        str(token) for token in world.one("select array_agg(token) from care.resident")
    }
    number = address.rpartition("/")[2]
    assert as_("lead.qinghe").get(f"/rules/replay/{number}").status_code == 404  # it is not of that station alone


@pytest.mark.parametrize("login", ["dr.wang", "tech", "cdc"])
def test_nobody_else_may(login: str, as_: SignIn) -> None:
    desk = as_(login)
    assert desk.get("/rules/replay").status_code == 403
    assert asked(desk).status_code == 403
    assert desk.get("/api/v1/rules/replays/1").status_code == 403


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (b"kind: [", "not YAML"),
        (b"kind: mood", "Field required"),
        (candidate().replace(b"decimals", b"decimal"), "decimal"),
        (candidate(-1).replace(b"glucose: -1", b"glucose: high"), "valid number"),
        ("kind: 血糖".encode("gb18030"), "UTF-8"),
        (b"#" * 300_000, "太大"),
    ],
)
def test_a_wrong_candidate_is_answered_with_what_is_wrong(rules: bytes, says: str, world: World, as_: SignIn) -> None:
    answer = asked(as_("lead.qinghe"), rules)
    assert answer.status_code == 422
    assert says in answer.text
    assert "http" not in re.sub(r".*role=.alert.>|</pre>.*", "", answer.text, flags=re.DOTALL)
    assert 'value="2026-11-20"' in answer.text
    assert world.one("select count(*) from care.rule_replay") == 0


def test_one_replay_at_a_time_and_one_whose_process_is_gone_blocks_nobody(world: World, as_: SignIn) -> None:
    lead = as_("lead.qinghe")
    wish = kept_replays.Wish(
        first_day=world.clock().date(), until_day=world.clock().date() + timedelta(days=1), station_id=None
    )
    lost = kept_replays.ask(world.connection, wish, asked_by=world.staff["admin"], now=world.clock())
    busy = asked(lead)
    assert busy.status_code == 409
    assert "另一次试算正在进行" in busy.text
    world.connection.execute("update care.rule_replay set seen_at = seen_at - interval '2 minutes'")
    assert "试算没有完成" in as_("admin").get(f"/rules/replay/{lost}").text
    answer = asked(lead)
    assert answer.status_code == 303
    assert "没有预警" in ended(lead, answer.headers["location"])
    assert world.one("select array_agg(state order by replay_id) from care.rule_replay") == ["failed", "done"]


def test_pages_are_answered_while_it_runs(database: str, as_: SignIn) -> None:
    """The work is in another process; this one only asks how far it is."""
    lead = as_("lead.qinghe")
    with psycopg.connect(database) as other:
        other.execute("lock table care.resident in access exclusive mode")  # the replay waits for its people
        address = asked(lead).headers["location"]
        shown = lead.get(address).text
        assert 'hx-trigger="every 1s"' in shown
        assert "正在准备" in lead.get(f"{address}/progress").text
        other.rollback()
    assert "没有预警" in ended(lead, address)


def test_the_work_can_only_be_found_by_its_number(world: World, database: str) -> None:
    assert world.one("select count(*) from care.rule_replay") == 0
    with pytest.raises(LookupError):
        kept_replays.work(database, 7)


def test_every_state_has_its_words(world: World) -> None:
    allowed = world.one("select pg_get_constraintdef(oid) from pg_constraint where conname = 'rule_replay_state_check'")
    assert set(re.findall(r"'(\w+)'", allowed)) == set(STATES)
