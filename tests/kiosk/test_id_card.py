"""The ID card reader: frames of GA/T 467, a reader on a pseudo-terminal, and no photo kept anywhere."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kiosk import id_card
from gateway.kiosk.card_reader import CardReader
from gateway.kiosk.id_card import FIND, PREAMBLE, READ, SELECT, Answer, AnswerReader, IdCard, Unreadable
from gateway.kiosk.outcome import Sex
from tests.kiosk.test_identity import NUMBER
from tests.kiosk.wires import Wire, wire

PHOTO = bytes(range(1, 256)) * 4 + b"WLT!"
FOUND, NO_CARD, DONE = b"\x00\x00\x9f", b"\x00\x00\x80", b"\x00\x00\x90"


def text(name: str = "李建国", sex: str = "1", number: str = NUMBER) -> bytes:
    """The 256 bytes of a card."""
    widths = (
        (name, 15),
        (sex, 1),
        ("01", 2),
        ("19491231", 8),
        ("某省某县某村 1 号", 35),
        (number, 18),
        ("某县公安局", 15),
    )
    fields = "".join(value.ljust(width) for value, width in widths)
    return (fields + "2020010120400101" + " " * 18).encode("utf-16-le")


def answer(status: bytes, data: bytes = b"") -> bytes:
    """A frame from the reader."""
    body = (len(status) + len(data) + 1).to_bytes(2, "big") + status + data
    check = 0
    for byte in body:
        check ^= byte
    return PREAMBLE + body + bytes([check])


def card_answer(content: bytes) -> bytes:
    return answer(DONE, len(content).to_bytes(2, "big") + len(PHOTO).to_bytes(2, "big") + content + PHOTO)


def test_the_commands_are_those_of_the_standard() -> None:
    assert FIND.hex() == "aaaaaa96690003200122"
    assert SELECT.hex() == "aaaaaa96690003200221"
    assert READ.hex() == "aaaaaa96690003300132"


def test_the_answer_to_read_has_1295_bytes_and_a_text_of_256() -> None:
    assert len(text()) == 256
    assert len(card_answer(text())) == 1295


def test_a_card_gives_a_masked_name_sex_and_number_and_nothing_else() -> None:
    [read] = AnswerReader().feed(card_answer(text(sex="2")))
    assert id_card.parse(read.data) == IdCard("李*国", Sex.FEMALE, NUMBER)


def test_the_photo_is_dropped_while_it_passes() -> None:
    reader = AnswerReader()
    held = 0
    for byte in card_answer(text()):
        for read in reader.feed(bytes([byte])):
            assert PHOTO[:8] not in read.data
            assert len(read.data) == 4 + 256
        held = max(held, len(reader._kept))
    assert held == 3 + 4 + 256


@given(st.binary(max_size=20), st.lists(st.integers(1, 400), max_size=8))
def test_noise_before_and_cuts_anywhere_change_nothing(noise: bytes, cuts: list[int]) -> None:
    stream = noise.replace(b"\xaa", b"\x00") + card_answer(text())
    reader, at = AnswerReader(), 0
    answers: list[Answer] = []
    for cut in [*cuts, len(stream)]:
        answers += reader.feed(stream[at : at + cut])
        at += cut
    assert [found.good for found in answers] == [True]


@given(st.binary(max_size=3000))
def test_no_bytes_make_the_reader_fail(received: bytes) -> None:
    for found in AnswerReader().feed(received):
        with contextlib.suppress(Unreadable):
            id_card.parse(found.data)


def test_a_wrong_checksum_is_no_answer() -> None:
    frame = bytearray(card_answer(text()))
    frame[700] ^= 1
    assert list(AnswerReader().feed(bytes(frame))) == []


@pytest.mark.parametrize(
    "content", [text(number="110105194912310021"), text(number=""), text()[:200], b"\xd8" * 256], ids=str
)
def test_an_unreadable_card_says_so(content: bytes) -> None:
    [read] = AnswerReader().feed(card_answer(content))
    with pytest.raises(Unreadable):
        id_card.parse(read.data)


class Reader:
    """A reader at the other end of the line: a card lies on it, or not; a moved card does not answer."""

    def __init__(self, line: Wire) -> None:
        self.line = line
        self.content: bytes | None = None
        self.moved = False
        self.commands: list[bytes] = []

    async def run(self) -> None:
        received = b""
        while True:
            received += await self.line.hears()
            while len(received) >= len(FIND):
                command, received = received[: len(FIND)], received[len(FIND) :]
                self.commands.append(command)
                self.line.says(self.answer(command))

    def answer(self, command: bytes) -> bytes:
        if self.content is None or (self.moved and command != FIND):
            return answer(NO_CARD)
        return {FIND: answer(FOUND, bytes(4)), SELECT: answer(DONE, bytes(8)), READ: card_answer(self.content)}[command]

    async def looked(self) -> None:
        """Until the kiosk has looked twice from now."""
        seen = self.commands.count(FIND)
        await until(lambda: self.commands.count(FIND) >= seen + 2)


@asynccontextmanager
async def reading(line: Wire, **hooks: Callable[..., object]) -> AsyncIterator[Reader]:
    """A reader and the kiosk that reads it."""
    reader = Reader(line)
    kiosk = CardReader(line.path, 115200, **hooks)  # type: ignore[arg-type]
    tasks = [asyncio.create_task(reader.run()), asyncio.create_task(kiosk.run())]
    try:
        yield reader
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that becomes true, for a bounded time."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_card_is_read_once_and_again_when_it_was_taken_away() -> None:
    found: list[IdCard] = []
    with wire() as line:
        async with reading(line, wanted=lambda: True, found=found.append, unreadable=lambda: None) as reader:
            await reader.looked()
            reader.content = text()
            await until(lambda: len(found) == 1)
            await reader.looked()
            assert len(found) == 1, "it still lies there"
            reader.content = None
            await reader.looked()
            reader.content = text("王芳", "2")
            await until(lambda: len(found) == 2)
    assert [card.masked_name for card in found] == ["李*国", "王*"]


async def test_a_card_that_moved_is_asked_for_again() -> None:
    found: list[IdCard] = []
    unreadable: list[None] = []
    with wire() as line:
        hooks: dict[str, Callable[..., object]] = {
            "wanted": lambda: True,
            "found": found.append,
            "unreadable": lambda: unreadable.append(None),
        }
        async with reading(line, **hooks) as reader:
            reader.content, reader.moved = text(), True
            await until(lambda: bool(unreadable))
            reader.moved = False
            await until(lambda: bool(found))


async def test_outside_of_the_first_steps_no_card_is_looked_for() -> None:
    asked: list[bool] = []
    found: list[IdCard] = []

    def wanted() -> bool:
        asked.append(len(asked) >= 3)
        return asked[-1]

    with wire() as line:
        async with reading(line, wanted=wanted, found=found.append, unreadable=lambda: None) as reader:
            reader.content = text()
            await until(lambda: len(asked) == 3)
            assert reader.commands == []
            await until(lambda: bool(found))


def test_answers_do_not_show_their_data() -> None:
    assert "41424344" not in repr(Answer(True, b"ABCD"))
    assert "ABCD" not in repr(Answer(True, b"ABCD"))
