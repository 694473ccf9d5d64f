"""`maixun ecg import`: files of a portable ECG through the outbox and the line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import edfio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.ecg.recording import NotARecording
from gateway.ecg.driver import read
from maixun import logs
from maixun.cli import main
from tests.ecg.made import DEVICE, STARTED, fibrillation, sinus
from tests.ecg.synthetic import Signal
from tests.gateway.server import Server


@pytest.fixture(autouse=True)
def _logs_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command would set up the test process's own logging."""
    monkeypatch.setattr(logs, "start", lambda _process: None)
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path))
    monkeypatch.delenv("MAIXUN_BROKER", raising=False)


def csv_of(path: Path, signal: Signal, *, rate: float = 250.0, times: Callable[[int], str] | None = None) -> Path:
    """A CSV file as the documentation says."""
    written = times or (lambda number: f"{number / rate:.3f}")
    lines = [f"{written(number)},{value:.4f}" for number, value in enumerate(signal)]
    path.write_text("\n".join(["# exported", "time,mV", *lines]) + "\n")
    return path


def wall_clock(number: int) -> str:
    return (STARTED + timedelta(milliseconds=4 * number)).isoformat(timespec="milliseconds")


def edf_of(path: Path, signals: dict[str, Signal], *, unit: str = "uV", dated: bool = True) -> Path:
    """An EDF file, its values in `unit`."""
    scale = {"uV": 1000.0, "mV": 1.0, "degC": 1.0}[unit]
    made = [
        edfio.EdfSignal(
            signal * scale, 250.0, label=label, physical_dimension=unit, physical_range=(-10 * scale, 10 * scale)
        )
        for label, signal in signals.items()
    ]
    recording = edfio.Recording(startdate=date(2026, 11, 21)) if dated else edfio.Recording()
    edfio.Edf(made, recording=recording, starttime=time(15, 30)).write(path)
    return path


def test_a_csv_file_with_the_devices_clock_is_read(tmp_path: Path) -> None:
    made = read(csv_of(tmp_path / "a.csv", sinus(), times=wall_clock), DEVICE)
    assert (made.device, made.started_at, made.waveform.sampling_rate) == (DEVICE, STARTED, 250.0)
    assert np.abs(np.array(made.waveform.microvolts) - sinus() * 1000).max() <= 1


def test_a_csv_file_in_seconds_does_not_say_when(tmp_path: Path) -> None:
    made = read(csv_of(tmp_path / "a.csv", sinus(), rate=300.0), DEVICE)
    assert made.started_at is None
    assert made.waveform.sampling_rate == pytest.approx(300.0, abs=0.05)


@pytest.mark.parametrize("unit", ["uV", "mV"])
def test_an_edf_file_is_read_by_its_ecg_signal(tmp_path: Path, unit: str) -> None:
    path = edf_of(tmp_path / "a.edf", {"Resp": sinus(2), "ECG I": sinus()}, unit=unit)
    made = read(path, DEVICE)
    assert (made.started_at, made.waveform.sampling_rate) == (STARTED, 250.0)
    assert np.abs(np.array(made.waveform.microvolts) - sinus() * 1000).max() <= 1


def test_an_edf_file_without_a_date_does_not_say_when(tmp_path: Path) -> None:
    assert read(edf_of(tmp_path / "a.edf", {"": sinus()}, dated=False), DEVICE).started_at is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "first line"),
        ("a.csv", "seconds;uV\n0;1\n", "first line"),
        ("a.csv", "time,mV\n0.0,0.1,3\n", "sample 1"),
        ("a.csv", "time,mV\n0.0,high\n", "sample 1"),
        ("a.csv", "time,mV\n0.0,0.1\n", "two samples"),
        ("a.csv", "time,mV\n0.0,0.1\n0.004,0.1\n0.008,0.1\n0.020,0.1\n", "gap"),
        ("a.csv", "time,mV\nnan,0.1\nnan,0.1\n", "two samples"),
        ("a.csv", "time,mV\nyesterday,0.1\ntoday,0.1\n", "neither seconds nor ISO 8601"),
        ("a.csv", "time,mV\n2026-11-21T15:30+08:00,0.1\n2026-11-21T15:31+08:00,0.1\n", "zone"),
        ("a.csv", "time,mV\n2026-11-21T15:30:00,0.1\n2026-11-21T15:31:00,0.1\n", "samples a second"),
        ("a.edf", "0       something", "not an EDF file"),
        ("a.edf", "", "not an EDF file"),
        ("a.pdf", "%PDF", "no driver reads .pdf files"),
    ],
)
def test_what_is_no_recording_says_why(tmp_path: Path, name: str, content: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(NotARecording, match=says) as raised:
        read(path, DEVICE)
    assert str(path) in str(raised.value)


def test_files_that_are_not_ours_to_read_say_why(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    for path, says in [
        (tmp_path / "none.csv", "No such file"),
        (tmp_path / "a.csv", "UTF-8"),
        (edf_of(tmp_path / "two.edf", {"I": sinus(), "II": sinus()}), "2 signals"),
        (edf_of(tmp_path / "warm.edf", {"ECG": sinus()}, unit="degC"), "degC"),
    ]:
        with pytest.raises(NotARecording, match=says):
            read(path, DEVICE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.data())
def test_a_damaged_edf_file_is_refused_or_read_and_nothing_else(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(edf_of(tmp_path / "whole.edf", {"ECG": sinus()[:1000]}).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, 520))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.edf"
    path.write_bytes(whole[: data.draw(st.sampled_from([100, 256, 600, len(whole)]))])
    try:
        read(path, DEVICE)
    except NotARecording as refused:
        assert str(path) in str(refused)  # noqa: PT017 - reading it is right as well


def judge(item: dict[str, Any]) -> dict[str, str]:
    """As the server would."""
    return {"outcome": "rejected", "reason": item["unusable"]} if "unusable" in item else {"outcome": "accepted"}


def test_files_go_through_the_line_and_each_is_told_what_became_of_it(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAIXUN_BROKER", broker)
    irregular = csv_of(tmp_path / "irregular.csv", fibrillation())
    steady = edf_of(tmp_path / "steady.edf", {"ECG": sinus()})
    short = csv_of(tmp_path / "short.csv", sinus()[:2500])
    words = ["ecg", "import", str(irregular), str(steady), str(short), "--device", DEVICE, "--gateway", "ecg-1"]
    with Server(broker, "ecg-1", judge=judge) as server:
        assert main([*words, "--at", "2026-11-20T08:00"]) == 1
        assert len(server.came) == 3
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{irregular}  9")
    assert said[0].endswith(" /min; possible atrial fibrillation, needs a doctor's reading  accepted")
    assert said[1] == f"{steady}  72 /min  accepted"
    assert said[2] == f"{short}  not readable, record again  rejected (not_readable)"


def test_without_a_broker_it_is_kept_and_sent_the_next_time(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = csv_of(tmp_path / "a.csv", sinus(), times=wall_clock)
    words = ["--device", DEVICE, "--gateway", "ecg-2"]
    assert main(["ecg", "import", str(file), *words]) == 1
    said = capsys.readouterr()
    assert said.out == f"{file}  72 /min  no receipt yet\n"
    assert "no broker is known" in said.err
    assert "sends what waits there" in said.err
    monkeypatch.setenv("MAIXUN_BROKER", broker)
    with Server(broker, "ecg-2") as server:
        assert main(["ecg", "import", *words]) == 0
        assert list(server.came.values()) == [1]


def test_a_recording_that_nobody_dates_is_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = csv_of(tmp_path / "a.csv", sinus())
    assert main(["ecg", "import", str(file), "--device", DEVICE]) == 2
    assert "say it with --at" in capsys.readouterr().err


def test_one_wrong_file_keeps_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = csv_of(tmp_path / "a.csv", sinus(), times=wall_clock)
    assert main(["ecg", "import", str(good), str(tmp_path / "none.csv"), "--device", DEVICE]) == 2
    assert "none.csv" in capsys.readouterr().err
    assert main(["ecg", "import", "--device", DEVICE]) == 0
    assert capsys.readouterr().out == ""


def test_without_numpy_it_says_what_to_install_and_a_gateway_serves_on(tmp_path: Path) -> None:
    file = csv_of(tmp_path / "a.csv", sinus(), times=wall_clock)
    program = (
        "import sys, json; sys.modules['numpy'] = None; import gateway.edge, maixun.commands.gateway;"
        "from maixun.cli import main; sys.exit(main(json.loads(sys.argv[1])))"
    )
    words = json.dumps(["ecg", "import", str(file), "--device", DEVICE])
    ended = subprocess.run([sys.executable, "-c", program, words], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "install maixun[ecg]" in ended.stderr
