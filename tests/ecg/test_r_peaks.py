"""The R-peak detector on curves whose beats are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ecg.filtering import band
from devices.ecg.r_peaks import r_peaks
from tests.ecg.synthetic import ecg, fibrillating, regular

RATES = st.sampled_from([125.0, 250.0, 300.0, 500.0])


def missed_and_false(found: np.ndarray, beats: list[float], rate: float) -> tuple[int, int]:
    """Beats without a peak within 50 ms, and peaks without a beat."""
    distances = np.abs(found[:, None] / rate - np.asarray(beats)[None, :])
    return int((distances.min(axis=0) > 0.05).sum()), int((distances.min(axis=1) > 0.05).sum())


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    beats_a_minute=st.floats(30, 190),
    rate=RATES,
    gain=st.sampled_from([-1.5, -0.4, 0.4, 1.0, 2.0]),
    irregular=st.booleans(),
)
def test_every_beat_is_found_once_in_either_polarity_under_noise_drift_and_hum(
    seed: int, beats_a_minute: float, rate: float, gain: float, irregular: bool
) -> None:
    rng = np.random.default_rng(seed)
    beats = (fibrillating if irregular else regular)(min(beats_a_minute, 160) if irregular else beats_a_minute, 30, rng)
    signal = ecg(beats, rate=rate, gain=gain, noise=0.05 * abs(gain), hum=0.1 * abs(gain), drift=0.5, rng=rng)
    found = r_peaks(signal, rate)
    missed, false = missed_and_false(found, beats, rate)
    assert missed <= len(beats) * 0.02
    assert false <= len(beats) * 0.02


def test_a_peak_lies_on_its_beat() -> None:
    beats = regular(70, 30, np.random.default_rng(2))
    found = r_peaks(ecg(beats, rate=500.0), 500.0)
    assert np.abs(found - np.asarray(beats) * 500.0).max() < 1.5  # samples


def test_tall_t_waves_are_no_beats() -> None:
    beats = regular(60, 30, np.random.default_rng(3))
    signal = ecg(beats) + 2.5 * ecg(beats, waves=("T",))
    assert missed_and_false(r_peaks(signal, 250.0), beats, 250.0) == (0, 0)


def test_a_beat_much_smaller_than_its_neighbours_is_looked_for_again() -> None:
    beats = regular(70, 30, np.random.default_rng(4))
    small = beats[12]
    signal = ecg([beat for beat in beats if beat != small]) + 0.4 * ecg([small])
    assert missed_and_false(r_peaks(signal, 250.0), beats, 250.0) == (0, 0)


@pytest.mark.parametrize("length", [0, 1, 20, 499, 7500])
def test_without_a_signal_there_is_no_beat(length: int) -> None:
    assert r_peaks(np.zeros(length), 250.0).size == 0


@given(st.integers(1, 3000))
def test_a_filter_keeps_the_length_and_takes_the_constant_away(length: int) -> None:
    filtered = band(np.full(length, 3.0), 250.0, (0.5, 40.0))
    assert filtered.shape == (length,)
    assert np.abs(filtered).max() < 1e-9


@pytest.mark.parametrize(("frequency", "passes"), [(0.1, 0.0), (10.0, 1.0), (50.0, 0.06), (100.0, 0.0)])
def test_a_filter_passes_its_band_without_delay(frequency: float, passes: float) -> None:
    t = np.arange(7500) / 250.0
    wave = np.sin(2 * np.pi * frequency * t)
    middle = slice(2500, 5000)
    assert np.abs(band(wave, 250.0, (0.5, 40.0)) - passes * wave)[middle].max() < 0.02
