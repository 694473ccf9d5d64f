"""The citizen's ID number (GB 11643-1999): its check digit, and the birthday and sex that stand in it."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

_FORM = re.compile(r"[0-9]{17}[0-9X]")
_CHECK_DIGITS = "10X98765432"
_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))


class InNumber(NamedTuple):
    """What an ID number says of its holder. `sex`: FHIR administrative-gender."""

    birth_date: date
    sex: str


def is_valid(number: str) -> bool:
    """Whether form, birthday and check digit are right. The letter is a capital X."""
    if not _FORM.fullmatch(number) or check_digit(number[:17]) != number[17]:
        return False
    try:
        _birth_date(number)
    except ValueError:
        return False
    return True


def check_digit(first_17: str) -> str:
    """ISO 7064, MOD 11-2: the digit at distance n from the check digit weighs 2^n mod 11."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11]


def read(number: str) -> InNumber:
    """What a valid number says."""
    return InNumber(_birth_date(number), "male" if int(number[16]) % 2 else "female")


def _birth_date(number: str) -> date:
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
