"""FHIR over HTTP: a doctor's own residents, paged and searched, recorded, and valid by the official definitions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from devices.fhir import codes, read_back
from devices.reading import Flag
from devices.waveform import Waveform
from tests.api.conftest import SignIn
from tests.api.world import World
from tests.fhir import official
from tests.fhir.test_resources import CODES


def token_of(world: World, name: str) -> str:
    return str(world.one("select token from care.resident where resident_id = %s", world.residents[name]))


def get(client: TestClient, path: str, status: int = 200, **parameters: Any) -> dict[str, Any]:
    answer = client.get(path, params=parameters or None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    found: dict[str, Any] = answer.json()
    return found


def pages(client: TestClient, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    page = get(client, path, **parameters)
    while True:
        yield page
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            return
        address = urlsplit(following[0])
        page = get(client, f"{address.path}?{address.query}")


def matches(page: dict[str, Any], kind: str = "Observation") -> list[dict[str, Any]]:
    return [e["resource"] for e in page.get("entry", []) if e["resource"]["resourceType"] == kind]


@pytest.fixture
def measured(world: World) -> World:
    """Wang Xiuying measured often, by every way that differs."""
    start = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)  # the first minute of November where she lives
    for day in range(20):
        at = start + timedelta(days=day)
        world.measured("王秀英", at, systolic=140 + day, diastolic=85, pulse=70, flags=int(Flag.IRREGULAR_PULSE))
    world.measured("王秀英", start + timedelta(hours=1), glucose=6.1, meal="fasting", clock="assumed")
    world.measured("王秀英", start + timedelta(hours=2), kind="glucose", flags=int(Flag.ABOVE_RANGE))
    curve = Waveform(sampling_rate=250, microvolts=(0, 12, -3))
    ecg = world.measured(
        "王秀英", start + timedelta(hours=3), kind="ecg", pulse=96, flags=int(Flag.POSSIBLE_AF), setting="kiosk"
    )
    world.connection.execute(
        "insert into telemetry.waveform values (%s, %s, 250, 3, %s)", (world.residents["王秀英"], ecg, curve.pack())
    )
    world.measured("李建国", glucose=9.9)
    return world


def test_everything_of_one_resident_is_valid_and_complete_and_read_back(measured: World, as_: SignIn) -> None:
    doctor, token = as_("dr.wang"), token_of(measured, "王秀英")
    found = list(pages(doctor, f"/fhir/Patient/{token}/$everything", _count=7))
    assert len(found) == 7  # 45 Observations: twenty pairs, two of glucose, two of the ECG
    observations = [one for page in found for one in matches(page)]
    assert [len(matches(page)) for page in found] == [7] * 6 + [2]
    assert len(observations) == 44
    assert len({one["id"] for one in observations}) == 44
    assert len(matches(found[0], "Patient")) == 1
    assert matches(found[1], "Patient") == []
    assert all(len(matches(page, "Device")) == 1 for page in found)
    resources = [entry["resource"] for page in found for entry in page["entry"]]
    assert official.problems([*found, *resources]) == []
    back = read_back.readings(observations, CODES)
    assert [one.measured_at for one in back] == sorted((one.measured_at for one in back), reverse=True)
    assert len(back) == measured.one(
        "select count(*) from telemetry.reading where resident_id = %s", measured.residents["王秀英"]
    )
    ecg = next(one for one in back if one.waveform)
    assert (ecg.waveform and ecg.waveform.microvolts, ecg.flags) == ((0, 12, -3), Flag.POSSIBLE_AF)
    assert "王秀英" not in str(found)
    recorded = measured.one("select count(*) from care.audit where action = 'fhir.read'")
    assert recorded == 7


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"code": "85354-9"}, 20),
        ({"code": "http://loinc.org|85354-9"}, 20),
        ({"code": f"{codes.MDC}|150020"}, 20),
        ({"code": "http://loinc.org|150020"}, 0),
        ({"code": "8867-4"}, 21),
        ({"code": "8867-4,85354-9"}, 41),
        ({"code": ["8867-4", "85354-9"]}, 0),
        ({"code": "14743-9"}, 2),
        ({"code": "11524-6"}, 1),
        ({"code": "8480-6"}, 0),
        ({"date": "2026-11-01"}, 6),
        ({"date": "2026-11"}, 44),
        ({"date": "2026-10"}, 0),
        ({"date": "2026"}, 44),
        ({"date": ["ge2026-11-02", "lt2026-11-04"]}, 4),
        ({"date": "gt2026-11-19"}, 2),
        ({"date": "le2026-11-01"}, 6),
        ({"date": "2026-10-31T16:00:00Z"}, 2),
        ({"date": "ge2026-11-19T00:00:00+08:00", "code": "85354-9"}, 2),
    ],
)
def test_a_search_finds_what_it_asks_for_whatever_the_size_of_a_page(
    parameters: dict[str, Any], expected: int, measured: World, as_: SignIn
) -> None:
    doctor, token = as_("dr.wang"), token_of(measured, "王秀英")
    whole = matches(get(doctor, "/fhir/Observation", patient=token, **parameters))
    paged = [
        one
        for page in pages(doctor, "/fhir/Observation", patient=f"Patient/{token}", _count=3, **parameters)
        for one in matches(page)
    ]
    assert len(whole) == expected
    assert paged == whole


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"patient": "x", "colour": "red"},
        {"patient": "x", "date": "yesterday"},
        {"patient": "x", "date": "sa2026-01-01"},
        {"patient": "x", "date": "2026-13"},
        {"patient": "x", "_count": "0"},
        {"patient": "x", "_count": "many"},
        {"patient": "x", "page": "somewhere"},
        {"patient": ["x", "y"]},
    ],
)
def test_what_is_not_understood_is_refused_and_never_ignored(
    wrong: dict[str, Any], measured: World, as_: SignIn
) -> None:
    refusal = get(as_("dr.wang"), "/fhir/Observation", 400, **wrong)
    assert refusal["resourceType"] == "OperationOutcome"
    assert official.problems([refusal]) == []
    assert measured.one("select count(*) from care.audit where action = 'fhir.read'") == 0


def test_a_resident_of_somebody_else_does_not_exist(measured: World, as_: SignIn) -> None:
    doctor, theirs = as_("dr.wang"), token_of(measured, "李建国")
    nobody = "00000000-0000-4000-8000-000000000000"
    for token in (theirs, nobody):
        assert matches(get(doctor, "/fhir/Observation", patient=token)) == []
        assert "entry" not in get(doctor, "/fhir/Patient", _id=token)
        get(doctor, f"/fhir/Patient/{token}", 404)
        get(doctor, f"/fhir/Patient/{token}/$everything", 404)
    query = "select device_id from care.assignment where resident_id = %s"
    get(doctor, f"/fhir/Device/{measured.one(query, measured.residents['李建国'])}", 404)
    assert (
        get(doctor, f"/fhir/Device/{measured.one(query, measured.residents['王秀英'])}")["modelNumber"] == "simulated"
    )
    for login in ("tech", "admin", "cdc"):
        get(as_(login), f"/fhir/Patient/{theirs}", 403)


def test_one_s_residents_are_listed_by_pseudonym(measured: World, as_: SignIn) -> None:
    for number in range(4):
        measured.resident(f"周五{number}", "dr.wang", "青河卫生站")
    doctor = as_("dr.wang")
    found = [one for page in pages(doctor, "/fhir/Patient", _count=2) for one in matches(page, "Patient")]
    assert len(found) == 5
    assert official.problems(found) == []
    token = token_of(measured, "王秀英")
    ours = f"{CODES.told.systems.person}|{token}"
    searches: list[dict[str, Any]] = [{"_id": token}, {"identifier": token}, {"identifier": ours}]
    for said in searches:
        assert [one["id"] for one in matches(get(doctor, "/fhir/Patient", **said), "Patient")] == [token]
    assert matches(get(doctor, "/fhir/Patient", identifier=f"urn:other|{token}"), "Patient") == []
    assert matches(get(doctor, "/fhir/Patient", _id=token, identifier=found[1]["id"]), "Patient") == []


def test_the_capability_statement_is_valid_and_true(client: TestClient) -> None:
    statement = get(client, "/fhir/metadata")
    assert official.problems([statement]) == []
    assert statement["fhirVersion"] == "4.0.1"
    assert {r["type"] for r in statement["rest"][0]["resource"]} == {"Patient", "Observation", "Device"}
