"""Replay: the engine's story told again from stored readings, beside that of other rules; nothing is written."""

from __future__ import annotations

import copy
import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import errors

from devices.reading import Flag
from ingest.alerting import candidate, history, replays, review
from ingest.alerting.confirmation import Confirmation, confirmation
from ingest.alerting.person import StoredReading
from ingest.alerting.replay import ReplaySettings, Told, every_reading, replay
from ingest.alerting.rules import Rules, parse
from maixun import cli
from maixun.configuration import ConfigurationError, load_all, settings
from tests.ingest.alerting.people import DAY, MINUTE, NOON, pressure, reading, shipped, somebody, sugar
from tests.ingest.alerting.town import DOCTOR, Town

ASSUMED = settings(ReplaySettings, "replay")
WEEK = (NOON - DAY, NOON + 7 * DAY)
CURRENT = load_all("rules/*.yaml")


def told(*readings: StoredReading, rules: Rules | None = None, handled: timedelta = 30 * DAY) -> list[Told]:
    """The alerts of a week."""
    return replay(
        somebody(),
        readings,
        rules or shipped(),
        first=WEEK[0],
        until=WEEK[1],
        assumed=ASSUMED.model_copy(update={"handled_after": dict.fromkeys((1, 2, 3, 4), handled)}),
    )


def changed(where: str, limit: float) -> dict[str, Any]:
    """The glucose file with another limit in one rule."""
    document: dict[str, Any] = copy.deepcopy(CURRENT["rules/glucose.yaml"])
    rule = next(each for each in document["rules"] if each["name"] == where)
    rule["levels"][0]["limits"]["glucose"] = limit
    return document


# One person


def test_an_alert_opens_when_the_engine_would_have_opened_it() -> None:
    (alert,) = told(pressure(186, 112))
    assert (alert.at, alert.rule) == (NOON + 10 * MINUTE, "blood_pressure_critical")
    assert told(pressure(186, 112), pressure(150, 90, NOON + 2 * MINUTE)) == []


def test_only_what_had_been_received_by_then_is_known() -> None:
    first = reading("glucose", {"glucose": 14.2}, NOON, received_at=NOON)
    late = reading("glucose", {"glucose": 5.5}, NOON + MINUTE, received_at=NOON + 60 * MINUTE)
    (alert,) = told(first, late)
    assert alert.at == NOON + 10 * MINUTE  # the normal repeat lay in the meter until an hour later
    in_time = reading("glucose", {"glucose": 5.5}, NOON + MINUTE, received_at=NOON + 5 * MINUTE)
    assert told(first, in_time) == []


def test_what_goes_on_is_a_new_alert_after_a_doctor_is_assumed_to_have_closed_the_first() -> None:
    course = [sugar(2.8, NOON + hours * 60 * MINUTE) for hours in (0, 10, 30)]
    assert [alert.at for alert in told(*course)] == [NOON]
    handled = told(*course, handled=DAY)
    assert [alert.at for alert in handled] == [NOON, NOON + timedelta(hours=30)]
    assert len(handled[1].finding.readings) == 1  # what was measured before the closing is dealt with


def test_what_was_under_way_before_the_stretch_is_not_counted_in_it() -> None:
    before, inside = sugar(2.8, WEEK[0] - 60 * MINUTE), sugar(2.7, WEEK[0] + 60 * MINUTE)
    assert told(before, inside) == []
    assert len(told(inside)) == 1


def test_the_naive_programme_alerts_on_every_reading() -> None:
    course = [sugar(2.8), sugar(2.9, NOON + MINUTE), sugar(5.5, NOON + 2 * MINUTE), sugar(3.0, NOON + 3 * MINUTE)]
    assert [one.at for one in every_reading(somebody(), course, shipped())] == [
        NOON,
        NOON + MINUTE,
        NOON + 3 * MINUTE,
    ]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], Confirmation.UNREPEATED),
        ([sugar(2.9, NOON + 5 * MINUTE)], Confirmation.CONFIRMED),
        ([sugar(3.5, NOON - 5 * MINUTE)], Confirmation.CONFIRMED),  # beyond a milder limit of the same cause
        ([sugar(5.5, NOON + 5 * MINUTE), sugar(2.9, NOON + 9 * MINUTE)], Confirmation.REFUTED),  # the nearest decides
        ([sugar(5.5, NOON + 61 * MINUTE)], Confirmation.UNREPEATED),
        ([sugar(5.5, NOON + MINUTE, flags=Flag.SAMPLE_INSUFFICIENT)], Confirmation.UNREPEATED),
        ([pressure(120, 80, NOON + MINUTE)], Confirmation.UNREPEATED),
    ],
)
def test_whether_it_was_confirmed_is_said_by_the_measurement_next_to_it(
    others: list[StoredReading], expected: Confirmation
) -> None:
    alarming = sugar(2.8)
    (alert,) = every_reading(somebody(), [alarming], shipped())
    assert confirmation(alert, somebody(), [alarming, *others], shipped(), ASSUMED.repeat_within) is expected


# The engine itself


def test_a_replay_of_what_the_engine_saw_tells_what_the_engine_told(town: Town) -> None:
    dice = random.Random(5)
    residents = [town.resident(conditions=["diabetes"]) for _ in range(8)]
    for _ in range(150):
        town.now += timedelta(minutes=dice.choice([1, 3, 11, 200]))
        town.look()
        flags = Flag.SAMPLE_INSUFFICIENT if dice.random() < 0.1 else Flag(0)
        at = town.now - timedelta(minutes=dice.choice([0, 0, 2, 40]))
        town.sugar(dice.choice(residents), dice.choice([2.6, 3.5, 5.5, 5.6, 6.0, 14.5, 17.0]), at=at, flags=flags)
        wait_for_every_due_moment(town)
    shown = {
        (episode.resident_id, episode.cause, episode.opened_at) for episode in town.episodes("opened_at is not null")
    }
    town.expect_everything()
    assert len(shown) > 20
    again = {(one.resident_id, alert.finding.cause, alert.at) for one, alerts in replayed(town) for alert in alerts}
    assert again == shown


def test_a_replay_tells_of_patterns_and_of_silence_when_the_engine_did(town: Town) -> None:
    resident = town.resident(conditions=["hypertension"])
    town.connection.execute(
        "insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on)"
        " values (%s, 'chronic', %s, '2026-11-01', '2027-11-01')",
        [resident, town.doctor],
    )
    review.find_missing(town.connection, town.now)
    began = town.now
    for half_days in range(20):
        live_until(town, began + half_days * timedelta(hours=12))
        town.pressure(resident, 152 + half_days % 3, 96)
        town.look()
    live_until(town, began + 60 * DAY)
    shown = {(each.resident_id, each.cause, each.opened_at) for each in town.episodes("opened_at is not null")}
    town.expect_everything()
    assert "silence" in {cause for _, cause, _ in shown}
    assert len({cause for _, cause, _ in shown}) >= 2
    ((_, alerts),) = replayed(town)
    assert {(resident, alert.finding.cause, alert.at) for alert in alerts} == shown


def live_until(town: Town, end: datetime) -> None:
    """Look and review exactly when something is due."""
    query = "select least((select min(due_at) from care.review), (select min(due_at) from care.episode))"
    while (row := town.connection.execute(query).fetchone()) and row[0] is not None and row[0] <= end:
        town.now = row[0]
        town.look()
        town.review()
    town.now = end


def wait_for_every_due_moment(town: Town) -> None:
    """Look exactly when something falls due, as an engine that never sleeps does."""
    end = town.now + timedelta(minutes=30)
    town.look()
    while (due := next_due(town)) is not None and due <= end:
        town.now = due
        town.look()
    town.now = end


def next_due(town: Town) -> datetime | None:
    row = town.connection.execute("select min(due_at) from care.episode where state <> 'closed'").fetchone()
    return row[0] if row else None


def replayed(town: Town) -> list[tuple[Any, list[Told]]]:
    until = town.now + DAY
    with history.reading_only(town.connection):
        return [
            (
                case.person,
                replay(
                    case.person,
                    case.readings,
                    shipped(),
                    first=NOON - DAY,
                    until=until,
                    assumed=ASSUMED.model_copy(update={"handled_after": dict.fromkeys((1, 2, 3, 4), 3650 * DAY)}),
                    agreed=case.agreed,
                ),
            )
            for case in history.cases(
                town.connection, shipped(), since=NOON - 9 * DAY, first=NOON - DAY, until=until, station_id=None
            )
        ]


def a_quarter(town: Town) -> list[int]:
    """Two residents of whom one measures 14.5 twice, the other 18.0 twice and both are often fine."""
    residents = [town.resident(conditions=["diabetes"]) for _ in range(2)]
    for resident, value in zip(residents, (14.5, 18.0), strict=True):
        for minutes, glucose in ((0, value), (2, value), (600, 6.0), (700, 6.1)):
            town.sugar(resident, glucose, at=NOON + minutes * MINUTE)
    town.connection.execute("update telemetry.reading set received_at = measured_at")
    return residents


def run(town: Town, document: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    wanted = {**CURRENT, "rules/glucose.yaml": document} if document else None
    return replays.run(
        town.connection,
        CURRENT,
        wanted,
        first=date(2026, 11, 21),
        until=date(2026, 11, 28),
        settings=ASSUMED,
        **more,
    )


def test_candidate_rules_beside_the_current_ones(town: Town) -> None:
    mild, severe = a_quarter(town)
    report = run(town, changed("glucose_high", 15.0))
    current, other = (report["sides"][name] for name in ("current", "candidate"))
    assert (report["residents"], report["readings"], report["resident_weeks"]) == (2, 8, 2)
    assert (current["total"]["alerts"], other["total"]["alerts"]) == (2, 1)
    assert current["total"]["a_week"] == 1
    assert current["total"]["share_confirmed"] == 1
    assert set(current["by_rule"]) == {"glucose_high", "glucose_very_high"}
    assert current["by_doctor"][str(town.doctor)]["alerts"] == 2
    (differs,) = report["differ"]
    assert (differs["resident_id"], differs["rules"]) == (mild, {"glucose_high": [1, 0]})
    assert severe != mild
    assert report["rule_differences"] == [
        {
            "file": "rules/glucose.yaml",
            "where": "rules[glucose_high].levels[1].limits.glucose",
            "current": "13.9",
            "candidate": "15.0",
        }
    ]


def test_a_replay_writes_nothing_and_could_not(town: Town) -> None:
    a_quarter(town)
    waiting = town.connection.execute("select count(*) from telemetry.work").fetchone()

    def meddle(_done: int, _total: int) -> None:
        town.connection.execute("insert into telemetry.work (resident_id) values (1)")

    with pytest.raises(errors.ReadOnlySqlTransaction):
        run(town, progress=meddle)
    run(town)
    assert town.states() == []
    assert town.connection.execute("select count(*) from telemetry.work").fetchone() == waiting


def test_a_station_is_replayed_alone_and_who_had_left_is_left_out(town: Town) -> None:
    gone, _ = a_quarter(town)
    assert run(town, station_id=town.station + 1)["residents"] == 0
    assert run(town, station_id=town.station)["residents"] == 2
    town.connection.execute(
        "update care.resident set left_on = '2026-11-01', left_why = 'moved' where resident_id = %s", [gone]
    )
    assert run(town, station_id=town.station)["residents"] == 1


def test_the_progress_reaches_the_end(town: Town) -> None:
    a_quarter(town)
    seen: list[tuple[int, int]] = []
    run(town, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]


# Candidate files


def test_a_file_takes_the_place_of_its_name_or_of_its_kind(tmp_path: Path) -> None:
    document = changed("glucose_high", 15.0)
    for name in ("glucose.yaml", "our-proposal.yaml"):
        (tmp_path / name).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        wanted = candidate.read(tmp_path / name, CURRENT)
        assert set(wanted) == set(CURRENT)
        assert len(candidate.differences(CURRENT, wanted)) == 1
        parse(wanted)


def test_a_folder_is_all_the_rules_there_are(tmp_path: Path) -> None:
    (tmp_path / "glucose.yaml").write_text(yaml.safe_dump(CURRENT["rules/glucose.yaml"]), encoding="utf-8")
    wanted = candidate.read(tmp_path, CURRENT)
    assert set(wanted) == {"rules/glucose.yaml"}
    gone = candidate.differences(CURRENT, wanted)
    assert {one["file"] for one in gone} == set(CURRENT) - {"rules/glucose.yaml"}
    assert {one["candidate"] for one in gone} == {"–"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "proposal.yaml is not YAML"),
        ("kinds: [mood]", "takes the place of no rule file"),
        ("- 1", "takes the place of no rule file"),
    ],
)
def test_what_is_no_rule_file_is_said_by_name(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "proposal.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=says):
        candidate.read(tmp_path / "proposal.yaml", CURRENT)


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no"):
        candidate.read(tmp_path, CURRENT)


# The command


def test_the_command_prints_both_sides_and_no_resident_number(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_quarter(town)
    monkeypatch.setenv("MAIXUN_DATABASE", town.dsn)
    file = tmp_path / "glucose.yaml"
    file.write_text(yaml.safe_dump(changed("glucose_high", 15.0), allow_unicode=True), encoding="utf-8")
    words = ["rules", "replay", "--from", "2026-11-21", "--to", "2026-11-28", "--rules", str(file)]
    assert cli.main(words) == 0
    printed = capsys.readouterr().out
    doctor = next(line for line in printed.partition("by doctor")[2].splitlines() if line)
    assert doctor.split()[:3] == [DOCTOR, "current", "2"]
    assert "1 of 2 residents would have been alerted about differently" in printed
    assert "rules[glucose_high].levels[1].limits.glucose: 13.9 → 15.0" in printed
    with psycopg.connect(town.dsn) as connection:
        tokens = {str(row[0]) for row in connection.execute("select token from care.resident")}
    assert any(token in printed for token in tokens)
    assert cli.main([*words, "--station", "Nowhere"]) == 2
    assert "there is no station 'Nowhere'" in capsys.readouterr().err
    assert cli.main([*words, "--station", "Station"]) == 0
    assert "1 of 2 residents" in capsys.readouterr().out
    assert cli.main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["differ"][0]["token"] in tokens
    assert "resident_id" not in json.dumps(report)


def test_the_command_says_what_is_wrong_with_a_candidate(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAIXUN_DATABASE", town.dsn)
    document = changed("glucose_high", 15.0) | {"colour": "blue"}
    (tmp_path / "glucose.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert cli.main(["rules", "replay", "--rules", str(tmp_path / "glucose.yaml")]) == 2
    assert "rules/glucose.yaml" in (said := capsys.readouterr().err)
    assert "colour" in said
    assert cli.main(["rules", "replay", "--from", "2026-02-01", "--to", "2026-01-01"]) == 2
