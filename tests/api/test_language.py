"""Both languages everywhere: every text is in the catalogue, and no page mixes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import api
from api import words
from api.language import Language, catalogue
from devices.reading import ClockQuality, Flag, Meal
from ingest.accounts import Role
from ingest.alerting.episodes import Outcome
from ingest.alerting.states import State
from ingest.reason import Reason
from tests.api.conftest import SignIn
from tests.api.messages import used
from tests.api.world import World

HAN = re.compile(r"[\u4e00-\u9fff]")
PLACE = re.compile(r"%\(\w+\)s|\{\w\}")
API = Path(api.__file__).parent


def test_every_text_is_translated_with_all_its_places() -> None:
    english = catalogue(Language.ENGLISH)
    for text, where in used().items():
        assert text in english, f"{where}: {text!r} is in no catalogue"
        assert not HAN.search(english[text]), text
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(english[text])), text
    assert set(english) <= set(used()), "the catalogue has texts that nothing uses"


def test_no_text_is_left_unmarked() -> None:
    marked = re.compile(r"""_\("[^"]*"[^)]*\)|\{#.*?#\}|"中文\"""", re.DOTALL)
    for template in (API / "web/templates").glob("*.html"):
        left = marked.sub("", template.read_text(encoding="utf-8"))
        assert not HAN.search(left), f"{template.name}: {HAN.findall(left)}"
    for script in (API / "web/static").glob("*.js"):
        assert not HAN.search(script.read_text(encoding="utf-8")), script.name


def test_every_closed_list_has_its_words() -> None:
    assert set(words.REASONS) == set(Reason)
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.STATES) == set(State)
    assert set(words.FLAGS) == set(Flag)
    assert set(words.CLOCKS) == set(ClockQuality)
    assert set(words.MEALS) == set(Meal)
    assert set(words.ROLES) == set(Role)


@pytest.mark.parametrize("login", ["dr.li", "admin", "cdc"])
def test_english_pages_hold_no_chinese_but_names(login: str, world: World, as_: SignIn) -> None:
    episode = world.alert("李建国")
    resident = world.residents["李建国"]
    held = world.held(device=f"A4:C1:38:00:{resident:02X}:01")
    names = {"李建国", "李医生", "管理员", "疾控人员", "云岭卫生站", "云岭镇", "中文", "脉讯", "赵技术员"}
    client = as_(login)
    client.get("/language/en")
    pages = ["/sign-in", "/docs", "/nothing", "/no-page"]
    if login == "dr.li":
        pages += ["/alerts", f"/alerts/{episode}", "/alerts?view=recent", "/residents", f"/residents/{resident}"]
    if login != "cdc":
        pages += ["/held", f"/held/{held}"]
    for path in pages:
        text = client.get(path).text
        assert 'lang="en"' in text or "<article" in text, path
        for name in names:
            text = text.replace(name, "")
        if path == "/docs":
            text = re.sub(r"<pre.*?</pre>|<title>.*?</title>", "", text, flags=re.DOTALL)
        assert not HAN.search(text), (path, HAN.findall(text)[:20])


def test_the_language_is_kept_and_chinese_is_the_first(client: TestClient) -> None:
    assert 'lang="zh-CN"' in client.get("/sign-in").text
    assert client.get("/language/en?next=/sign-in").url.path == "/sign-in"
    assert 'lang="en"' in client.get("/sign-in").text
    assert client.get("/language/en?next=//evil.example", follow_redirects=False).headers["location"] == "/"
