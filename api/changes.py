"""What changed for a resident since the last visit, in three lines. Pure, and the same for the same facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from api.averages import Average, Protocol
from api.language import msgid

LOOK_BACK_DAYS = 90  # without any visit: as far back as one should have been


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the lines are made of. Averages before the visit and now, by kind; None: nothing was measured."""

    before: Mapping[str, Average | None]
    now: Mapping[str, Average | None]
    protocols: Mapping[str, Protocol]
    alerts: int
    urgent: int
    open: int
    readings: int
    days: int


@dataclass(frozen=True, slots=True)
class Line:
    """A marked text and what is filled in."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)


def since(visits: Collection[date], today: date) -> date | None:
    """The day of the last visit; None if there was none within sight."""
    return max((day for day in visits if day <= today), default=None)


def lines(facts: Facts) -> tuple[Line, Line, Line]:
    """Blood pressure at home, fasting glucose, and alerts with how much was measured."""
    return (
        _compared(facts, "blood_pressure", _PRESSURE, _pressure),
        _compared(facts, "glucose", _GLUCOSE, _glucose),
        _alerts(facts),
    )


_PRESSURE = (
    msgid("家庭血压平均：随访前 %(before)s，现在 %(now)s mmHg。"),
    msgid("家庭血压平均：现在 %(now)s mmHg；随访前测量不足，无法比较。"),
    msgid("家庭血压：只有 %(days)s 天 %(n)s 次，平均值需 %(least_days)s 天 %(least)s 次。"),
    msgid("家庭血压：没有可用的测量。"),
)
_GLUCOSE = (
    msgid("空腹血糖平均：随访前 %(before)s，现在 %(now)s mmol/L。"),
    msgid("空腹血糖平均：现在 %(now)s mmol/L；随访前测量不足，无法比较。"),
    msgid("空腹血糖：只有 %(days)s 天 %(n)s 次，平均值需 %(least_days)s 天 %(least)s 次。"),
    msgid("空腹血糖：没有可用的测量。"),
)


def _compared(
    facts: Facts, kind: str, texts: tuple[str, str, str, str], shown: Callable[[Mapping[str, float]], str]
) -> Line:
    both, only_now, too_few, nothing = texts
    before, now, protocol = facts.before[kind], facts.now[kind], facts.protocols[kind]
    if now is None:
        return Line(nothing)
    if not now.enough:
        needs = {"least_days": protocol.least_days, "least": protocol.least_readings}
        return Line(too_few, {"days": now.days, "n": now.readings, **needs})
    if before is None or not before.enough:
        return Line(only_now, {"now": shown(now.means)})
    return Line(both, {"before": shown(before.means), "now": shown(now.means)})


def _alerts(facts: Facts) -> Line:
    measured = {"readings": facts.readings, "days": facts.days}
    if not facts.alerts:
        return Line(msgid("没有预警；%(days)s 天有测量，共 %(readings)s 次。"), measured)
    values = {"n": facts.alerts, "urgent": facts.urgent, "open": facts.open, **measured}
    return Line(
        msgid("预警 %(n)s 次，紧急及以上 %(urgent)s 次，未关闭 %(open)s 次；%(days)s 天有测量，共 %(readings)s 次。"),
        values,
    )


def _pressure(means: Mapping[str, float]) -> str:
    return f"{means['systolic']:.0f}/{means['diastolic']:.0f}"


def _glucose(means: Mapping[str, float]) -> str:
    return f"{means['glucose']:.1f}"
