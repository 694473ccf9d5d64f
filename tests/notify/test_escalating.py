"""The escalation on a real database: who is told, when it stops, and that many processes tell nobody twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg

from ingest.alerting import escalating, incidents, rota_store
from ingest.alerting.channels.outcome import MendChannel, TryAgain
from ingest.alerting.incident import Subject, Trouble
from ingest.alerting.rota_store import NewDuty, NewLeave
from maixun import demonstration
from tests.notify.channels import mail
from tests.notify.made import NIGHT_TWO, local
from tests.notify.office import Office, Recorder

PROCESSES = 4
ALARMS_OF_AN_EMPTY_ROTA = ["nobody_on_duty"]


def told(office: Office) -> list[tuple[int, int | None]]:
    return [(level, staff_id) for level, staff_id, _, _ in office.notices()]


def test_an_alert_climbs_until_it_is_taken_over(office: Office) -> None:
    alert = office.alert()
    assert office.look() == 1
    assert office.look(14) == 0
    assert office.look(1) == 1
    assert told(office) == [(1, office.doctor), (2, office.deputy)]
    office.acknowledge(alert)
    assert office.look(60) == 0
    assert office.one("select due_at from care.escalation") is None


def test_what_comes_back_starts_again(office: Office) -> None:
    alert = office.alert()
    office.look()
    office.look(20)
    office.acknowledge(alert)
    office.look(30)
    office.now += timedelta(minutes=30)
    office.comes_back(alert)
    office.look()
    office.look(15)
    assert told(office) == [(1, office.doctor), (2, office.deputy)] * 2


def test_a_process_that_slept_tells_every_level(office: Office) -> None:
    office.alert()
    assert office.look(40) == 3
    assert told(office) == [(1, office.doctor), (2, office.deputy), (3, office.lead)]


def test_many_processes_decide_each_alert_once_and_skip_no_level(office: Office) -> None:
    for _ in range(40):
        office.alert()

    def process(minutes: int) -> None:
        with psycopg.connect(office.dsn, autocommit=True) as connection:
            for _ in range(10):
                escalating.run_once(connection, office.means, office.now + timedelta(minutes=minutes))

    with ThreadPoolExecutor(PROCESSES) as pool:
        for minutes in (0, 16, 31):
            for done in [pool.submit(process, minutes) for _ in range(PROCESSES)]:
                done.result(30)
    assert told(office) == [(1, office.doctor), (2, office.deputy), (3, office.lead)] * 40
    assert office.one("select count(*) from care.escalation_work") == 0


def test_a_crash_before_the_commit_changes_nothing(office: Office) -> None:
    office.alert()
    with psycopg.connect(office.dsn) as crashing:
        crashing.execute("select 1")  # the transaction that the crash undoes
        assert escalating.run_once(crashing, office.means, office.now) == (1, 1)
        crashing.rollback()
    assert told(office) == []
    office.look()
    assert told(office) == [(1, office.doctor)]


def test_who_is_being_decided_on_elsewhere_is_passed_by(office: Office) -> None:
    office.alert()
    office.look()
    office.now += timedelta(minutes=16)
    with psycopg.connect(office.dsn) as busy:
        busy.execute("select 1")  # the transaction that is still under way
        assert escalating.run_once(busy, office.means, office.now) == (1, 1)
        assert office.look() == 0
        busy.commit()
    assert told(office) == [(1, office.doctor), (2, office.deputy)]


def test_leave_moves_alerts_to_the_deputy_for_its_time_only(office: Office) -> None:
    away = NewLeave(
        staff_id=office.doctor,
        deputy_id=office.night,
        starts_at=office.now - timedelta(hours=1),
        ends_at=office.now + timedelta(hours=1),
    )
    rota_store.enter_leave(office.connection, away, by=office.lead, now=office.now)
    office.alert(tier=2)
    office.look()
    office.look(61)
    office.alert(tier=2)
    office.look()
    assert told(office) == [(1, office.night), (1, office.doctor)]


def test_at_night_the_one_on_duty_is_told(office: Office) -> None:
    office.now = NIGHT_TWO
    hours = timedelta(hours=8)
    duty = NewDuty(
        station_id=office.station, staff_id=office.night, line=1, starts_at=NIGHT_TWO - hours, ends_at=NIGHT_TWO + hours
    )
    rota_store.enter_duty(office.connection, duty, by=office.lead, now=office.now)
    office.alert()
    office.look()
    assert told(office) == [(1, office.night)]


def test_an_empty_rota_is_an_alarm_that_is_told_and_ends_when_it_is_filled(office: Office) -> None:
    assert office.alarms() == ALARMS_OF_AN_EMPTY_ROTA
    office.look()
    assert told(office) == [(1, office.lead)]
    duty = NewDuty(
        station_id=office.station,
        staff_id=office.night,
        line=1,
        starts_at=office.now,
        ends_at=office.now + timedelta(days=2),
    )
    rota_store.enter_duty(office.connection, duty, by=office.lead, now=office.now)
    assert office.alarms() == []


def test_nobody_answering_is_an_alarm_for_the_administrator_until_somebody_does(office: Office) -> None:
    alert = office.alert()
    office.look()
    office.look(46)
    assert office.alarms() == ["alert_unanswered", *ALARMS_OF_AN_EMPTY_ROTA]
    office.look()
    assert (1, office.admin) in told(office)
    office.acknowledge(alert)
    office.look()
    assert office.alarms() == ALARMS_OF_AN_EMPTY_ROTA


def test_a_group_is_told_once_a_level_and_not_in_page_only_steps(office: Office) -> None:
    office.with_group()
    office.alert()
    office.look()
    office.look(1)
    assert office.notices() == [(1, office.doctor, "page", "waiting"), (2, None, "group", "waiting")]


def test_a_channel_of_another_station_stays_silent(office: Office) -> None:
    office.with_group(stations=("云岭卫生站",))
    office.alert()
    office.look(1)
    assert [notice[2] for notice in office.notices()] == ["page"]


def test_quiet_hours_hold_back_mail_of_lower_tiers_but_not_their_pages(office: Office) -> None:
    office.now = NIGHT_TWO
    office.channels["mail"] = mail()
    trouble = Trouble(
        subject=Subject("gateway", "gw-1", "gateway_silent"),
        audience="admin",
        tier=3,
        says={"zh": "网关无声"},
        facts={},
    )
    incidents.settle(office.connection, [trouble], causes=["gateway_silent"], now=office.now)
    office.look()
    rows = office.connection.execute("select channel, not_before from care.notice order by channel").fetchall()
    assert rows == [("mail", local("2026-11-24T07:00")), ("page", NIGHT_TWO)]


def test_when_a_channel_fails_the_next_does_not_wait_and_the_administrator_learns(office: Office) -> None:
    office.with_group()
    office.alert()
    office.look(1)
    recorder = Recorder(MendChannel("errcode 93000"))
    office.send("group", recorder)
    office.look()  # the deputy at once, although the limit is fifteen minutes
    assert [(level, staff) for level, staff, _, state in office.notices() if state == "waiting"] == [
        (1, office.doctor),
        (3, None),
        (3, office.deputy),
    ]


def test_a_failing_channel_is_an_incident_until_it_works_again(office: Office) -> None:
    office.with_group()
    office.alert()
    office.look(1)
    recorder = Recorder(MendChannel("errcode 93000"))
    office.send("group", recorder)
    assert "channel_failed" in office.alarms()
    office.look(1)
    office.send("group", recorder)
    assert "channel_failed" not in office.alarms()


def test_a_passing_fault_is_tried_again_and_is_no_alarm(office: Office) -> None:
    office.with_group()
    office.alert()
    office.look(1)
    recorder = Recorder(TryAgain("HTTP 502"), TryAgain("HTTP 502"))
    assert office.send("group", recorder) == 1
    assert "channel_failed" not in office.alarms()
    assert office.send("group", recorder) == 0  # it waits
    office.now += timedelta(seconds=11)
    assert office.send("group", recorder) == 1
    office.now += timedelta(seconds=21)
    office.send("group", recorder)
    assert len(recorder.messages) == 1
    assert office.one("select attempts from care.notice where channel = 'group'") == 3


def test_the_demonstration_has_somebody_on_duty_at_all_times(office: Office) -> None:
    for _ in range(2):
        demonstration.fill_rota(office.connection, office.now)
    assert office.one("select count(*) from care.duty") == 15
    assert office.one("select count(distinct staff_id) from care.duty") == 3
    assert office.one("select count(*) from care.deputy") == 3
    assert office.alarms() == []
