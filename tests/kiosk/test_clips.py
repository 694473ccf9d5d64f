"""Every sentence that the kiosk speaks, made by the real synthesiser."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from gateway.kiosk import clips
from gateway.kiosk.clips import Speaker, Speechless
from gateway.kiosk.names import Language
from maixun.runtime import speech


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())


def test_every_prompt_is_spoken_and_a_human_recording_stays(tmp_path: Path) -> None:
    speaker = Speaker(*speech.find(print))
    prompts = list(clips.sentences())
    assert {language for language, _, _ in prompts} == set(Language)
    assert clips.make(speaker, tmp_path) == len(prompts)
    assert all(1 < seconds(tmp_path / language / f"{name}.wav") < 20 for language, name, _ in prompts)
    recorded = tmp_path / "zh/rest.before.wav"
    recorded.write_bytes(b"a nurse of the station")
    (tmp_path / "en/slip.wav").unlink()
    assert [name for _, name, _ in clips.missing(tmp_path)] == ["slip"]
    assert clips.make(speaker, tmp_path) == 1
    assert recorded.read_bytes() == b"a nurse of the station"


def test_a_synthesiser_that_fails_leaves_no_list_behind(tmp_path: Path) -> None:
    with pytest.raises(Speechless):
        clips.make(Speaker(Path("/bin/false"), {}), tmp_path)
    assert not (tmp_path / "index.json").exists()
