"""The bulk export: complete, valid, without a name, recorded, and never over something that is there."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.fhir import read_back
from maixun.cli import main
from tests.api.conftest import clock, world  # noqa: F401 - fixtures
from tests.api.world import World
from tests.fhir import official
from tests.fhir.test_resources import CODES


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def out(world: World, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    monkeypatch.setenv("MAIXUN_DATABASE", database)
    for number in range(30):
        world.measured("王秀英", world.clock() - timedelta(hours=12 * number), systolic=120 + number, diastolic=80)
    world.measured("李建国", glucose=6.5)
    return tmp_path / "export"


def test_everything_leaves_once_under_pseudonyms(world: World, out: Path) -> None:  # noqa: F811
    assert main(["fhir", "export", "--out", str(out), "--login", "admin"]) == 0
    manifest = lines(out / "manifest.json")[0]
    counts = {part["type"]: part["count"] for part in manifest["output"]}
    files = {kind: lines(out / f"{kind}.ndjson") for kind in counts}
    assert counts == {"Patient": 2, "Device": 2, "Observation": 32} == {k: len(v) for k, v in files.items()}
    assert official.problems([one for some in files.values() for one in some]) == []
    assert len(read_back.readings(files["Observation"], CODES)) == 31
    (average,) = (one for one in files["Observation"] if one["id"].startswith("home-average."))
    assert len(average["derivedFrom"]) == 14
    there = {one["id"] for one in files["Observation"]}
    assert {one["reference"].removeprefix("Observation/") for one in average["derivedFrom"]} <= there
    text = "".join(path.read_text() for path in out.iterdir())
    assert not any(secret in text for secret in ("王秀英", "李建国", "A4:C1:38", "1951-04-02"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    assert world.one("select staff_id from care.audit where action = 'fhir.export'") == world.staff["admin"]


def test_nothing_is_written_over(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out.mkdir()
    (out / "Patient.ndjson").write_text("mine")
    assert main(["fhir", "export", "--out", str(out), "--login", "admin"]) == 1
    assert "not empty" in capsys.readouterr().err
    assert main(["fhir", "export", "--out", str(out / "new"), "--login", "nobody"]) == 1
    assert not (out / "new").exists()


def test_only_what_was_measured_since(out: Path) -> None:
    assert main(["fhir", "export", "--out", str(out), "--since", "2026-11-22T00:00+08:00", "--login", "admin"]) == 0
    assert lines(out / "Observation.ndjson") == []
