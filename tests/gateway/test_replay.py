"""`maixun replay-packets`: captured packets through the line, and a table of what became of each."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.captures import CaptureError, read
from maixun import logs
from maixun.cli import main
from tests.gateway.made import CUFF, T0, ZONE, blood_pressure, glucose
from tests.gateway.server import Server

CONTEXT = b"\x02" + (7).to_bytes(2, "little") + b"\x03"  # 2A34 of record 7: meal "fasting"
CAPTURED: list[dict[str, Any]] = [
    {"device": CUFF, "characteristic": "2A35", "hex": blood_pressure(1).hex(), "time": "2026-11-21T16:05:00+08:00"},
    {"device": "meter", "uuid": "2A18", "hex": (b"\x16" + glucose(7)[1:]).hex(), "time": "2026-11-21T16:05:00"},
    {"device": "meter", "uuid": "2A34", "hex": CONTEXT.hex(), "time": "2026-11-21T16:05:01"},
    {"device": "meter", "uuid": "2A52", "hex": "06000101"},
    {"uuid": "2A35", "hex": "00ff", "quirk": "beurer-be"},
    {"uuid": "sfloat", "hex": "ff07", "expected": "NaN"},
]


def judge(item: dict[str, Any]) -> dict[str, str]:
    """As the server would, with the cuff alone registered."""
    if "unusable" in item:
        return {"outcome": "quarantined", "reason": item["unusable"]}
    return {"outcome": "accepted"} if item["device"] == CUFF else {"outcome": "quarantined", "reason": "unknown_device"}


@pytest.fixture(autouse=True)
def _logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command would set up the test process's own logging."""
    monkeypatch.setattr(logs, "start", lambda _process: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The captures as a JSON list."""
    path = tmp_path / "captures.json"
    path.write_text(json.dumps(CAPTURED))
    return path


def test_every_packet_is_accounted_for(
    file: Path, broker: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAIXUN_BROKER", broker)
    with Server(broker, "replay-1", judge=judge) as server:
        assert main(["replay-packets", str(file), "--gateway", "replay-1"]) == 0
        assert len(server.came) == 3
    said = capsys.readouterr().out
    lines = [line.split() for line in said.splitlines()]
    assert lines[:5] == [
        ["1", CUFF, "2A35", "accepted"],
        ["2", "meter", "2A18", "quarantined", "unknown_device"],
        ["3", "meter", "2A34", "quarantined", "unknown_device"],
        ["4", "meter", "2A52", "no", "reading"],
        ["5", "replay:5", "2A35", "quarantined", "undecodable"],
    ]
    assert "5 packets: 2 quarantined (unknown_device)" in said
    assert "1 entries are numbers alone" in said
    assert "maixun admin device" in said


def test_without_receipts_it_says_so_and_fails(
    file: Path, broker: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAIXUN_BROKER", broker)
    with Server(broker, "replay-2") as server:
        server.silent = True
        assert main(["replay-packets", str(file), "--gateway", "replay-2", "--wait", "1"]) == 1
    assert capsys.readouterr().out.count("no receipt") == 5


def test_replayed_twice_from_one_outbox_it_is_sent_once(
    file: Path, broker: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAIXUN_BROKER", broker)
    command = ["replay-packets", str(file), "--gateway", "replay-3", "--outbox", str(tmp_path / "kept.sqlite3")]
    with Server(broker, "replay-3", judge=judge) as server:
        assert main(command) == 0
        assert main(command) == 0
        assert set(server.came.values()) == {1}


def test_json_lines_and_defaults(tmp_path: Path) -> None:
    path = tmp_path / "captures.jsonl"
    path.write_text("\n\n".join(json.dumps(entry) for entry in CAPTURED) + "\n")
    os.utime(path, (T0.timestamp(), T0.timestamp()))
    captures = read(path, zone=ZONE)
    assert captures.passed_over == 1
    cuff, meter, *_, last = captures.packets
    assert cuff.packet.received_at == meter.packet.received_at
    assert (last.device, last.packet.received_at, last.quirks) == ("replay:5", T0, frozenset({"beurer-be"}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "neither a JSON list nor JSON lines"),
        ('[{"uuid": "2A35"}]', "entry 1: 'hex' is missing"),
        ('{"hex": "00"}', "entry 1: 'uuid' is missing"),
        ('{"uuid": "2A35", "hex": "0"}', "entry 1: non-hexadecimal"),
        ('{"uuid": "2A35", "hex": "00", "time": "noon"}', "entry 1: Invalid isoformat"),
        ("[1]", "entry 1: is not an object"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "captures.json"
    path.write_text(text)
    with pytest.raises(CaptureError, match=says):
        read(path, zone=ZONE)
    assert main(["replay-packets", str(path)]) == 2
    assert says in capsys.readouterr().err


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be read"):
        read(tmp_path / "nowhere.json", zone=ZONE)
