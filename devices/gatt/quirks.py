"""The known ways in which meters depart from the profiles; `config/devices/*.yaml` says which model does which."""

from __future__ import annotations

BEURER_BIG_ENDIAN = "beurer-be"  # 2A35: pulse and status big-endian, user id sent without its flag
MONTH_13 = "month-13"  # 2A18: January is sent as month 13
KETONE_MEAL_6 = "ketone-meal-6"  # 2A34: meal 6 marks the record as a ketone result, not glucose
UNSTABLE_SEQUENCE = "unstable-sequence"  # 2A18: sequence numbers count from the newest record, so they move

KNOWN = frozenset({BEURER_BIG_ENDIAN, MONTH_13, KETONE_MEAL_6, UNSTABLE_SEQUENCE})
