"""A vendor's push: only the genuine and the fresh is read, by a field map, and no more of it than was mapped."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Meal
from gateway.kiosk import vendor
from gateway.kiosk.names import Measurement
from gateway.kiosk.outcome import Beyond
from gateway.kiosk.vendor import MISSING, Forged, Incomprehensible
from maixun import configuration
from tests.kiosk.made import CATALOGUE, T0

KEY = b"a key that both sides know"
WINDOW = timedelta(seconds=300)
EXAMPLE = vendor.parse(configuration.load("kiosk/vendors/example.yaml"))
DEVICES = {
    Measurement.BLOOD_PRESSURE: "station-bp",
    Measurement.LIPIDS: "station-lipids",
    Measurement.GLUCOSE: "station-glucose",
}
RECORD: dict[str, Any] = {
    "recordId": "r-1",
    "measureTime": "2026-11-21 16:00:05",
    "user": {"name": "李建国"},
    "data": {
        "lipid": {"tc": "5.21", "hdl": 1.2, "ldl": "LO", "tg": ">7.34"},
        "glu": {"value": 5.6, "period": 1},
    },
}


def signed(body: bytes, at: datetime = T0, key: bytes = KEY) -> dict[str, str]:
    """The headers of a genuine push."""
    timestamp = str(int(at.timestamp()))
    signature = hmac.new(key, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-timestamp": timestamp, "x-signature": signature}


def body(**changed: Any) -> bytes:
    return json.dumps(RECORD | changed).encode()


def test_a_genuine_push_is_taken_by_the_field_map() -> None:
    vendor.verify(EXAMPLE, KEY, signed(body()), body(), now=T0, window=WINDOW)
    glucose, lipids = vendor.heard(EXAMPLE, DEVICES, body(), at=T0, catalogue=CATALOGUE)
    assert (glucose.device, glucose.take.values, glucose.meal) == ("station-glucose", {"glucose": 5.6}, Meal.FASTING)
    assert lipids.take.values == {"total_cholesterol": 5.21, "hdl": 1.2, "triglycerides": 7.34}
    assert lipids.take.beyond == {"ldl": Beyond.BELOW, "triglycerides": Beyond.ABOVE}
    assert lipids.stamp == datetime(2026, 11, 21, 16, 0, 5)


def test_nothing_but_the_mapped_values_is_taken_over() -> None:
    for each in vendor.heard(EXAMPLE, DEVICES, body(), at=T0, catalogue=CATALOGUE):
        assert each.told is not None
        assert "李" not in each.told.decode()
        assert each.told.decode().startswith("r-1;")


@pytest.mark.parametrize("lag", [-300, 0, 300])
def test_within_the_window_it_is_fresh(lag: int) -> None:
    vendor.verify(EXAMPLE, KEY, signed(b"{}", T0 + timedelta(seconds=lag)), b"{}", now=T0, window=WINDOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-timestamp": "1", "x-signature": ""},
        signed(b"{} "),
        signed(b"{}", key=b"another"),
        signed(b"{}", T0 + timedelta(seconds=301)),
        signed(b"{}", T0 - timedelta(seconds=301)),
        signed(b"{}") | {"x-timestamp": str(int(T0.timestamp()) + 1)},
        signed(b"{}") | {"x-signature": "é"},
    ],
)
def test_anything_else_is_forged_or_a_replay(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        vendor.verify(EXAMPLE, KEY, headers, b"{}", now=T0, window=WINDOW)


@pytest.mark.parametrize(
    ("pushed", "says"),
    [
        (b"not json", "Expecting value"),
        (b"[]", "recordId"),
        (body(recordId=""), "recordId"),
        (body(measureTime="yesterday"), "yesterday"),
        (body(data={}), "none of the mapped values"),
        (body(data={"glu": {"value": "much", "period": 1}}), "much"),
        (body(data={"glu": {"value": 5.6, "period": 9}}), "9"),
        (body(data={"weight": 62, "height": 160}), "no instrument for body"),
    ],
)
def test_what_does_not_fit_the_map_is_refused_with_its_place(pushed: bytes, says: str) -> None:
    with pytest.raises(Incomprehensible, match=says):
        vendor.heard(EXAMPLE, DEVICES, pushed, at=T0, catalogue=CATALOGUE)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(JSON)
def test_no_document_makes_it_fail_otherwise(document: Any) -> None:
    with pytest.raises(Incomprehensible):
        vendor.heard(EXAMPLE, DEVICES, json.dumps(document).encode(), at=T0, catalogue=CATALOGUE)


def test_paths() -> None:
    document = {"a": [{"b": 1}, {"b": 0}]}
    assert vendor.look_up(document, "$.a[1].b") == 0
    for path in ("$.a[2].b", "$.b", "$[0]", "$.a.b"):
        assert vendor.look_up(document, path) is MISSING


def test_a_map_with_a_foreign_metric_stops_the_start() -> None:
    document = configuration.load("kiosk/vendors/example.yaml")
    document["measurements"]["body"]["values"]["glucose"] = {"path": "$.x", "unit": "mmol/L"}
    with pytest.raises(ValueError, match="glucose does not belong"):
        vendor.parse(document)
