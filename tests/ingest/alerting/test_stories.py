"""What a doctor sees: from readings in the database to alerts, their confirmation, their end and their return."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.reading import Flag
from ingest.alerting import episodes
from ingest.alerting.episode import Outcome
from ingest.alerting.states import NotAllowed, State
from tests.ingest.alerting.town import Town


def test_a_critical_home_reading_asks_for_a_repeat_and_opens_when_it_agrees(town: Town) -> None:
    resident = town.resident()
    town.pressure(resident, 186, 112)
    town.look()
    assert town.states() == ["confirming"]
    assert town.alerts() == []
    town.pass_time(3)
    town.pressure(resident, 184, 108)
    town.look()
    alert = town.alert()
    assert (alert.cause, alert.tier, alert.state) == ("blood_pressure_high", 1, State.OPEN)
    assert [one["values"]["systolic"] for one in alert.finding["readings"]] == [186, 184]
    assert town.whys() == ["waiting_for_repeat", "repeat_agreed"]


def test_no_repeat_within_ten_minutes_opens(town: Town) -> None:
    town.pressure(town.resident(), 186, 112)
    town.look()
    town.pass_time(9.9)
    assert town.alerts() == []
    town.pass_time(0.1)
    assert town.alert().finding["why"] == "no_repeat_in_time"


def test_a_normal_repeat_closes_it_unconfirmed_and_nobody_is_told(town: Town) -> None:
    resident = town.resident()
    town.pressure(resident, 186, 112)
    town.look()
    town.pass_time(2)
    town.pressure(resident, 150, 90)
    town.look()
    town.pass_time(60)
    assert town.states() == ["closed"]
    assert town.alerts() == []


def test_glucose_of_2_8_opens_at_once(town: Town) -> None:
    town.sugar(town.resident(conditions=["diabetes"]), 2.8)
    town.look()
    assert (town.alert().cause, town.alert().tier) == ("glucose_low", 1)


@pytest.mark.parametrize("glucose", [3.9, 4.4, 13.8])
def test_glucose_within_limits_tells_nobody(town: Town, glucose: float) -> None:
    town.sugar(town.resident(conditions=["diabetes"]), glucose)
    town.look()
    town.pass_time(60)
    assert town.states() == []


def test_home_136_84_is_above_its_limit_but_nothing_to_page_anybody_for(town: Town) -> None:
    town.pressure(town.resident(), 136, 84)
    town.look()
    town.pass_time(60)
    assert town.states() == []


def test_hi_of_a_glucose_meter_is_critical_and_lo_opens_at_once(town: Town) -> None:
    high, low = town.resident(), town.resident()
    town.sugar(high, None, flags=Flag.ABOVE_RANGE)
    town.sugar(low, None, flags=Flag.BELOW_RANGE)
    town.look()
    assert [alert.resident_id for alert in town.alerts()] == [low]
    town.pass_time(10)
    assert {(alert.resident_id, alert.cause, alert.tier) for alert in town.alerts()} == {
        (high, "glucose_high", 1),
        (low, "glucose_low", 1),
    }


def test_a_moving_arm_alone_opens_nothing(town: Town) -> None:
    town.pressure(town.resident(), 200, 120, flags=Flag.BODY_MOVEMENT)
    town.look()
    assert town.states() == ["confirming"]
    town.pass_time(10)
    town.pass_time(600)
    assert town.states() == ["closed"]


def test_a_memory_of_old_readings_pages_nobody(town: Town) -> None:
    resident = town.resident()
    for days in range(4, 30):
        town.pressure(resident, 200, 120, at=town.now - timedelta(days=days))
    town.look()
    assert town.states() == []


def test_a_memory_read_in_pieces_gives_one_alert(town: Town) -> None:
    resident, began = town.resident(), town.now - timedelta(hours=2)
    for minutes in (2, 0, 1):
        town.pressure(resident, 190, 115, at=began + timedelta(minutes=minutes))
        town.look()
    alert = town.alert()
    assert alert.began_at == began
    assert len(alert.finding["readings"]) == 3


def test_the_same_work_again_changes_nothing(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    assert town.look() == 1
    town.connection.execute("insert into telemetry.work (resident_id) values (%s), (%s)", [resident, resident])
    assert town.look() == 0
    assert town.alert().revision == 1


def test_two_normal_readings_end_an_alert_and_its_record_is_kept(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    town.look()
    began = town.alert()
    for minutes in (15, 15):
        town.pass_time(minutes)
        town.sugar(resident, 5.6)
        town.look()
    assert town.alerts() == []
    (kept,) = town.episodes()
    assert (kept.state, kept.outcome, kept.opened_at) == (State.CLOSED, Outcome.RESOLVED, began.opened_at)
    told = [entry.why for entry in episodes.history(town.connection, resident, kept.episode_id or 0)]
    assert told == ["dangerous_at_once", "new_reading", "normal_again"]


def test_an_acknowledged_alert_without_action_comes_back(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    town.look()
    alert = town.alert()
    assert alert.episode_id
    held = episodes.acknowledge(
        town.connection, resident, alert.episode_id, alert.revision, staff_id=town.doctor, now=town.now
    )
    assert town.alert() == held
    assert held.state is State.ACKNOWLEDGED
    town.pass_time(4 * 60 - 1)
    assert town.alert().state is State.ACKNOWLEDGED
    town.pass_time(1)
    assert (town.alert().state, town.alert().returned_from) == (State.OPEN, "acknowledged")
    last = episodes.history(town.connection, resident, alert.episode_id)[-1]
    assert (last.why, last.from_state, last.actor) == ("returned", "acknowledged", "engine")


def test_an_alert_that_is_acted_on_again_and_again_is_never_forgotten(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    town.look()
    for call in range(4):
        alert = town.alert()
        assert alert.episode_id
        episodes.act(
            town.connection,
            resident,
            alert.episode_id,
            alert.revision,
            staff_id=town.doctor,
            now=town.now,
            note=f"call {call + 1}",
        )
        town.pass_time(3.5 * 60)
        assert town.alert().state is State.ACKNOWLEDGED
    town.pass_time(30)
    assert town.alert().returned_from == "acknowledged"
    told = episodes.history(town.connection, resident, town.alert().episode_id or 0)
    assert [entry.note for entry in told] == [None, "call 1", "call 2", "call 3", "call 4", None]
    assert told[1].returns_at == told[1].at + timedelta(hours=4)


def test_what_is_set_aside_comes_back_at_its_end_or_when_it_is_taken_back(town: Town) -> None:
    residents = [town.resident(), town.resident()]
    for resident in residents:
        town.sugar(resident, 2.8)
    town.look()
    for alert in town.alerts():
        episodes.shelve(
            town.connection,
            alert.resident_id,
            alert.episode_id or 0,
            alert.revision,
            staff_id=town.doctor,
            until=town.now + timedelta(days=1),
            now=town.now,
            note="in hospital until tomorrow",
        )
    town.pass_time(60)
    assert [alert.state for alert in town.alerts()] == [State.SHELVED, State.SHELVED]
    early = next(alert for alert in town.alerts() if alert.resident_id == residents[0])
    episodes.unshelve(
        town.connection, residents[0], early.episode_id or 0, early.revision, staff_id=town.deputy, now=town.now
    )
    town.pass_time(23 * 60)
    assert {(alert.resident_id, alert.state, alert.returned_from) for alert in town.alerts()} == {
        (residents[0], State.OPEN, None),
        (residents[1], State.OPEN, "shelved"),
    }
    assert town.whys().count("unshelved") == town.whys().count("shelf_over") == 1


def test_a_closed_alert_stays_closed_until_something_new_is_measured(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    town.look()
    alert = town.alert()
    assert alert.episode_id
    town.now += timedelta(minutes=5)
    closed = episodes.close(
        town.connection,
        resident,
        alert.episode_id,
        alert.revision,
        staff_id=town.doctor,
        outcome=Outcome.ADVISED,
        note="ate something",
        now=town.now,
    )
    assert (closed.state, closed.outcome) == (State.CLOSED, Outcome.ADVISED)
    town.sugar(resident, 2.9, at=town.now - timedelta(minutes=1))  # was on its way when the doctor called
    town.look()
    assert town.alerts() == []
    town.pass_time(60)
    town.sugar(resident, 2.6)
    town.look()
    again = town.alert()
    assert again.episode_id != alert.episode_id
    assert [one["values"]["glucose"] for one in again.finding["readings"]] == [2.6]
    last = episodes.history(town.connection, resident, alert.episode_id)[-1]
    assert (last.actor, last.note, last.from_state) == (f"staff:{town.doctor}", "ate something", "open")


def test_shelving_high_never_mutes_low(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 18.0)
    town.look()
    town.pass_time(10)
    high = town.alert()
    assert high.episode_id
    episodes.shelve(
        town.connection,
        resident,
        high.episode_id,
        high.revision,
        staff_id=town.doctor,
        until=town.now + timedelta(days=7),
        now=town.now,
        note="new medicine, wait for it to work",
    )
    town.pass_time(60)
    town.sugar(resident, 2.7)
    town.look()
    assert {(alert.cause, alert.state) for alert in town.alerts()} == {
        ("glucose_high", State.SHELVED),
        ("glucose_low", State.OPEN),
    }


def test_of_two_doctors_one_wins_and_the_other_is_told_who_and_what(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    town.look()
    alert = town.alert()
    assert alert.episode_id
    episodes.acknowledge(
        town.connection, resident, alert.episode_id, alert.revision, staff_id=town.deputy, now=town.now
    )
    with pytest.raises(episodes.Overtaken) as told:
        episodes.close(
            town.connection,
            resident,
            alert.episode_id,
            alert.revision,
            staff_id=town.doctor,
            outcome=Outcome.ADVISED,
            now=town.now,
        )
    assert (told.value.current.state, told.value.current.revision) == (State.ACKNOWLEDGED, alert.revision + 1)
    assert (told.value.actor, told.value.at) == (f"staff:{town.deputy}", town.now)


def test_nobody_closes_an_alert_twice_or_one_that_is_not_there(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    town.look()
    alert = town.alert()
    assert alert.episode_id

    def close(episode_id: int, revision: int) -> None:
        episodes.close(
            town.connection,
            resident,
            episode_id,
            revision,
            staff_id=town.doctor,
            outcome=Outcome.OTHER,
            now=town.now,
        )

    close(alert.episode_id, alert.revision)
    with pytest.raises(NotAllowed):
        close(alert.episode_id, alert.revision + 1)
    with pytest.raises(episodes.NoSuchEpisode):
        close(alert.episode_id + 1, 1)


def test_the_alerting_role_may_do_all_the_engine_does_and_the_api_role_all_that_staff_do(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.8)
    town.connection.execute("set role maixun_alerting")
    town.look()
    town.connection.execute("set role maixun_api")
    alert = town.alert()
    assert alert.episode_id
    episodes.acknowledge(town.connection, resident, alert.episode_id, 1, staff_id=town.doctor, now=town.now)
    town.connection.execute("reset role")
