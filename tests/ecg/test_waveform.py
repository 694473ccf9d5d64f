"""The compact form of a curve."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.waveform import MOST_SAMPLES, Waveform, WaveformDamaged, unpack
from tests.ecg.made import recording, sinus

SAMPLES = st.lists(st.integers(-0x8000, 0x7FFF), min_size=1, max_size=300).map(tuple)


@given(SAMPLES)
def test_what_is_packed_is_unpacked_whatever_jumps_it_has(microvolts: tuple[int, ...]) -> None:
    waveform = Waveform(sampling_rate=250.0, microvolts=microvolts)
    assert unpack(250.0, waveform.pack()) == waveform


@given(st.binary(max_size=200))
def test_bytes_that_are_no_waveform_say_so(packed: bytes) -> None:
    with pytest.raises(WaveformDamaged):
        unpack(250.0, packed)


@given(SAMPLES, st.data())
def test_a_waveform_cut_short_says_so(microvolts: tuple[int, ...], data: st.DataObject) -> None:
    packed = Waveform(sampling_rate=250.0, microvolts=microvolts).pack()
    with pytest.raises(WaveformDamaged):
        unpack(250.0, packed[: data.draw(st.integers(0, len(packed) - 1))])


def test_a_small_message_cannot_unpack_to_a_large_one() -> None:
    with pytest.raises(WaveformDamaged):
        unpack(250.0, zlib.compress(bytes(50_000_000), 9))


def test_half_a_minute_is_small() -> None:
    waveform = recording(sinus()).waveform
    assert waveform.seconds == 30
    assert len(waveform.pack()) < 10_000


@pytest.mark.parametrize("microvolts", [(0x8000,), (-0x8001,), (0,) * (MOST_SAMPLES + 1)])
def test_what_does_not_fit_is_refused(microvolts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at most 60000 samples of 16 bits"):
        Waveform(sampling_rate=250.0, microvolts=microvolts).pack()
