"""What changed since the last visit: three lines, the same for the same facts, and never a comparison of too little."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from api.averages import Average, protocols
from api.changes import Facts, lines, since
from api.language import Language, translator
from tests.api.world import RULES

ENOUGH = Average(
    means={"systolic": 148.4, "diastolic": 92.2, "glucose": 7.25},
    readings=12,
    days=6,
    mornings=6,
    evenings=6,
    first=date(2026, 11, 1),
    last=date(2026, 11, 7),
    dropped=None,
    enough=True,
)
BETTER = replace(ENOUGH, means={"systolic": 138.6, "diastolic": 85, "glucose": 6.5})
FEW = replace(ENOUGH, readings=5, days=2, enough=False)
FACTS = Facts(
    before={"blood_pressure": ENOUGH, "glucose": ENOUGH},
    now={"blood_pressure": BETTER, "glucose": BETTER},
    protocols={
        "blood_pressure": protocols(RULES)["home_pressure_high"],
        "glucose": protocols(RULES)["glucose_fasting_high"],
    },
    alerts=3,
    urgent=1,
    open=1,
    readings=40,
    days=12,
)


def said(facts: Facts, language: Language = Language.CHINESE) -> list[str]:
    """The lines as they are shown."""
    return [translator(language)(line.text) % line.values for line in lines(facts)]


def test_three_lines() -> None:
    assert said(FACTS) == [
        "家庭血压平均：随访前 148/92，现在 139/85 mmHg。",
        "空腹血糖平均：随访前 7.2，现在 6.5 mmol/L。",
        "预警 3 次，紧急及以上 1 次，未关闭 1 次；12 天有测量，共 40 次。",
    ]
    assert all(line.isascii() for line in said(FACTS, Language.ENGLISH))
    assert said(FACTS) == said(FACTS)


def test_too_little_is_said_and_not_compared() -> None:
    few = replace(FACTS, before={"blood_pressure": FEW, "glucose": None}, now={"blood_pressure": FEW, "glucose": None})
    assert said(few)[:2] == ["家庭血压：只有 2 天 5 次，平均值需 4 天 12 次。", "空腹血糖：没有可用的测量。"]
    new = replace(FACTS, before={"blood_pressure": None, "glucose": FEW})
    assert said(new)[:2] == [
        "家庭血压平均：现在 139/85 mmHg；随访前测量不足，无法比较。",
        "空腹血糖平均：现在 6.5 mmol/L；随访前测量不足，无法比较。",
    ]
    assert said(replace(FACTS, alerts=0))[2] == "没有预警；12 天有测量，共 40 次。"


def test_the_last_visit_is_not_one_to_come() -> None:
    days = [date(2026, 8, 1), date(2026, 11, 2), date(2026, 12, 1)]
    assert since(days, date(2026, 11, 21)) == date(2026, 11, 2)
    assert since([], date(2026, 11, 21)) is None
