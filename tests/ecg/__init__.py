"""Tests of the portable ECG: from samples to paper."""
