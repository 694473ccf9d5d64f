"""Every SFLOAT code there is, FLOAT by property, and dates with unknown parts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ieee11073 import (
    DateTime,
    Quantity,
    Special,
    float32,
    float32_code,
    quantity,
    sfloat,
    sfloat_code,
    shown,
)

SFLOAT_SPECIALS = {0x07FF: "NaN", 0x0800: "NRes", 0x07FE: "+INF", 0x0802: "-INF", 0x0801: "RFU"}
FLOAT_SPECIALS = {0x7FFFFF: "NaN", 0x800000: "NRes", 0x7FFFFE: "+INF", 0x800002: "-INF", 0x800001: "RFU"}


def test_every_sfloat_code_means_what_the_standard_says_and_encodes_back() -> None:
    for code in range(1 << 16):
        value = sfloat(code)
        assert sfloat_code(value) == code
        if code in SFLOAT_SPECIALS:
            assert shown(value) == SFLOAT_SPECIALS[code]
            continue
        mantissa, exponent = (code & 0xFFF ^ 0x800) - 0x800, (code >> 12 ^ 8) - 8
        assert isinstance(value, Quantity)
        assert value.number() == float(Decimal(mantissa).scaleb(exponent))


@given(st.integers(0, (1 << 32) - 1))
def test_a_float_code_encodes_back(code: int) -> None:
    value = float32(code)
    assert float32_code(value) == code
    if isinstance(value, Quantity):
        mantissa, exponent = (code & 0xFFFFFF ^ 0x800000) - 0x800000, (code >> 24 ^ 0x80) - 0x80
        assert float(value.number()) == float(Decimal(mantissa).scaleb(exponent))


@pytest.mark.parametrize(("code", "name"), FLOAT_SPECIALS.items())
def test_a_special_float_is_never_a_number(code: int, name: str) -> None:
    value = float32(code)
    assert isinstance(value, Special)
    assert shown(value) == name


def test_precision_is_kept() -> None:
    assert sfloat(0xF014) == Quantity(20, -1)
    assert sfloat(0xE0C8) == Quantity(200, -2)
    assert sfloat(0x0002) == Quantity(2, 0)


@pytest.mark.parametrize("value", [Quantity(2047, 0), Quantity(-2048, 0), Quantity(2046, 0), Quantity(-2047, 0)])
def test_a_number_that_would_read_as_special_is_not_encoded(value: Quantity) -> None:
    with pytest.raises(ValueError, match="would read as"):
        sfloat_code(value)


@pytest.mark.parametrize("value", [Quantity(2048, 0), Quantity(-2049, 0), Quantity(1, 8), Quantity(1, -9)])
def test_a_number_that_does_not_fit_is_not_encoded(value: Quantity) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        sfloat_code(value)


def test_a_float_that_would_read_as_special_or_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="would read as"):
        float32_code(Quantity(0x7FFFFF, 0))
    with pytest.raises(ValueError, match="does not fit"):
        float32_code(Quantity(1, 128))


@given(st.integers(-2000, 2000), st.integers(-8, 7))
def test_the_nearest_quantity_of_a_number_is_itself(mantissa: int, exponent: int) -> None:
    assert quantity(Quantity(mantissa, exponent).number(), exponent) == Quantity(mantissa, exponent)


@given(st.datetimes(min_value=datetime(1582, 1, 1), max_value=datetime(9999, 12, 31)))
def test_a_date_comes_back_to_the_second(moment: datetime) -> None:
    assert DateTime.of(moment).naive() == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "parts", [(0, 6, 15), (2026, 0, 15), (2026, 6, 0), (0, 0, 0), (2026, 2, 30), (2026, 13, 1), (65535, 255, 255)]
)
def test_an_unknown_or_impossible_date_is_no_stamp(parts: tuple[int, int, int]) -> None:
    assert DateTime(*parts, 8, 30, 0).naive() is None
    assert DateTime(*parts, 8, 30, 0).shown() is None


@pytest.mark.parametrize("clock", [(24, 0, 0), (8, 60, 0), (8, 30, 60)])
def test_an_impossible_time_of_day_is_no_stamp(clock: tuple[int, int, int]) -> None:
    assert DateTime(2026, 6, 15, *clock).naive() is None
