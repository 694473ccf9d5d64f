"""Readings as FHIR R4: valid by the official definitions, and read back to the last flag."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from devices import metrics
from devices.fhir import bundle, codes, observation, outcome, read_back
from devices.fhir.capability import SEARCHED, statement
from devices.fhir.device import Meter, device
from devices.fhir.home_average import HomeAverage
from devices.fhir.patient import Subject, patient
from devices.fhir.recorded import Recorded
from devices.reading import ClockQuality, Flag, Kind, Meal
from devices.waveform import Waveform
from maixun.configuration import load
from tests.fhir import official

CATALOGUE = metrics.parse(load("metrics.yaml"))
CODES = codes.parse(load("fhir.yaml"), CATALOGUE)
TOKEN = UUID("7b0f3a52-94d5-4f0e-8c35-6f3c9a1f0001")
AT = datetime(2026, 11, 21, 0, 2, 30, tzinfo=UTC)
BODY = ("weight", "height", "bmi", "waist", "body_fat", "muscle", "body_water", "impedance", "basal_metabolism")
METRICS: dict[Kind, tuple[str, ...]] = {
    Kind.BLOOD_PRESSURE: ("systolic", "diastolic", "mean_arterial", "pulse"),
    Kind.GLUCOSE: ("glucose",),
    Kind.CONTINUOUS_GLUCOSE: ("glucose",),
    Kind.BODY: BODY,
    Kind.TEMPERATURE: ("temperature",),
    Kind.OXIMETRY: ("spo2", "pulse"),
    Kind.HEART_RATE: ("pulse",),
    Kind.LIPIDS: ("total_cholesterol", "hdl", "ldl", "triglycerides"),
    Kind.ECG: ("pulse",),
    Kind.SYMPTOMS: ("fever", "diarrhoea"),
}


def recorded(kind: Kind, **about: Any) -> Recorded:
    """A reading of a kind with every metric it can have."""
    usual: dict[str, Any] = {
        "reading_id": UUID(int=list(Kind).index(kind) + 1),
        "token": TOKEN,
        "device_id": 7,
        "measured_at": AT,
        "received_at": AT + timedelta(minutes=1),
        "setting": "home",
        "clock": ClockQuality.CORRECTED,
        "meal": Meal.FASTING if kind is Kind.GLUCOSE else None,
        "flags": Flag.IRREGULAR_PULSE,
        "values": {name: CATALOGUE[name].hard.high or 0.0 for name in METRICS[kind]},
        "waveform": Waveform(sampling_rate=250, microvolts=(0, 120, -35)) if kind is Kind.ECG else None,
    }
    return Recorded(kind=kind, **usual | about)


def of(kind: Kind, **about: Any) -> list[dict[str, Any]]:
    return observation.observations(recorded(kind, **about), CODES)


def coded(resource: dict[str, Any]) -> set[tuple[str, str]]:
    return {(coding["system"], coding["code"]) for coding in resource["code"]["coding"]}


def everything() -> list[dict[str, Any]]:
    """Every kind of resource that leaves, and every corner of them."""
    found = [one for kind in Kind for one in of(kind)]
    found += [one for meal in Meal for one in of(Kind.GLUCOSE, meal=meal)]
    for kind in Kind:
        for flag in (Flag.ABOVE_RANGE, Flag.BELOW_RANGE, Flag(0)):
            found += of(kind, values={}, flags=flag, waveform=None)
            found += of(kind, flags=flag | Flag.POSSIBLE_AF)
    average = HomeAverage(
        on=date(2026, 11, 27),
        token=TOKEN,
        since=AT,
        until=AT + timedelta(days=6),
        systolic=136.4,
        diastolic=84.1,
        readings=(UUID(int=1),),
    )
    found.append(observation.home_average(average, CODES))
    found += [patient(subject(died=True, active=False), CODES), patient(subject(), CODES)]
    found.append(device(Meter(device_id=7, model="HEM-7322")))
    found.append(statement(CODES, software_version="0.1.0", on=date(2026, 11, 21), base="https://example.org/fhir"))
    found += [outcome.outcome(status, "说明") for status in (400, 401, 403, 404, 405, 418, 422, 503)]
    at = "https://example.org/fhir"
    beside = [patient(subject(), CODES)]
    found += [
        bundle.page(found[:3], base=at, here=at + "/Observation", following=at + "/Observation?page=x", beside=beside),
        bundle.page([], base=at, here=at + "/Observation", following=None),
    ]
    return found


def subject(**about: Any) -> Subject:
    return Subject(token=TOKEN, sex="female", birth_date=date(1951, 4, 2), **about)


def test_every_resource_keeps_to_the_official_definitions() -> None:
    resources = everything()
    assert {r["resourceType"] for r in resources} == {
        "Observation",
        "Patient",
        "Device",
        "Bundle",
        "CapabilityStatement",
        "OperationOutcome",
    }
    assert official.problems(resources) == []


SPOILT: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda o: o.pop("status"), "status"),
    (lambda o: o.update(status="measured"), "status"),
    (lambda o: o.update(colour="red"), "colour"),
    (lambda o: o["category"].clear(), "category"),
    (lambda o: o.pop("subject"), "subject"),
    (lambda o: o.pop("effectiveDateTime"), "effective"),
    (lambda o: o["component"].pop(0), "component"),
    (lambda o: o["component"][0]["code"]["coding"].pop(0), "SystolicBP"),
    (lambda o: o["component"][1]["valueQuantity"].update(code="kPa"), "kPa"),
    (lambda o: o["component"][1].pop("valueQuantity"), "vs-3"),
    (lambda o: o["code"]["coding"].pop(0), "BPCode"),
    (lambda o: o.update(effectiveDateTime="2026"), "vs-1"),
    (lambda o: o.update(valueInteger=1, dataAbsentReason={"text": "x"}), "obs-6"),
]


def test_the_definitions_notice_what_is_wrong() -> None:
    panels = [json.loads(json.dumps(of(Kind.BLOOD_PRESSURE)[0])) | {"id": f"spoilt-{n}."} for n in range(len(SPOILT))]
    assert official.problems(panels) == []
    for panel, (spoil, _) in zip(panels, SPOILT, strict=True):
        spoil(panel)
    found = official.problems(panels)
    for panel, (_, complaint) in zip(panels, SPOILT, strict=True):
        assert complaint in " ".join(text for text in found if panel["id"] in text), (panel["id"], complaint)


def test_a_blood_pressure_is_a_panel_and_its_pulse_stands_beside_it() -> None:
    panel, pulse = of(Kind.BLOOD_PRESSURE, values={"systolic": 186.0, "diastolic": 112.0, "pulse": 88.0})
    assert {("http://loinc.org", "85354-9"), (codes.MDC, "150020")} <= coded(panel)
    assert panel["meta"]["profile"] == [codes.PROFILE + "bp"]
    assert [
        (c["code"]["coding"][0]["code"], c["code"]["coding"][1]["code"], c["valueQuantity"]["value"])
        for c in panel["component"]
    ] == [("8480-6", "150021", 186.0), ("8462-4", "150022", 112.0)]
    assert panel["component"][0]["valueQuantity"]["code"] == "mm[Hg]"
    assert panel["effectiveDateTime"] == "2026-11-21T00:02:30Z"
    assert ("http://loinc.org", "8867-4") in coded(pulse)
    assert panel["identifier"] == pulse["identifier"]
    assert panel["id"] != pulse["id"]


def test_the_pulse_of_another_meter_has_another_code_of_ieee() -> None:
    assert (codes.MDC, "149546") in coded(of(Kind.BLOOD_PRESSURE)[1])
    assert (codes.MDC, "149530") in coded(of(Kind.OXIMETRY)[1])
    assert not any(system == codes.MDC for system, _ in coded(of(Kind.HEART_RATE)[0]))


def test_hi_and_lo_are_said_with_and_without_a_number() -> None:
    [bound] = of(Kind.GLUCOSE, values={"glucose": 33.3}, flags=Flag.ABOVE_RANGE)
    assert bound["valueQuantity"] == {
        "value": 33.3,
        "comparator": ">",
        "unit": "mmol/L",
        "system": codes.UCUM,
        "code": "mmol/L",
    }
    [low] = of(Kind.GLUCOSE, values={}, flags=Flag.BELOW_RANGE)
    assert "valueQuantity" not in low
    assert low["dataAbsentReason"]["coding"][0]["code"] == "negative-infinity"
    assert low["interpretation"][0]["coding"][0]["code"] == "<"
    [plain] = of(Kind.GLUCOSE, values={"glucose": 6.1}, flags=Flag(0))
    assert "interpretation" not in plain
    assert "comparator" not in plain["valueQuantity"]


def test_an_unknown_meal_is_never_said_to_be_fasting() -> None:
    assert "component" not in of(Kind.GLUCOSE, meal=None)[0]
    [after] = of(Kind.GLUCOSE, meal=Meal.AFTER)
    assert after["component"][0]["valueCodeableConcept"]["coding"][1]["code"] == "PC"


def test_an_ecg_carries_its_curve_and_asks_for_a_doctor_at_most() -> None:
    ecg, _pulse = of(Kind.ECG, flags=Flag.POSSIBLE_AF)
    assert ecg["valueSampledData"]["data"] == "0 120 -35"
    assert ecg["valueSampledData"]["period"] == 4
    assert "可能" in ecg["interpretation"][0]["text"]
    assert "interpretation" not in of(Kind.ECG)[0]


def test_a_patient_is_a_pseudonym() -> None:
    said = patient(subject(), CODES)
    assert said["birthDate"] == "1951"
    assert not {"name", "telecom", "address"} & set(said)
    whole = codes.parse(load("fhir.yaml") | {"birth_date": "date"}, CATALOGUE)
    assert patient(subject(), whole)["birthDate"] == "1951-04-02"


def test_codes_of_unknown_metrics_stop_the_start() -> None:
    with pytest.raises(ValueError, match="cortisol"):
        codes.parse(load("fhir.yaml") | {"also": {"cortisol": ["1-1"]}}, CATALOGUE)


def test_whatever_can_be_searched_by_is_a_parameter_of_r4() -> None:
    known = json.loads((official.folder() / "search-parameters.json").read_bytes())
    defined = {
        (base, e["resource"]["code"], e["resource"]["type"]) for e in known["entry"] for base in e["resource"]["base"]
    }
    for resource, parameters in SEARCHED.items():
        for name, kind in parameters.items():
            assert (resource, name, kind) in defined or name == "_id"


def test_the_codes_of_others_that_we_use_are_in_their_code_systems() -> None:
    systems = {}
    for name in ("v3-codesystems.json", "valuesets.json"):
        for entry in json.loads((official.folder() / name).read_bytes())["entry"]:
            if entry["resource"]["resourceType"] == "CodeSystem":
                systems[entry["resource"]["url"]] = set(_codes(entry["resource"].get("concept", [])))
    used = {
        (coding["system"], coding["code"])
        for coding in _codings(everything())
        if coding["system"].startswith("http://terminology.hl7.org")
    }
    assert len({system for system, _ in used}) == 4
    assert {(system, code) for system, code in used if code not in systems[system]} == set()


def _codes(concepts: list[dict[str, Any]]) -> list[str]:
    return [code for c in concepts for code in (c["code"], *_codes(c.get("concept", [])))]


def _codings(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for one in node for found in _codings(one)]
    if isinstance(node, dict):
        own = node.get("coding", []) if isinstance(node.get("coding"), list) else []
        return own + [found for value in node.values() for found in _codings(value)]
    return []


@st.composite
def readings(draw: st.DrawFn) -> Recorded:
    kind = draw(st.sampled_from(Kind))
    moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
    chosen = draw(st.lists(st.sampled_from(METRICS[kind]), unique=True)) if METRICS[kind] else []
    if kind in (Kind.BODY, Kind.LIPIDS, Kind.SYMPTOMS) and not chosen:
        chosen = [METRICS[kind][0]]  # nothing measured and nothing said: there is no such reading
    samples = st.lists(st.integers(-0x8000, 0x7FFF), min_size=1, max_size=20).map(tuple)
    curve = st.builds(Waveform, sampling_rate=st.sampled_from([125.0, 250.0, 300.0, 360.0, 500.0]), microvolts=samples)
    return Recorded(
        reading_id=draw(st.uuids()),
        token=draw(st.uuids()),
        device_id=draw(st.integers(1, 2**31)),
        measured_at=draw(moments),
        received_at=draw(moments),
        kind=kind,
        setting=draw(st.sampled_from(["home", "kiosk", "station", "school", "enterprise"])),
        clock=draw(st.sampled_from([q for q in ClockQuality if q is not ClockQuality.UNUSABLE])),
        meal=draw(st.none() | st.sampled_from(Meal)),
        flags=draw(st.just(Flag(0)) | st.sampled_from(Flag)),  # any of them together
        values={name: draw(st.integers(0, 400_000)) / 1000 for name in METRICS[kind] if name in chosen},
        waveform=draw(st.none() | curve) if kind is Kind.ECG else None,
    )


@given(st.lists(readings(), max_size=5, unique_by=lambda one: one.reading_id))
def test_what_left_is_read_back_to_the_last_flag(some: list[Recorded]) -> None:
    sent = [one for each in some for one in observation.observations(each, CODES)]
    assert len({one["id"] for one in sent}) == len(sent)
    assert all(len(one["id"]) <= 64 for one in sent)
    assert read_back.readings(json.loads(json.dumps(sent)), CODES) == some


@settings(max_examples=4, phases=[Phase.generate])  # each example starts a node of its own
@given(st.lists(readings(), min_size=10, max_size=30, unique_by=lambda one: one.reading_id))
def test_any_reading_at_all_keeps_to_the_official_definitions(some: list[Recorded]) -> None:
    assert official.problems([one for each in some for one in observation.observations(each, CODES)]) == []


@given(readings())
def test_a_reading_is_looked_for_by_every_code_it_carries(one: Recorded) -> None:
    for resource in observation.observations(one, CODES):
        for coding in resource["code"]["coding"]:
            kinds, metrics_ = observation.sources(coding.__eq__, CODES)
            assert one.kind in kinds or set(metrics_) & set(one.values)


def test_an_observation_of_others_is_refused() -> None:
    with pytest.raises(read_back.NotOurs):
        read_back.readings([{"resourceType": "Observation", "id": "x"}], CODES)
