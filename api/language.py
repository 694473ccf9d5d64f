"""The two languages of the pages: Chinese is the text itself, English comes from catalogues, one a part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po
from fastapi import Request

LOCALE = Path(__file__).parent / "web" / "locale"
COOKIE = "maixun_language"


class Language(StrEnum):
    """What a page can be shown in; the value is its HTML `lang`."""

    CHINESE = "zh"
    ENGLISH = "en"


def msgid(text: str) -> str:
    """Mark a Chinese text for the catalogue; it is translated where it is shown."""
    return text


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Chinese text → text in the language. Empty for Chinese."""
    if language is Language.CHINESE:
        return {}
    texts: dict[str, str] = {}
    for part in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with part.open("rb") as file:
            texts |= {
                str(message.id): str(message.string) for message in read_po(file) if message.id and message.string
            }
    return texts


def translator(language: Language) -> Callable[[str], str]:
    """A function that gives a marked text in the language."""
    texts = catalogue(language)
    return lambda text: texts.get(text, text)


def says(text: str, **values: object) -> dict[str, str]:
    """A marked text in every language, with its `%(name)s` filled in: the form an error has in the JSON interface."""
    return {language.value: translator(language)(text) % values for language in Language}


def of(request: Request) -> Language:
    """The language the visitor chose, else Chinese."""
    chosen = request.cookies.get(COOKIE)
    return Language(chosen) if chosen in list(Language) else Language.CHINESE
