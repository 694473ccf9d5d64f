"""The desk where a meter's code is asked for, without any radio."""

from __future__ import annotations

import asyncio

import pytest

from gateway.passkey_desk import NoCode, NotAsked, PasskeyDesk


@pytest.mark.parametrize("typed", ["12345", "1234567", "12 345", "abcdef", "१२३४५६", ""])
async def test_only_six_digits_are_a_code(typed: str) -> None:
    desk = PasskeyDesk()
    asking = asyncio.create_task(desk.ask("A", "Accu-Chek", 10))
    await asyncio.sleep(0)
    assert desk.question is not None
    with pytest.raises(ValueError, match="6 digits"):
        desk.answer(desk.question.number, typed)
    desk.answer(desk.question.number, " 000042 ")
    assert await asking == 42


async def test_an_answer_to_an_older_question_is_not_taken_for_the_newer_one() -> None:
    desk = PasskeyDesk()
    with pytest.raises(NoCode, match="nobody typed it"):
        await desk.ask("A", "Accu-Chek", 0)
    asking = asyncio.create_task(desk.ask("A", "Accu-Chek", 10))
    await asyncio.sleep(0)
    with pytest.raises(NotAsked):
        desk.answer(1, "123456")
    desk.answer(2, "654321")
    with pytest.raises(NotAsked):
        desk.answer(2, "123456")
    assert await asking == 654321


async def test_one_question_at_a_time() -> None:
    desk = PasskeyDesk()
    asking = asyncio.create_task(desk.ask("A", "Accu-Chek", 10))
    await asyncio.sleep(0)
    with pytest.raises(NoCode, match="another meter"):
        await desk.ask("B", "Accu-Chek", 10)
    desk.withdraw()
    with pytest.raises(NoCode, match="broke off"):
        await asking
    desk.withdraw()  # nothing is asked any more
