"""The resident identity card (二代身份证) through a reader with a SAM_A module: GA/T 467 frames, text only. Pure.

Host to reader: `AA AA AA 96 69`, length (2 bytes, from the command to the checksum), command, parameter, XOR of all
after the preamble. Reader to host: the same preamble, length, three status bytes, data, XOR. The answer to "read" is
1,295 bytes: two lengths, 256 bytes of text (UTF-16LE), 1,024 of photo. The photo's bytes pass through the checksum and
are dropped unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.kiosk import masking
from gateway.kiosk.outcome import Sex

PREAMBLE = bytes.fromhex("AAAAAA9669")
_STATUS, _LENGTHS, _TEXT = 3, 4, 256
_KEPT = _STATUS + _LENGTHS + _TEXT  # all that is ever held of an answer; the photo comes after
_LONGEST = 4096  # no answer to our commands is longer: such a length is noise
_GOOD = frozenset({b"\x00\x00\x90", b"\x00\x00\x9f"})  # done; card found
_NAME, _SEX, _NUMBER = slice(0, 30), slice(30, 32), slice(122, 158)
_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECKS = "10X98765432"


class Unreadable(Exception):
    """The answer holds no readable card: lay it down again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the reader, without any photo."""

    good: bool
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdCard:
    """What is taken from a card; the full name is not. `number` must not outlive the making of a token."""

    masked_name: str
    sex: Sex | None
    number: str = field(repr=False)


def _xor(data: bytes | bytearray) -> int:
    result = 0
    for byte in data:
        result ^= byte
    return result


def command(code: int, parameter: int) -> bytes:
    """A command frame."""
    body = bytes([0, 3, code, parameter])
    return PREAMBLE + body + bytes([_xor(body)])


FIND, SELECT, READ = command(0x20, 0x01), command(0x20, 0x02), command(0x30, 0x01)


class AnswerReader:
    """Takes bytes as they come from the line and gives answers whose checksum is right; others are passed over."""

    def __init__(self) -> None:
        self._head = bytearray()  # preamble and length, as far as they have come
        self._kept = bytearray()
        self._left = 0
        self._xor = 0

    def feed(self, received: bytes) -> Iterator[Answer]:
        """The answers that these bytes complete."""
        for byte in received:
            if self._left:
                yield from self._body(byte)
            else:
                self._begin(byte)

    def _begin(self, byte: int) -> None:
        head = self._head
        head.append(byte)
        while head and not (PREAMBLE.startswith(head) or head.startswith(PREAMBLE)):
            del head[0]
        if len(head) < len(PREAMBLE) + 2:
            return
        length = int.from_bytes(head[-2:], "big")
        self._xor = _xor(head[-2:])
        self._left = length if _STATUS < length <= _LONGEST else 0
        head.clear()
        self._kept.clear()

    def _body(self, byte: int) -> Iterator[Answer]:
        self._left -= 1
        self._xor ^= byte
        if self._left:
            if len(self._kept) < _KEPT:
                self._kept.append(byte)
            return
        if self._xor == 0:  # the checksum itself is the last byte
            yield Answer(bytes(self._kept[:_STATUS]) in _GOOD, bytes(self._kept[_STATUS:]))
        self._kept.clear()


def parse(data: bytes) -> IdCard:
    """A card from the data of the answer to `READ`. Raises `Unreadable`."""
    if len(data) != _LENGTHS + _TEXT or int.from_bytes(data[:2], "big") != _TEXT:
        raise Unreadable("the answer does not hold 256 bytes of text")
    text = data[_LENGTHS:]
    try:
        number, name, sex = (text[part].decode("utf-16-le").strip("\0 ") for part in (_NUMBER, _NAME, _SEX))
    except UnicodeDecodeError:
        raise Unreadable("the text is not UTF-16") from None
    if not is_number(number):
        raise Unreadable("the ID number's check digit is wrong")
    return IdCard(masking.name(name), _SEXES.get(sex), number.upper())


def is_number(number: str) -> bool:
    """Whether it has the form of an 18-character ID number and the check digit of GB 11643."""
    digits, check = number[:17], number[17:].upper()
    if len(number) != 18 or not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return _CHECKS[total % 11] == check
