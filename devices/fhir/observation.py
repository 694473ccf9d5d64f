"""A reading as Observations: a blood pressure is one panel with components, every other metric one of its own.

All Observations of a reading carry its id as their identifier. How far the time can be trusted, where it was measured
and what the meter said of it travel as extensions. Profiles: vital signs of R4 where the metric has one.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.fhir.codes import (
    IN_PANEL,
    MAIN,
    PANEL,
    PROFILE,
    UCUM,
    Codes,
    Json,
    category,
    concept,
    loinc,
)
from devices.fhir.home_average import HomeAverage
from devices.fhir.instant import instant
from devices.fhir.recorded import Recorded
from devices.reading import Flag, Kind, Meal

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
TIMING = "http://terminology.hl7.org/CodeSystem/v3-TimingEvent"
# Before and after a meal and at bedtime have a code of HL7's; fasting and casual do not mean a meal's time.
_TIMES = {Meal.BEFORE: "AC", Meal.AFTER: "PC", Meal.BEDTIME: "HS"}
_PANEL_ID = "panel"
_ECG_ID = "ecg"


def observations(recorded: Recorded, codes: Codes) -> list[Json]:
    """The Observations of a reading, always in the same order."""
    found = [_panel(recorded, codes)] if recorded.kind is Kind.BLOOD_PRESSURE else []
    found += [_ecg(recorded, codes)] if recorded.kind is Kind.ECG else []
    return found + [_single(recorded, metric, codes) for metric in _singles(recorded)]


def home_average(average: HomeAverage, codes: Codes) -> Json:
    """The mean of home readings by protocol, derived from the panels of its readings.

    It claims no profile: the invariant vs-1 of R4's vital signs, as it is written, holds for no period of time.
    """
    told = codes.told.home_average
    return {
        "resourceType": "Observation",
        "id": str(average.name),
        "extension": [{"url": codes.extension("measurements"), "valueInteger": len(average.readings)}],
        "status": "final",
        "category": [category("vital-signs")],
        "code": concept(told, "家庭血压均值 / Home blood pressure average"),
        "subject": {"reference": f"Patient/{average.token}"},
        "effectivePeriod": {"start": instant(average.since), "end": instant(average.until)},
        "derivedFrom": [{"reference": f"Observation/{one}.{_PANEL_ID}"} for one in average.readings],
        "component": [
            {"code": {"coding": [loinc(told.components[metric])]}, "valueQuantity": codes.quantity(metric, value)}
            for metric, value in (("systolic", average.systolic), ("diastolic", average.diastolic))
        ],
    }


def sources(wanted: Callable[[Json], bool], codes: Codes) -> tuple[list[Kind], list[str]]:
    """Where Observations with a wanted coding can come from: readings of these kinds, or with one of these metrics."""
    metrics = [
        metric
        for metric in codes.catalogue
        if any(wanted(coding) for kind in Kind for coding in codes.of_metric(metric, kind)["coding"])
    ]
    kinds = [kind for kind, metric in MAIN.items() if metric in metrics]
    for kind, told in ((Kind.BLOOD_PRESSURE, codes.told.blood_pressure), (Kind.ECG, codes.told.ecg)):
        kinds += [kind] if any(wanted(coding) for coding in concept(told, "")["coding"]) else []
    return kinds, metrics


def _singles(recorded: Recorded) -> list[str]:
    main = MAIN.get(recorded.kind)
    first = [main] if main and main not in recorded.values else []
    return first + [metric for metric in recorded.values if not _in_panel(recorded.kind, metric)]


def _in_panel(kind: Kind, metric: str) -> bool:
    return kind is Kind.BLOOD_PRESSURE and metric in IN_PANEL


def _panel(recorded: Recorded, codes: Codes) -> Json:
    metrics = [metric for metric in IN_PANEL if metric in PANEL or metric in recorded.values]
    return _common(recorded, _PANEL_ID, codes, profile="bp") | {
        "category": [category("vital-signs")],
        "code": concept(codes.told.blood_pressure, "血压 / Blood pressure"),
        "component": [
            {"code": codes.of_metric(metric, recorded.kind)} | _value(recorded, metric, codes) for metric in metrics
        ],
    }


def _single(recorded: Recorded, metric: str, codes: Codes) -> Json:
    said = _common(recorded, metric.replace("_", "-"), codes, profile=codes.told.profiles.get(metric)) | {
        "category": [codes.category(metric)],
        "code": codes.of_metric(metric, recorded.kind),
        **_value(recorded, metric, codes),
    }
    off_scale = _off_scale(recorded, metric)
    if off_scale:
        said["interpretation"] = [{"coding": [{"system": INTERPRETATION, "code": off_scale}]}]
    if metric == "glucose" and recorded.meal:
        said["component"] = [_meal(recorded.meal, codes)]
    return said


def _ecg(recorded: Recorded, codes: Codes) -> Json:
    said = _common(recorded, _ECG_ID, codes) | {
        "category": [category("procedure")],
        "code": concept(codes.told.ecg, "心电图 / ECG"),
    }
    if recorded.waveform is None:
        said["dataAbsentReason"] = _absent("unknown")
    else:
        said["valueSampledData"] = {
            "origin": {"value": 0, "unit": "µV", "system": UCUM, "code": "uV"},
            "period": 1000 / recorded.waveform.sampling_rate,  # milliseconds
            "dimensions": 1,
            "data": " ".join(map(str, recorded.waveform.microvolts)),
        }
    if Flag.POSSIBLE_AF in recorded.flags:
        words = codes.told.ecg.possible_af
        said["interpretation"] = [{"text": f"{words.zh} / {words.en}"}]
    return said


def _common(recorded: Recorded, part: str, codes: Codes, *, profile: str | None = None) -> Json:
    reading = {"system": codes.told.systems.reading, "value": str(recorded.reading_id)}
    return {
        "resourceType": "Observation",
        "id": f"{recorded.reading_id}.{part}",
        **({"meta": {"profile": [PROFILE + profile]}} if profile else {}),
        "extension": _extensions(recorded, codes),
        "identifier": [reading],
        "status": "final",
        "subject": {"reference": f"Patient/{recorded.token}"},
        "effectiveDateTime": instant(recorded.measured_at),
        "issued": instant(recorded.received_at),
        "device": {"reference": f"Device/{recorded.device_id}"},
    }


def _extensions(recorded: Recorded, codes: Codes) -> list[Json]:
    plain = {"kind": recorded.kind.value, "setting": recorded.setting, "clock": recorded.clock.value}
    if recorded.meal:
        plain["meal"] = recorded.meal.value
    return [{"url": codes.extension(name), "valueCode": value} for name, value in plain.items()] + [
        {"url": codes.extension("flag"), "valueCodeableConcept": _flag(flag, codes)} for flag in recorded.flags
    ]


def _flag(flag: Flag, codes: Codes) -> Json:
    name = str(flag.name).lower()
    return {"coding": [{"system": codes.told.systems.flag, "code": name}], "text": name.replace("_", " ")}


def _value(recorded: Recorded, metric: str, codes: Codes) -> Json:
    off_scale = _off_scale(recorded, metric)
    if metric in recorded.values:
        return {"valueQuantity": codes.quantity(metric, recorded.values[metric], off_scale)}
    absent = {">": "positive-infinity", "<": "negative-infinity", None: "unknown"}
    return {"dataAbsentReason": _absent(absent[off_scale])}


def _off_scale(recorded: Recorded, metric: str) -> str | None:
    """HI and LO speak of what the reading is about, never of a pulse beside it."""
    if MAIN.get(recorded.kind) != metric:
        return None
    if Flag.ABOVE_RANGE in recorded.flags:
        return ">"
    return "<" if Flag.BELOW_RANGE in recorded.flags else None


def _absent(code: str) -> Json:
    shown = {"positive-infinity": "HI", "negative-infinity": "LO"}
    said: Json = {"coding": [{"system": ABSENT, "code": code}]}
    return said | ({"text": shown[code]} if code in shown else {})


def _meal(meal: Meal, codes: Codes) -> Json:
    coding = [{"system": codes.told.systems.meal, "code": meal.value}]
    coding += [{"system": TIMING, "code": _TIMES[meal]}] if meal in _TIMES else []
    context = concept(codes.told.meal_context, "餐次 / Meal context")
    return {"code": context, "valueCodeableConcept": {"coding": coding, "text": meal.value.replace("_", " ")}}
