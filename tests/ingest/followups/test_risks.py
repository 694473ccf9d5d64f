"""High risk of hypertension: each of the six criteria at its edge."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.followups.risks import Known, body_mass_index, risks
from tests.ingest.followups.made import RULEBOOK

LIMITS = RULEBOOK.file.high_risk


@pytest.mark.parametrize(
    ("values", "met"),
    [
        ({"systolic": 129, "diastolic": 84}, set()),
        ({"systolic": 130, "diastolic": 84}, {"high_normal"}),
        ({"systolic": 139, "diastolic": 84}, {"high_normal"}),
        ({"systolic": 140, "diastolic": 84}, set()),  # no more a risk but a suspicion: the alerting's
        ({"systolic": 120, "diastolic": 85}, {"high_normal"}),
        ({"systolic": 120, "diastolic": 90}, set()),
        ({"weight": 61.3, "height": 160.0}, set()),  # 23.9
        ({"weight": 61.4, "height": 160.0}, {"overweight"}),  # 24.0
        ({"sex": "male", "waist": 89.9}, set()),
        ({"sex": "male", "waist": 90.0}, {"overweight"}),
        ({"sex": "female", "waist": 84.9}, set()),
        ({"sex": "female", "waist": 85.0}, {"overweight"}),
        ({"age": 54}, set()),
        ({"age": 55}, {"age"}),
        ({"answered": frozenset({"family_history", "heavy_drinking"})}, {"family_history", "heavy_drinking"}),
        ({"answered": frozenset({"high_salt"})}, {"high_salt"}),
    ],
)
def test_any_one_of_six(values: dict[str, Any], met: set[str]) -> None:
    usual: dict[str, Any] = {"age": 40, "sex": "female"}
    assert risks(Known(**usual | values), LIMITS) == met


def test_the_mass_index_is_that_of_the_form() -> None:
    assert body_mass_index(61.5, 158.0) == 24.6
    assert body_mass_index(61.5, None) is None
    assert body_mass_index(None, 158.0) is None
