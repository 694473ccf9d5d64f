"""What a chart draws: points by metric and place, and the limits that hold for the person, ready for the browser."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api import words
from api.language import Language, msgid, translator
from api.people import ReadingRow
from ingest.alerting.documents import Purpose
from ingest.alerting.person import Override
from ingest.alerting.rules import Band, Rules, bands

METRICS: Mapping[str, tuple[str, ...]] = {
    "blood_pressure": ("systolic", "diastolic"),
    "glucose": ("glucose",),
    "oximetry": ("spo2",),
    "body": ("weight",),
    "temperature": ("temperature",),
}
UNITS = {"blood_pressure": "mmHg", "glucose": "mmol/L", "oximetry": "%", "body": "kg", "temperature": "°C"}
STEPS = {"blood_pressure": 20, "glucose": 2, "oximetry": 2, "body": 2, "temperature": 0.5}  # of the axis, in the unit
DECIMALS = {
    "glucose": 1,
    "weight": 1,
    "temperature": 1,
}  # of the others none: what a kilopascal meter measured is drawn as the tables write it
NAMES = {
    "systolic": msgid("收缩压"),
    "diastolic": msgid("舒张压"),
    "glucose": msgid("血糖"),
    "spo2": msgid("血氧饱和度"),
    "weight": msgid("体重"),
    "temperature": msgid("体温"),
}
PLACES = {"home": msgid("家庭"), "kiosk": msgid("自测小屋"), "office": msgid("卫生站等")}
# Glucose is drawn by what was eaten: limits differ, and colour and shape stay free to tell places apart.
MEAL_PANELS = {"fasting": msgid("空腹"), "after_meal": msgid("餐后"), "other": msgid("其他餐次")}
MEAL_UNKNOWN = msgid("餐次未知")
# A chart shows the limits of the two places that differ; kiosks follow the home limits in the rule files.
SETTINGS = ("home", "station")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit line: of which metric, where it holds, what it is for, and the document behind it."""

    metric: str
    setting: str | None
    meal: str | None
    band: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """An average as a line over its days."""

    metric: str
    value: float
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """As much of a person as limits depend on."""

    age: int
    conditions: Collection[str]
    on: date
    overrides: Collection[Override] = ()


def limits(rules: Rules, kind: str, subject: Subject) -> list[Limit]:
    """The alert and clinical limits for the person; `setting` and `meal` are None where they make no difference."""
    meals: Sequence[str | None] = (None, "fasting", "after_meal") if kind == "glucose" else (None,)
    found: dict[tuple[str, str, float], list[tuple[str, str | None, Band]]] = {}
    for metric in METRICS[kind]:
        for setting in SETTINGS:
            for meal in meals:
                for band in _bands(rules, metric, setting, meal, subject):
                    found.setdefault((metric, band.rule, band.limit), []).append((setting, meal, band))
    return [_merged(metric, places, meals) for (metric, _, _), places in found.items()]


def chart(
    kind: str,
    readings: Iterable[ReadingRow],
    shown: Sequence[Limit],
    *,
    means: Sequence[Mean] = (),
    language: Language,
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    """JSON for `charts.js`. Times are wall-clock milliseconds in the zone: the browser's own zone plays no part."""
    say = translator(language)
    series: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in sorted(readings, key=lambda one: one.measured_at):
        place = place_of(row.setting)
        for metric in METRICS[kind]:
            if metric in row.values:
                key = (metric, place, _meal(kind, row))
                series.setdefault(key, _series(key, say))["points"].append(_point(row, metric, say, zone))
    return {
        "kind": kind,
        "unit": UNITS[kind],
        "step": STEPS[kind],
        "panels": [{"panel": panel, "name": say(name)} for panel, name in _panels(kind).items()],
        "since": wall(since, zone),
        "until": wall(until, zone),
        "series": [series[key] for key in sorted(series, key=_order)],
        "limits": [_limit(limit, panel, language) for limit in shown for panel in _panels_of(kind, limit)],
        "means": [
            {
                "panel": mean.metric,
                "value": round(mean.value, 1),
                "from": wall(mean.since, zone),
                "to": wall(mean.until, zone),
            }
            for mean in means
        ],
        "nothing": say(msgid("这段时间没有测量记录")),
    }


def place_of(setting: str) -> str:
    """Home, kiosk or office: the three kinds of place whose readings must never be mixed."""
    return setting if setting in ("home", "kiosk") else "office"


def wall(moment: datetime, zone: ZoneInfo) -> int:
    """Milliseconds of the wall clock in the zone, as if it were UTC."""
    return int(moment.astimezone(zone).replace(tzinfo=UTC).timestamp() * 1000)


def limit_text(limit: Limit, language: Language) -> str:
    """A limit in words: "家庭 · 高血压诊断界值"."""
    say = translator(language)
    scope = [say(words.SETTINGS[limit.setting])] if limit.setting else []
    scope += [say(words.MEALS[limit.meal])] if limit.meal else []
    return " · ".join([*scope, str(getattr(limit.band.label, language))])


def _bands(rules: Rules, metric: str, setting: str, meal: str | None, subject: Subject) -> list[Band]:
    found = bands(
        rules,
        metric,
        setting=setting,
        age=subject.age,
        conditions=subject.conditions,
        meal=meal,
        on=subject.on,
        overrides=subject.overrides,
    )
    return [band for band in found if band.purpose is not Purpose.REPORTING]


def _merged(metric: str, places: list[tuple[str, str | None, Band]], meals: Sequence[str | None]) -> Limit:
    settings, contexts = {place[0] for place in places}, {place[1] for place in places}
    return Limit(
        metric=metric,
        setting=None if settings == set(SETTINGS) else next(iter(settings)),
        meal=None if contexts == set(meals) else next((c for c in contexts if c), None),
        band=places[0][2],
    )


def _meal(kind: str, row: ReadingRow) -> str:
    return (row.meal or "unknown") if kind == "glucose" else ""


def _panels(kind: str) -> Mapping[str, str]:
    return MEAL_PANELS if kind == "glucose" else {metric: NAMES[metric] for metric in METRICS[kind]}


def _panel(metric: str, meal: str) -> str:
    if not meal:
        return metric
    return meal if meal in MEAL_PANELS else "other"


def _panels_of(kind: str, limit: Limit) -> list[str]:
    """Where a limit is drawn: a limit of any meal in each panel."""
    if kind != "glucose":
        return [limit.metric]
    return [_panel(limit.metric, limit.meal)] if limit.meal else list(MEAL_PANELS)


def _series(key: tuple[str, str, str], say: Callable[[str], str]) -> dict[str, Any]:
    metric, place, meal = key
    what = say(words.MEALS.get(meal, MEAL_UNKNOWN)) if meal else say(NAMES[metric])
    name = f"{what} · {say(PLACES[place])}"
    return {
        "metric": metric,
        "place": place,
        "meal": meal,
        "panel": _panel(metric, meal),
        "name": name,
        "points": [],
    }


def _order(key: tuple[str, str, str]) -> tuple[int, ...]:
    """The order of the legend: by place, then metric, then meal."""
    metric, place, meal = key
    return list(PLACES).index(place), list(NAMES).index(metric), [*words.MEALS, "unknown", ""].index(meal)


def _point(row: ReadingRow, metric: str, say: Callable[[str], str], zone: ZoneInfo) -> dict[str, Any]:
    notes = [say(words.SETTINGS[row.setting])]
    notes += [say(words.MEALS[row.meal])] if row.meal else []
    notes += [say(word) for word in words.flags(row.flags)]
    if row.clock != "exact":
        notes.append(say(msgid("时间%(quality)s")) % {"quality": say(words.CLOCKS[row.clock])})
    return {
        "at": wall(row.measured_at, zone),
        "value": round(row.values[metric], DECIMALS.get(metric)),
        "notes": notes,
        "flagged": bool(row.flags),
        "clock": row.clock,
    }


def _limit(limit: Limit, panel: str, language: Language) -> dict[str, Any]:
    band = limit.band
    return {
        "metric": limit.metric,
        "panel": panel,
        "value": band.limit,
        "upwards": band.boundary in (">=", ">"),
        "tier": band.tier,
        "place": limit.setting,
        "name": limit_text(limit, language),
    }
