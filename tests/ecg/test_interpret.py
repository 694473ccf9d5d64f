"""From a recording to a reading: at most the request for a doctor, and a bad recording is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ecg.interpret import NOT_READABLE, Arrival, examine, interpret
from devices.ecg.quality import Trouble
from devices.ecg.recording import NotARecording, of_millivolts
from devices.ecg.rhythm import Rhythm, rhythm
from devices.reading import ClockQuality, Flag, Kind, Reading, Unusable
from tests.ecg.made import ARRIVAL, CRITERIA, DEVICE, NOW, POLICY, STARTED, ZONE, fibrillation, recording, sinus
from tests.ecg.synthetic import Signal, ecg, regular

PERSON = UUID("7d9f1c9e-0000-4000-8000-000000000001")


def read(signal: Signal, arrival: Arrival = ARRIVAL) -> Reading | Unusable:
    return interpret(recording(signal), arrival, policy=POLICY, criteria=CRITERIA)


def test_a_readable_recording_is_a_reading_with_its_curve() -> None:
    found = read(sinus(), replace(ARRIVAL, person=PERSON))
    assert isinstance(found, Reading)
    assert (found.kind, found.device, found.person, found.user_slot) == (Kind.ECG, DEVICE, PERSON, None)
    assert found.values["pulse"] == pytest.approx(72, abs=1)
    assert found.flags == Flag(0)
    assert found.measured_at == datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
    assert found.clock is ClockQuality.ASSUMED
    assert found.waveform == recording(sinus()).waveform


def test_irregular_rhythms_ask_for_a_doctor_and_regular_ones_do_not() -> None:
    made = [(seed, 50 + seed % 90) for seed in range(60)]
    irregular = [read(fibrillation(seed, rate)).flags for seed, rate in made]  # type: ignore[union-attr]
    steady = [read(sinus(seed, rate)).flags for seed, rate in made]  # type: ignore[union-attr]
    assert irregular.count(Flag.POSSIBLE_AF) >= 57  # of few beats, now and then enough are alike by chance
    assert set(irregular) <= {Flag.POSSIBLE_AF, Flag(0)}
    assert set(steady) == {Flag(0)}


def noise(seed: int = 1) -> Signal:
    return np.random.default_rng(seed).normal(0, 0.3, 7500)


def half_off() -> Signal:
    signal = sinus()
    signal[3750:] = 0.01
    return signal


@pytest.mark.parametrize(
    ("signal", "wrong"),
    [
        (sinus()[:7000], Trouble.TOO_SHORT),
        (np.zeros(7500), Trouble.FLAT),
        (half_off(), Trouble.FLAT),
        (np.clip(sinus() * 6, -1.0, 1.0), Trouble.SATURATED),
        (ecg([1.0, 6.0, 11.0, 16.0, 21.0, 26.0], drift=0.4), Trouble.NO_BEATS),
        (noise(), Trouble.NOISE),
        (np.cumsum(noise()) / 10, Trouble.NOISE),
    ],
)
def test_a_bad_recording_is_not_readable(signal: Signal, wrong: Trouble) -> None:
    assert examine(recording(signal).waveform, CRITERIA) is wrong
    found = read(signal)
    assert isinstance(found, Unusable)
    assert found.reason == NOT_READABLE
    assert found.waveform is not None


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_noise_never_is_a_rhythm(seed: int) -> None:
    assert isinstance(examine(recording(noise(seed)).waveform, CRITERIA), Trouble)


def test_extra_beats_are_no_noise() -> None:
    rng = np.random.default_rng(5)
    beats = regular(70, 30, rng)
    extra = beats[5:30:6]
    normal = [beat for beat in beats if beat not in extra]
    wide = sum(1.4 * np.exp(-0.5 * ((np.arange(7500) / 250.0 - beat) / 0.035) ** 2) for beat in extra)
    found = examine(recording(ecg(normal, noise=0.02, rng=rng) + wide).waveform, CRITERIA)
    assert isinstance(found, Rhythm)
    assert found.heart_rate == pytest.approx(70, abs=2)


def test_the_same_curve_of_the_same_device_is_the_same_reading() -> None:
    first, again = read(sinus()), read(sinus(), Arrival(received_at=NOW + timedelta(days=3), zone=ZONE, person=PERSON))
    other = interpret(replace(recording(sinus()), device="ECG-0002"), ARRIVAL, policy=POLICY, criteria=CRITERIA)
    assert first.reading_id == again.reading_id
    assert len({first.reading_id, read(sinus(2)).reading_id, other.reading_id}) == 3


def test_somebodys_word_is_believed_instead_of_the_devices_clock() -> None:
    told = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
    found, plain = read(sinus(), replace(ARRIVAL, started_at=told)), read(sinus())
    assert isinstance(found, Reading)
    assert (found.measured_at, found.clock) == (told, ClockQuality.ASSUMED)
    assert found.reading_id == plain.reading_id


def test_a_device_that_lives_in_the_future_is_not_believed() -> None:
    ahead = recording(sinus(), started_at=STARTED + timedelta(days=400))
    found = interpret(ahead, ARRIVAL, policy=POLICY, criteria=CRITERIA)
    assert isinstance(found, Reading)
    assert (found.measured_at, found.clock) == (None, ClockQuality.UNUSABLE)


def test_irregularity_counts_intervals_unlike_the_one_before() -> None:
    peaks = np.cumsum([0, 250, 250, 260, 260, 200, 250])
    found = rhythm(peaks, 250.0, CRITERIA.rhythm.irregular)
    assert found.rr == (1000, 1000, 1040, 1040, 800, 1000)
    assert found.irregularity == pytest.approx(3 / 5)
    assert not found.is_irregular
    with pytest.raises(ValueError, match="2 R peaks"):
        rhythm(peaks[:2], 250.0, CRITERIA.rhythm.irregular)


@pytest.mark.parametrize(
    ("millivolts", "rate", "says"),
    [
        ([0.1] * 100, 50.0, "50 samples a second"),
        ([], 250.0, "0 samples"),
        ([0.1] * 60_001, 250.0, "60001 samples"),
        ([0.1, float("nan")], 250.0, "not a number"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_reason(millivolts: list[float], rate: float, says: str) -> None:
    with pytest.raises(NotARecording, match=says):
        of_millivolts(DEVICE, millivolts, rate, None)


def test_beyond_sixteen_bits_stands_at_the_end() -> None:
    made = of_millivolts(DEVICE, [0.0014, 99.0, -99.0, float("inf")], 250.0, None)
    assert made.waveform.microvolts == (1, 32767, -32767, 32767)
