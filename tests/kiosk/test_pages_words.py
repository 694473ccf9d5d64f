"""The words of the pages: both languages complete, and a word for everything that the kiosk can say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.kiosk.names import Language, Measurement, Question, RestKind, Step, Way
from gateway.kiosk.view import Notice

WEB = Path(__file__).parents[2] / "gateway/kiosk/web"
BOOKS: dict[Language, dict[str, Any]] = {
    language: json.loads((WEB / f"locale/{language}.json").read_text(encoding="utf-8")) for language in Language
}


def leaves(book: dict[str, Any], path: str = "") -> Iterator[tuple[str, str | list[str]]]:
    for key, value in book.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value


def places(text: str | list[str]) -> set[str] | int:
    return len(text) if isinstance(text, list) else set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    chinese, english = (dict(leaves(BOOKS[language])) for language in Language)
    assert chinese.keys() == english.keys()
    assert [key for key in chinese if places(chinese[key]) != places(english[key])] == []
    assert [key for book in (chinese, english) for key, value in book.items() if not value] == []
    assert [key for key, value in chinese.items() if not re.search(r"[\u4e00-\u9fff]", "".join(value))] == ["bar/other"]


@pytest.mark.parametrize("language", Language)
def test_there_is_a_word_for_everything(language: Language) -> None:
    book = BOOKS[language]
    measured = set(Measurement) - {Measurement.SYMPTOMS, Measurement.WAIST}
    assert set(book["measurement"]) == set(Measurement)
    assert set(book["notice"]) == set(Notice)
    assert set(book["ask"]) == set(Question)
    assert set(book["rest"]) >= set(RestKind)
    assert set(book["identify"]) >= set(Way)
    assert set(book["measure"]) >= measured


@pytest.mark.parametrize("language", Language)
def test_every_step_and_notice_is_spoken(language: Language) -> None:
    measured = set(Measurement) - {Measurement.SYMPTOMS, Measurement.WAIST}
    plain = set(Step) - {Step.ASK, Step.REST, Step.MEASURE, Step.RESULT}
    assert set(BOOKS[language]["prompt"]) == {
        *plain,
        *(f"ask.{question}" for question in Question),
        *(f"rest.{kind}" for kind in RestKind),
        *(f"measure.{measurement}" for measurement in measured),
        *(f"result.{told}" for told in ("normal", "attention", "high", "danger", "none")),
        *("slip.danger", "warning"),
        *(f"notice.{notice}" for notice in Notice),
    }


def test_the_pages_ask_for_no_word_that_is_missing() -> None:
    known = {key.replace("/", ".") for key, _ in leaves(BOOKS[Language.ZH])}
    scripts = [path.read_text(encoding="utf-8") for path in WEB.rglob("*.js")]
    asked = {word for script in scripts for word in re.findall(r'\bt\("([\w.]+)"', script)}
    assert len(asked) > 40
    assert asked - known == set()


def test_the_pages_name_no_other_host_and_keep_nothing() -> None:
    for path in WEB.rglob("*"):
        if path.suffix in (".js", ".css", ".html", ".svg"):
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
            assert not re.search(r"https?://|localStorage|sessionStorage|indexedDB|document\.cookie", text), path
