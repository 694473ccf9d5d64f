"""The portable single-lead ECG: R peaks, heart rate, RR irregularity, and whether a recording can be read at all.

Nothing outside this package needs numpy, and nothing imports this package until there is an ECG.
"""
