"""From a file to the database by the real processes, each with no more than its own rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from devices.waveform import unpack
from ingest.registry import register_device
from maixun import logs
from maixun.cli import main
from tests.ecg.made import DEVICE, fibrillation, recording, sinus
from tests.ecg.test_import import csv_of
from tests.harness.line import running_line
from tests.ingest.county import hand_over, settle


def test_a_file_becomes_a_reading_with_its_curve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "start", lambda _process: None)
    files = [csv_of(tmp_path / "a.csv", fibrillation()), csv_of(tmp_path / "b.csv", sinus()[:2500])]
    began = datetime.now(UTC) - timedelta(hours=1)
    with running_line() as line:
        monkeypatch.setenv("MAIXUN_BROKER", line.mosquitto.url)
        monkeypatch.setenv("MAIXUN_RUNTIME", str(line.folder))
        with psycopg.connect(line.database, autocommit=True) as connection:
            county = settle(connection)
            device = register_device(connection, address=DEVICE, model="portable ecg", at=began)
            hand_over(connection, device, began - timedelta(days=1), county.resident, county.station)
            line.start_ingest()
            assert main(["ecg", "import", *map(str, files), "--device", DEVICE, "--at", began.isoformat()]) == 1
            rows = connection.execute(
                "select r.resident_id, r.kind::text, r.measured_at, w.sampling_rate, w.microvolts"
                " from telemetry.reading r join telemetry.waveform w using (resident_id, reading_id)"
            ).fetchall()
            assert [row[:2] for row in rows] == [(county.resident, "ecg")]
            assert abs(rows[0][2] - began) < timedelta(milliseconds=1)
            made, kept = recording(fibrillation()).waveform, unpack(rows[0][3], rows[0][4])
            assert kept.sampling_rate == made.sampling_rate
            assert all(abs(a - b) <= 1 for a, b in zip(kept.microvolts, made.microvolts, strict=True))  # µV
            assert connection.execute("select reason from telemetry.held").fetchall() == [("not_readable",)]
    said = capsys.readouterr().out
    assert "possible atrial fibrillation, needs a doctor's reading  accepted" in said
    assert "not readable, record again  rejected (not_readable)" in said
