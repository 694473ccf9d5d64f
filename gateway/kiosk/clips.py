"""Spoken prompts: one WAV file a sentence and language, made once from the pages' own words, without any network.

A clip is made anew only when its sentence changes, so a station may put recordings of a human voice in their place.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.kiosk.names import Language
from maixun.endpoints import runtime_folder

_WORDS = Path(__file__).parent / "web/locale"
# Slow for old ears, with pauses between words; a voice of the synthesiser's own for each language.
_VOICES: Mapping[Language, tuple[str, ...]] = {
    Language.ZH: ("-v", "cmn", "-s", "125", "-g", "3", "-a", "160"),
    Language.EN: ("-v", "en-us", "-s", "130", "-g", "3", "-a", "160"),
}
_LONGEST = 60  # seconds that one sentence may take to be made


class Speechless(Exception):
    """The synthesiser could not make a clip; the message says what it answered."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """espeak-ng: the program and the whole environment it is started with."""

    program: Path
    environment: Mapping[str, str]


def folder() -> Path:
    """Where clips lie; the kiosk serves it as `/clips`."""
    return runtime_folder() / "clips"


def sentences() -> Iterator[tuple[Language, str, str]]:
    """Language, name and sentence of every prompt of the pages."""
    for language in Language:
        words = json.loads((_WORDS / f"{language}.json").read_text(encoding="utf-8"))
        yield from ((language, name, sentence) for name, sentence in words["prompt"].items())


def missing(home: Path) -> list[tuple[Language, str, str]]:
    """The prompts that have no clip of their present sentence below `home`."""
    known = _index(home)
    return [
        (language, name, sentence)
        for language, name, sentence in sentences()
        if known.get(language, {}).get(name) != _digest(sentence) or not _clip(home, language, name).is_file()
    ]


def make(speaker: Speaker, home: Path) -> int:
    """Make what is missing below `home` and return how many that were. Raises `Speechless`."""
    wanted = missing(home)
    for language, name, sentence in wanted:
        path = _clip(home, language, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _speak(speaker, (*_VOICES[language], "-w", str(path), sentence))
    index: dict[str, dict[str, str]] = {}
    for language, name, sentence in sentences():
        index.setdefault(language, {})[name] = _digest(sentence)
    aside = home / "index.part"
    aside.write_text(json.dumps(index, indent=1))
    aside.replace(home / "index.json")  # last: the pages ask for nothing that is not there
    return len(wanted)


def _speak(speaker: Speaker, words: tuple[str, ...]) -> None:
    command = [str(speaker.program), *words]
    environment = {**os.environ, **speaker.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=_LONGEST)
    if done.returncode or not Path(words[-2]).is_file():
        raise Speechless(f"espeak-ng made no clip ({done.stderr.strip() or done.returncode})")


def _clip(home: Path, language: Language, name: str) -> Path:
    return home / language / f"{name}.wav"


def _index(home: Path) -> dict[str, dict[str, str]]:
    path = home / "index.json"
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def _digest(sentence: str) -> str:
    return hashlib.blake2b(sentence.encode(), digest_size=6).hexdigest()
