"""Our line protocol: what is right is taken, what is damaged is asked for again, nothing makes it fail."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Flag, Kind, Meal
from gateway.kiosk import recording
from gateway.kiosk.heard import Heard
from gateway.kiosk.instruments import CouldNot, Message, OnItsWay
from gateway.kiosk.line_driver import LineDriver, crc16, framed
from gateway.kiosk.names import Measurement
from gateway.kiosk.outcome import Beyond
from tests.gateway.made import ZONE
from tests.kiosk.made import CATALOGUE, POLICY, T0

BODY = "MX1;seq=17;type=body;height=165.5cm;weight=124.8jin;time=2026-11-21T16:00:05"
LIPIDS = "MX1;seq=18;type=lipids;total_cholesterol=5.21mmol/L;hdl=LO;ldl=3.1mmol/L;triglycerides=>7.34mmol/L"


def driver(measurement: Measurement = Measurement.BODY) -> LineDriver:
    return LineDriver("scale-1", measurement, CATALOGUE)


def only(messages: list[Message]) -> Message:
    [message] = messages
    return message


def heard(body: str, measurement: Measurement, at: datetime = T0) -> Heard:
    said = only(list(driver(measurement).feed(framed(body), at))).said
    assert isinstance(said, Heard)
    return said


def test_the_checksum_is_the_well_known_one() -> None:
    assert crc16(b"123456789") == 0x29B1


def test_a_scales_line_is_taken_in_canonical_units_and_acknowledged_by_number() -> None:
    message = only(list(driver().feed(framed(BODY), T0)))
    assert isinstance(message.said, Heard)
    assert message.said.take.values == {"height": 165.5, "weight": 62.4}
    assert message.said.stamp == datetime(2026, 11, 21, 16, 0, 5)
    assert message.if_kept == framed("ACK;seq=17")
    assert message.if_not == framed("NAK;reason=not_kept")


def test_hi_and_lo_stay_what_they_are_each_a_reading_of_its_own() -> None:
    said = heard(LIPIDS, Measurement.LIPIDS)
    assert said.take.beyond == {"hdl": Beyond.BELOW, "triglycerides": Beyond.ABOVE}
    inside, hdl, triglycerides = recording.readings(said, person=None, zone=ZONE, policy=POLICY)
    assert {each.kind for each in (inside, hdl, triglycerides)} == {Kind.LIPIDS}
    assert (inside.values, inside.flags) == ({"total_cholesterol": 5.21, "ldl": 3.1}, Flag(0))
    assert (hdl.values, hdl.flags) == ({}, Flag.BELOW_RANGE)
    assert (triglycerides.values, triglycerides.flags) == ({"triglycerides": 7.34}, Flag.ABOVE_RANGE)
    assert len({each.reading_id for each in (inside, hdl, triglycerides)}) == 3
    assert bytes.fromhex(inside.raw.removeprefix("serial:")) == LIPIDS.encode()


def test_meal_flags_failures_and_the_filling_cuff() -> None:
    glucose = heard("MX1;seq=1;type=glucose;glucose=126mg/dL;meal=fasting", Measurement.GLUCOSE)
    assert (glucose.take.values, glucose.meal) == ({"glucose": 7.0}, Meal.FASTING)
    line = "MX1;seq=2;type=blood_pressure;systolic=16.0kPa;diastolic=80mmHg;flags=irregular_pulse+body_movement"
    assert heard(line, Measurement.BLOOD_PRESSURE).flags == Flag.IRREGULAR_PULSE | Flag.BODY_MOVEMENT
    cuff = driver(Measurement.BLOOD_PRESSURE)
    live = only(list(cuff.feed(framed("MX1;type=live;cuff=132mmHg"), T0)))
    assert live == Message(OnItsWay(132.0))
    failed = only(list(cuff.feed(framed("MX1;seq=3;type=blood_pressure;error=movement"), T0)))
    assert failed.said == CouldNot(Measurement.BLOOD_PRESSURE)


@pytest.mark.parametrize(
    "body",
    [
        "MX2;seq=17;type=body;weight=62.4kg",
        "MX1;type=body;weight=62.4kg",
        "MX1;seq=x;type=body;weight=62.4kg",
        "MX1;seq=17;type=body",
        "MX1;seq=17;type=body;weight=62.4kg;weight=70kg",
        "MX1;seq=17;type=body;weight=62.4stone",
        "MX1;seq=17;type=body;weight=nan",
        "MX1;seq=17;type=body;length=62.4kg",
        "MX1;seq=17;type=body;weight=62.4kg;time=yesterday",
        "MX1;seq=17;type=body;weight=62.4kg;flags=wet",
        "MX1;seq=17;type=lipids;hdl=1.2mmol/L",
        "MX1",
    ],
)
def test_a_line_that_cannot_be_understood_is_refused_and_said_so(body: str) -> None:
    assert only(list(driver().feed(framed(body), T0))) == Message(None, if_not=framed("NAK;reason=content"))


def test_a_damaged_line_is_asked_for_again() -> None:
    damaged = framed(BODY).replace(b"62", b"63").replace(b"124", b"125")
    assert only(list(driver().feed(damaged, T0))) == Message(None, if_not=framed("NAK;reason=checksum"))


def test_a_line_sent_again_because_its_answer_was_lost_is_the_same_reading() -> None:
    scale = driver()
    line = framed("MX1;seq=17;type=body;weight=62.4kg")
    ids = []
    for seconds in (0, 3, 59, 61):
        said = only(list(scale.feed(line, T0 + timedelta(seconds=seconds)))).said
        assert isinstance(said, Heard)
        ids += [each.reading_id for each in recording.readings(said, person=None, zone=ZONE, policy=POLICY)]
    assert len(set(ids)) == 2, "a minute later the same weight is a new measurement"


def test_with_a_clock_the_same_line_is_the_same_reading_for_ever() -> None:
    late = T0 + timedelta(days=1)
    first, again = (
        recording.readings(heard(BODY, Measurement.BODY, at), person=None, zone=ZONE, policy=POLICY)[0]
        for at in (T0 + timedelta(seconds=9), late)
    )
    assert first.reading_id == again.reading_id
    assert first.measured_at == again.measured_at == T0 + timedelta(seconds=5)


@given(st.binary(max_size=30), st.lists(st.integers(1, 40), max_size=10))
def test_noise_before_and_cuts_anywhere_change_nothing(noise: bytes, cuts: list[int]) -> None:
    stream = noise.replace(b"\n", b" ").replace(b"$", b" ") + framed(BODY)
    scale, at = driver(), 0
    messages: list[Message] = []
    for cut in [*cuts, len(stream)]:
        messages += scale.feed(stream[at : at + cut], T0)
        at += cut
    assert isinstance(only(messages).said, Heard)


@given(st.one_of(st.binary(max_size=2000), st.text(max_size=300).map(lambda text: framed(f"MX1;{text}"))))
def test_no_bytes_make_it_fail(received: bytes) -> None:
    for message in driver().feed(received + b"\n", T0):
        assert message.said is None or isinstance(message.said, Heard | CouldNot | OnItsWay)
