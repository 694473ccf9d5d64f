"""A meter that shows a code while it bonds: a person is asked for it, and everything else goes on if there is none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.passkey_desk import NotAsked, PasskeyDesk, Question
from gateway.turns import Failing
from tests.gateway.ble.logged import until_logged
from tests.gateway.ble.station import LOCAL, NOW, PATIENCE, Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.indicating_meter import BloodPressureMeter
from tests.harness.radio.pace import PACE

ADDRESS, OTHER = "F0:F1:F2:F3:F4:05", "F0:F1:F2:F3:F4:06"
CODE, SHOWN = "004711", "shows 004711"
ONE_TRY = PATIENCE.model_copy(update={"failures": 1, "passkey": 20.0 * PACE})


def meter(radio: Air) -> GlucoseMeter:
    """An Accu-Chek, which shows a code and tells nothing before it is typed."""
    record = packets.glucose(1, 100, LOCAL - timedelta(hours=1))
    return GlucoseMeter(radio=radio, address=ADDRESS, name="meter+1234", secure=True, code=CODE, records=[record])


def desk_where_somebody_types(*codes: str) -> tuple[PasskeyDesk, list[Question | None]]:
    """Each question gets the next of the codes; also everything that was published."""
    desk, published, typing = PasskeyDesk(now=lambda: NOW), list[Question | None](), iter(codes)

    def look(question: Question | None) -> None:
        published.append(question)
        if question is not None:
            desk.answer(question.number, next(typing))

    desk.watch(look)
    return desk, published


async def test_the_right_code_bonds_it_and_its_records_come(radio: Air, station: Station) -> None:
    desk, published = desk_where_somebody_types(CODE)
    async with meter(radio) as accu_chek, station.listening(ONE_TRY, passkeys=desk):
        await station.until_rows(1)
    assert published == [Question(1, ADDRESS, "Accu-Chek", NOW + timedelta(seconds=ONE_TRY.passkey)), None]
    assert accu_chek.diary.times(SHOWN) == 1
    assert accu_chek.diary.times("bonded") == 1
    assert station.radio.failing == []


async def test_a_wrong_code_is_said_and_the_next_visit_asks_again(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    desk, published = desk_where_somebody_types("004712", CODE)
    patience = PATIENCE.model_copy(update={"passkey": 20.0 * PACE})
    async with meter(radio) as accu_chek, station.listening(patience, passkeys=desk):
        await station.until_rows(1)
    assert "the meter refused the code that was typed" in caplog.text
    assert [question and question.number for question in published] == [1, None, 2, None]
    assert accu_chek.diary.times("bonded") == 1


async def test_nobody_types_and_the_other_meters_are_read(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    desk = PasskeyDesk(now=lambda: NOW)
    patience = PATIENCE.model_copy(update={"failures": 1, "passkey": 0.2 * PACE})
    record = packets.blood_pressure(128, 80, LOCAL - timedelta(hours=1))
    async with meter(radio) as accu_chek, station.listening(patience, passkeys=desk):
        await until_logged(caplog, f"{ADDRESS} is left alone")
        async with BloodPressureMeter(radio=radio, address=OTHER, records=[record]):
            (row,) = await station.until_rows(1)
        (failing,) = station.radio.failing
    assert row["device"] == OTHER
    assert failing == Failing(
        ADDRESS, 1, f"it shows a code, and nobody typed it within {patience.passkey:.0f} s", left_alone=True
    )
    assert accu_chek.diary.times("bonded") == 0
    assert desk.question is None


async def test_somebody_says_no(radio: Air, station: Station, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    desk = PasskeyDesk(now=lambda: NOW)
    desk.watch(lambda question: None if question is None else desk.decline(question.number))
    async with meter(radio) as accu_chek, station.listening(ONE_TRY, passkeys=desk):
        await accu_chek.diary.until("hang up")
    assert "somebody said no" in caplog.text
    assert accu_chek.diary.times("bonded") == 0


async def test_where_nobody_can_be_asked_it_is_left_for_a_person_to_bond(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with meter(radio) as accu_chek, station.listening(ONE_TRY):
        await accu_chek.diary.until("hang up")
    assert "bond it once by hand" in caplog.text
    assert accu_chek.diary.times("bonded") == 0


async def test_a_meter_that_goes_away_takes_its_question_with_it(radio: Air, station: Station) -> None:
    desk, asked = PasskeyDesk(now=lambda: NOW), list[Question]()
    async with meter(radio) as accu_chek, station.listening(ONE_TRY, passkeys=desk):
        leaving = accu_chek.hang_up()
        desk.watch(lambda question: None if question is None else accu_chek.in_background(leaving))
        desk.watch(lambda question: None if question is None else asked.append(question))
        await accu_chek.diary.until("hang up")
    assert desk.question is None
    with pytest.raises(NotAsked, match="not asked for any more"):
        desk.answer(asked[0].number, CODE)


async def test_a_meter_that_needs_no_code_is_not_asked_for_one(radio: Air, station: Station) -> None:
    desk, published = desk_where_somebody_types()
    record = packets.blood_pressure(128, 80, LOCAL - timedelta(hours=1))
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, secure=True, records=[record]),
        station.listening(ONE_TRY, passkeys=desk),
    ):
        await station.until_rows(1)
    assert published == []
