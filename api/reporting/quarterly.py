"""The quarterly report (基本公共卫生季报表): its columns, and the tables made from the people behind them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.reporting.definitions import Words
from api.reporting.period import Span
from api.reporting.table import Cell, Column, Row, Shape, Table, added_up


class Programme(StrEnum):
    """What the report is about."""

    HYPERTENSION = "hypertension"
    DIABETES = "diabetes"


@dataclass(frozen=True, slots=True)
class Plan:
    """A column: which indicator, and what of it is shown."""

    key: str
    label: Words
    indicator: str
    part: str  # numerator | denominator | rate
    group: Words


def _words(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


def _name(name: str) -> Words:
    """A proper name, the same in both languages."""
    return _words(name, name)


_MANAGED = _words("管理", "Management")
_STANDARD = _words("规范管理", "Standard management")
_CONTROL = _words("控制", "Control")
_CONTRACT = _words("家庭医生签约", "Family doctor")
_EXPECTED = _words("健康管理", "Of those expected")


def _plan(key: str, zh: str, en: str, source: str, group: Words) -> Plan:
    """`source`: indicator and part, e.g. "standard_rate numerator"."""
    indicator, part = source.split()
    return Plan(key, _words(zh, en), indicator, part, group)


def _controlled(zh: str, en: str) -> Plan:
    return _plan("controlled", zh, en, "control_rate numerator", _CONTROL)


def _after_meal(zh: str, en: str) -> Plan:
    return _plan("after_meal", zh, en, "after_meal_rate numerator", _CONTROL)


def _plans(disease: str, controlled: Sequence[Plan]) -> tuple[Plan, ...]:
    return (
        _plan("managed", f"辖区内已管理{disease}患者人数", "Under management", "standard_rate denominator", _MANAGED),
        _plan("standard", "按规范管理人数", "By the standard", "standard_rate numerator", _STANDARD),
        _plan("standard_rate", "规范管理率", "Standard rate", "standard_rate rate", _STANDARD),
        *controlled,
        _plan("contracts", "在管患者家庭医生签约人数", "With a contract", "contract_rate numerator", _CONTRACT),
        _plan("contract_rate", "签约率", "Contract rate", "contract_rate rate", _CONTRACT),
        _plan("patients", f"{disease}患者人数", "Expected patients", "management_rate denominator", _EXPECTED),
        _plan("management_rate", "管理率", "Management rate", "management_rate rate", _EXPECTED),
    )


PLANS: Mapping[Programme, tuple[Plan, ...]] = {
    Programme.HYPERTENSION: _plans(
        "高血压",
        [
            _plan("controlled", "最近一次随访血压达标人数", "Controlled", "control_rate numerator", _CONTROL),
            _plan("control_rate", "管理人群血压控制率", "Control rate", "control_rate rate", _CONTROL),
        ],
    ),
    Programme.DIABETES: _plans(
        "2型糖尿病",
        [
            _plan(
                "controlled", "最近一次随访空腹血糖达标人数", "Fasting controlled", "control_rate numerator", _CONTROL
            ),
            _plan("control_rate", "管理人群血糖控制率", "Control rate", "control_rate rate", _CONTROL),
            _plan(
                "after_meal",
                "最近一次餐后2小时血糖达标人数",
                "After-meal controlled",
                "after_meal_rate numerator",
                _CONTROL,
            ),
        ],
    ),
}
NAMES = {
    Programme.HYPERTENSION: _words("高血压患者健康管理", "Hypertension"),
    Programme.DIABETES: _words("2型糖尿病患者健康管理", "Type 2 diabetes"),
}
SPANS = {
    Span.YEAR_TO_DATE: _words("年初至季末累计", "year to date"),
    Span.QUARTER: _words("本季度", "the quarter"),
}
HEADINGS = (_words("区县", "County"), _words("乡镇（街道）", "Township"), _words("机构", "Institution"))
TOTAL = _words("合计", "Total")
SUBTOTAL = _words("小计", "Subtotal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """An institution of the report."""

    station_id: int
    name: str
    township: str
    county: str  # name, or the six digits of its code
    code: str  # 统计用区划代码: stations stand in its order


Figures = Mapping[tuple[str, int], tuple[int, int | None]]  # (indicator, station) → numerator, denominator


def names(programme: Programme) -> list[str]:
    """The indicators a programme's table needs."""
    return list(dict.fromkeys(f"{programme}_{plan.indicator}" for plan in PLANS[programme]))


def table(
    programme: Programme, span: Span, stations: Sequence[Station], figures: Figures, marks: Mapping[str, str]
) -> Table:
    """The table of one programme and span. `marks`: name/version of each indicator's definition.

    A station without anybody has zeros; a denominator of None (no population known) stays unknown in the total too.
    """
    plans = PLANS[programme]
    ordered = sorted(stations, key=lambda each: (each.county, each.code, each.station_id))
    rows = [_row(programme, plans, station, figures) for station in ordered]
    return Table(
        name=f"{programme}_{span}",
        title=_words(f"{NAMES[programme].zh}（{SPANS[span].zh}）", f"{NAMES[programme].en}, {SPANS[span].en}"),
        headings=HEADINGS,
        columns=tuple(
            Column(
                key=plan.key,
                label=plan.label,
                shape=Shape.RATE if plan.part == "rate" else Shape.COUNT,
                indicator=marks[f"{programme}_{plan.indicator}"],
                group=plan.group,
            )
            for plan in plans
        ),
        rows=tuple(_with_sums(rows)),
    )


def _row(programme: Programme, plans: Collection[Plan], station: Station, figures: Figures) -> Row:
    cells = []
    for plan in plans:
        numerator, denominator = figures.get((f"{programme}_{plan.indicator}", station.station_id), (0, 0))
        if plan.part == "denominator":
            cells.append(Cell(numerator=denominator))
        else:
            cells.append(Cell(numerator=numerator, denominator=denominator if plan.part == "rate" else None))
    labels = tuple(map(_name, (station.county, station.township, station.name)))
    return Row(key=f"station:{station.station_id}", labels=labels, cells=tuple(cells))


def _with_sums(rows: Sequence[Row]) -> list[Row]:
    counties = list(dict.fromkeys(row.labels[0].zh for row in rows))
    summed: list[Row] = []
    for county in counties:
        own = [row for row in rows if row.labels[0].zh == county]
        summed += own
        if len(counties) > 1:
            summed.append(added_up(f"county:{county}", (_name(county), SUBTOTAL, _name("")), own))
    return [*summed, added_up("total", (TOTAL, _name(""), _name("")), rows)] if rows else []
