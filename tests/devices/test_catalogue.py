"""Recognising a meter, and a wrong file stopping the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devices.catalogue import TimePolicy, Verified, parse
from maixun.configuration import load_all
from tests.devices.policy import MODELS


@pytest.mark.parametrize(
    ("name", "manufacturer", "model", "expected"),
    [
        ("A&D_UA-651BLE_A1B2C3", None, None, "A&D UA-651BLE"),
        ("BLEsmart_0000048000DC", None, None, "Omron with Blood Pressure Profile"),
        ("BLESmart_0000048000DC", "OMRON HEALTHCARE", "HEM-7142T2", "Omron HEM-7142T2"),
        ("BM85", "Beurer", None, "Beurer BM85"),
        ("CareSens 0042", None, None, "CareSens"),
        (None, "i-SENS, Inc.", None, "CareSens"),
        ("meter+01234567", "Roche", "925", "Accu-Chek"),
        ("MIBFS", None, None, "Xiaomi Mi Body Composition Scale"),
        ("something else", "somebody", "x", "standard"),
        (None, None, None, "standard"),
        ("", "", "", "standard"),
    ],
)
def test_a_meter_is_recognised(name: str | None, manufacturer: str | None, model: str | None, expected: str) -> None:
    assert MODELS.find(name=name, manufacturer=manufacturer, model=model).name == expected


def test_a_scale_without_a_name_is_recognised_by_what_it_advertises() -> None:
    assert MODELS.find(data={"181B": b""}).name == "Xiaomi Mi Body Composition Scale"
    assert MODELS.find(data={"FE95": b""}) is MODELS.standard


def test_a_clock_is_set_only_where_the_model_allows_it() -> None:
    for model in (*MODELS.models, MODELS.standard):
        assert model.sets_clock == (model.time_policy is not TimePolicy.NEVER)


def test_the_list_for_people_says_the_same() -> None:
    rows = [
        f"| {model.name} | {_yes(Verified.CAPTURED in model.verified)} | {_yes(Verified.EMULATED in model.verified)}"
        f" | {model.pairing.replace('-', ' ')} | {model.time_policy} |"
        for model in (MODELS.standard, *MODELS.models)
    ]
    lines = (Path(__file__).parents[2] / "docs/meters.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("| ")][1:] == rows


def _yes(verified: bool) -> str:
    return "yes" if verified else "–"


def changed(**change: object) -> dict[str, Any]:
    documents = load_all("devices/*.yaml")
    standard = documents["devices/standard.yaml"]["models"][0]
    return documents | {"devices/standard.yaml": {"models": [standard | change]}}


@pytest.mark.parametrize(
    "change", [{"quirks": ["beurer-eb"]}, {"time_policy": "whenever"}, {"settle": 100}, {"verified": "emulated meter"}]
)
def test_a_wrong_file_is_named(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"devices/standard\.yaml"):
        parse(changed(**change))


def test_there_must_be_a_standard_model() -> None:
    with pytest.raises(ValueError, match="standard"):
        parse(changed(name="other"))
