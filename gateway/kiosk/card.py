"""The text in a QR card: a person's token with a checksum, in capitals and digits that every scanner types alike.

`MX`, 26 characters of Crockford's base 32 for the 128 bits, 2 for the checksum. No letter O, I, L or U; case does not
count, because a keyboard wedge may lose it.
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

PREFIX = "MX"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TOKEN_CHARACTERS, _CHECK_CHARACTERS = 26, 2
_LENGTH = len(PREFIX) + _TOKEN_CHARACTERS + _CHECK_CHARACTERS


class NotACard(ValueError):
    """The scanned text is no card of ours, or was read wrongly."""


def encode(token: UUID) -> str:
    """The text of the card, 30 characters."""
    return PREFIX + _digits(token.int, _TOKEN_CHARACTERS) + _check(token)


def decode(text: str) -> UUID:
    """The token on a card. Raises `NotACard`."""
    code = text.strip().upper()
    if len(code) != _LENGTH or not code.startswith(PREFIX):
        raise NotACard("the text has not the form of a card")
    try:
        number = _number(code[len(PREFIX) : -_CHECK_CHARACTERS])
        token = UUID(int=number)
    except ValueError:
        raise NotACard("the text holds characters that no card has") from None
    if code[-_CHECK_CHARACTERS:] != _check(token):
        raise NotACard("the checksum is wrong")
    return token


def _check(token: UUID) -> str:
    bits = int.from_bytes(blake2b(token.bytes, digest_size=2, person=b"maixun card").digest(), "big")
    return _digits(bits & 0x3FF, _CHECK_CHARACTERS)


def _digits(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number << 5 | _ALPHABET.index(digit)
    return number
