"""Files that leave: one resident's Bundle, a station's ZIP; valid, whole, without a name, recorded with the why."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient

from api.fhir_bulk import archive
from devices.fhir import bundle, read_back
from tests.api.conftest import SignIn
from tests.api.test_fhir import get, token_of
from tests.api.test_fhir_average import morning, week  # noqa: F401 - a fixture
from tests.api.world import World
from tests.fhir import official
from tests.fhir.test_resources import CODES

WHY = {"ground": "care", "recipient": "市人民医院"}
SECRETS = ("王秀英", "李建国", "A4:C1:38", "1951-04-02")


def bundle_of(client: TestClient, resident: int, **more: str) -> dict[str, Any]:
    """The downloaded file."""
    answer = client.post(f"/residents/{resident}/export", data=WHY | more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    found: dict[str, Any] = answer.json()
    return found


def test_one_residents_bundle_is_whole_and_every_reference_in_it_resolves(week: World, as_: SignIn) -> None:  # noqa: F811
    doctor, wang = as_("dr.wang"), week.residents["王秀英"]
    found = bundle_of(doctor, wang)
    inside = bundle.resources(found)
    assert official.problems([found, *inside]) == []
    kinds = [one["resourceType"] for one in inside]
    assert (kinds.count("Patient"), kinds.count("Device"), kinds.count("Observation")) == (1, 1, 31)
    there = {f"{one['resourceType']}/{one['id']}" for one in inside}
    assert references(found) <= there
    assert any(one.startswith("Observation/") for one in references(found)), "the average names its readings"
    observations = [one for one in inside if one["resourceType"] == "Observation"]
    assert len(read_back.readings(observations, CODES)) == week.one("select count(*) from telemetry.reading")
    assert not any(secret in json.dumps(found, ensure_ascii=False) for secret in SECRETS)
    for entry in found["entry"]:
        assert get(doctor, entry["fullUrl"].removeprefix("http://testserver")) == entry["resource"]


def test_only_since_a_day(week: World, as_: SignIn) -> None:  # noqa: F811
    found = bundle_of(as_("dr.wang"), week.residents["王秀英"], since="2026-11-16")
    readings = [one for one in bundle.resources(found) if "effectiveDateTime" in one]
    assert len(readings) == 6
    assert min(one["effectiveDateTime"] for one in readings) == "2026-11-15T23:00:00Z"


def test_an_export_names_its_ground_and_recipient_or_there_is_none(week: World, as_: SignIn) -> None:  # noqa: F811
    doctor, wang = as_("dr.wang"), week.residents["王秀英"]
    assert "依据" in doctor.get(f"/residents/{wang}/export").text
    for wrong in ({}, {"ground": "care"}, {"ground": "curiosity", "recipient": "x"}, WHY | {"since": "gestern"}):
        assert doctor.post(f"/residents/{wang}/export", data=wrong).status_code == 422, wrong
    assert week.one("select count(*) from care.audit where action = 'fhir.export'") == 0
    bundle_of(doctor, wang)
    why = week.one("select detail -> 'why' from care.audit where action = 'fhir.export'")
    assert why == WHY | {"since": None}
    theirs = week.residents["李建国"]
    assert doctor.get(f"/residents/{theirs}/export").status_code == 404
    assert doctor.post(f"/residents/{theirs}/export", data=WHY).status_code == 404


def test_a_lead_takes_the_own_station_alone(week: World, as_: SignIn) -> None:  # noqa: F811
    week.measured("李建国", glucose=6.5)
    lead = as_("lead.qinghe")
    assert "导出" in lead.get("/station").text
    assert lead.get("/station/export").status_code == 200
    answer = lead.post("/station/export", data=WHY)
    assert answer.headers["content-type"] == "application/zip"
    with ZipFile(io.BytesIO(answer.content)) as packed:
        files = {name: [json.loads(line) for line in packed.read(name).splitlines()] for name in packed.namelist()}
    (manifest,) = files.pop("manifest.json")
    counts = {part["type"]: part["count"] for part in manifest["output"]}
    assert counts == {kind.removesuffix(".ndjson"): len(lines) for kind, lines in files.items()}
    assert counts == {"Patient": 1, "Device": 1, "Observation": 31}
    everything = [one for lines in files.values() for one in lines]
    assert official.problems(everything) == []
    assert str(token_of(week, "李建国")) not in str(everything)
    assert not any(secret in str(everything) for secret in SECRETS)
    assert week.one("select detail ->> 'what' from care.audit where action = 'fhir.export'") == "station"
    for login in ("dr.wang", "tech", "admin", "cdc"):
        assert as_(login).post("/station/export", data=WHY).status_code == 403, login


def test_one_large_export_at_a_time(world: World, as_: SignIn) -> None:
    lead = as_("lead.qinghe")
    with world.connection.transaction():
        world.connection.execute("select pg_advisory_xact_lock(%s)", (0x4D58_4648,))
        assert lead.post("/station/export", data=WHY).status_code == 409
    assert lead.post("/station/export", data=WHY).status_code == 200


@pytest.mark.parametrize("number", [0, 1, 5000])
def test_an_archive_comes_in_pieces_and_is_whole(number: int) -> None:
    resources = [{"resourceType": "Patient", "id": str(uuid4())} for _ in range(number)]
    pieces = list(archive({"Patient": iter(resources)}, "test", morning(21)))
    assert (len(pieces) > 1) == (number == 5000)
    with ZipFile(io.BytesIO(b"".join(pieces))) as packed:
        assert [json.loads(line) for line in packed.read("Patient.ndjson").splitlines()] == resources
        assert json.loads(packed.read("manifest.json"))["output"][0]["count"] == number


def test_a_file_is_named_without_a_person(world: World, as_: SignIn) -> None:
    answer = as_("dr.wang").post(f"/residents/{world.residents['王秀英']}/export", data=WHY)
    name = answer.headers["content-disposition"]
    assert name == f'attachment; filename="maixun-fhir-{token_of(world, "王秀英")[:8]}-{date(2026, 11, 21)}.json"'
    assert answer.headers["cache-control"] == "no-store"


def references(node: Any) -> set[str]:
    """Every reference in a resource."""
    if isinstance(node, list):
        return {found for one in node for found in references(one)}
    if isinstance(node, dict):
        own = {node["reference"]} if isinstance(node.get("reference"), str) else set()
        return own | {found for value in node.values() for found in references(value)}
    return set()
