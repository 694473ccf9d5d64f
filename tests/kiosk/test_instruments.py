"""Instruments on a serial port and a vendor's push, in whole visits: kept before they are answered and shown."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.kiosk.line_driver import framed
from gateway.kiosk.names import Measurement, Step
from gateway.kiosk.simulated import SimulatedInstruments
from tests.gateway.made import ZONE
from tests.kiosk.made import CATALOGUE, Clock
from tests.kiosk.standing import CUFF, Standing, standing
from tests.kiosk.test_id_card import until
from tests.kiosk.test_vendor import KEY, signed
from tests.kiosk.wires import Wire, wire

SCALE = b"MX1;seq=17;type=body;height=165.5cm;weight=76.3kg"


def scale_on(line: Wire) -> dict[str, Any]:
    return {"measures": "body", "by": "serial", "device": "scale-1", "port": line.path}


async def test_the_scale_is_acknowledged_when_it_is_kept_and_shown_with_the_index(tmp_path: Path) -> None:
    with wire() as line:
        async with standing(tmp_path, instruments=(scale_on(line),)) as kiosk:
            await kiosk.begins("body")
            line.says(framed(SCALE.decode()))
            assert await line.hears() == framed("ACK;seq=17")
            state = await kiosk.reaches(Step.RESULT)
            size, index = state["result"]["judged"]
            assert [value["shown"] for value in size["values"]] == ["165.5", "76.3"]
            assert (index["values"][0]["shown"], index["level"]) == ("27.9", "attention")
            line.says(framed(SCALE.decode()))
            assert await line.hears() == framed("ACK;seq=17")
            [item] = [item for item in kiosk.items() if item["device"] == "scale-1"]
            assert item["raw"] == f"serial:{SCALE.hex()}"


async def test_what_is_not_kept_is_not_acknowledged_and_what_is_damaged_is_asked_for_again(tmp_path: Path) -> None:
    with wire() as line:
        async with standing(tmp_path, instruments=(scale_on(line),)) as kiosk:
            await kiosk.begins("body")
            limits = kiosk.collector.outbox.limits
            kiosk.collector.outbox.limits = type(limits)(readings=1)
            line.says(framed(SCALE.decode()))
            assert await line.hears() == framed("NAK;reason=not_kept")
            assert (await kiosk.state())["notice"] == "not_stored"
            kiosk.collector.outbox.limits = limits
            line.says(framed(SCALE.decode()).replace(b"165", b"156"))
            assert await line.hears() == framed("NAK;reason=checksum")
            line.says(framed(SCALE.decode()))
            assert await line.hears() == framed("ACK;seq=17")
            await kiosk.reaches(Step.RESULT)


async def test_an_instrument_that_is_plugged_in_later_is_found(tmp_path: Path) -> None:
    with wire() as line:
        plug = tmp_path / "ttyUSB0"
        scale = scale_on(line) | {"port": str(plug)}
        async with standing(tmp_path, instruments=(scale,)) as kiosk:
            await kiosk.begins("body")
            plug.symlink_to(line.path)
            async with asyncio.timeout(15):
                while (await kiosk.state())["step"] != "result":
                    line.says(framed(SCALE.decode()))
                    await asyncio.sleep(0.2)


async def test_lipids_beyond_the_range_are_kept_and_shown_as_such(tmp_path: Path) -> None:
    with wire() as line:
        analyser = {"measures": "lipids", "by": "serial", "device": "lipids-1", "port": line.path}
        async with standing(tmp_path, instruments=(analyser,)) as kiosk:
            await kiosk.begins("lipids")
            said = "total_cholesterol=5.21mmol/L;hdl=LO;ldl=3.10mmol/L;triglycerides=>7.34mmol/L"
            line.says(framed(f"MX1;seq=1;type=lipids;{said}"))
            state = await kiosk.reaches(Step.RESULT)
            shown = {each["name"]: each["values"][0]["shown"] for each in state["result"]["judged"]}
            assert shown == {"total_cholesterol": "5.21", "ldl": "3.10", "hdl": "LO", "triglycerides": ">7.34"}
            inside, hdl, triglycerides = [item for item in kiosk.items() if item["kind"] == "lipids"]
            assert (inside["values"], "flags" in inside) == ({"total_cholesterol": 5.21, "ldl": 3.1}, False)
            assert (hdl["values"], hdl["flags"]) == ({}, ["below_range"])
            assert (triglycerides["values"], triglycerides["flags"]) == ({"triglycerides": 7.34}, ["above_range"])


async def test_an_instrument_that_fails_asks_to_try_again(tmp_path: Path) -> None:
    with wire() as line:
        scale = {"measures": "temperature", "by": "serial", "device": "thermometer-1", "port": line.path}
        async with standing(tmp_path, instruments=(scale,)) as kiosk:
            await kiosk.begins("temperature")
            line.says(framed("MX1;seq=1;type=temperature;error=moved"))
            assert await line.hears() == framed("ACK;seq=1")
            assert (await kiosk.state())["notice"] == "measured_badly"
            line.says(framed("MX1;seq=2;type=temperature;temperature=12.5Cel"))
            await line.hears()
            assert (await kiosk.state())["measure"]["failures"] == 2, "no living person has 12.5 degrees"
            line.says(framed("MX1;seq=3;type=temperature;temperature=36.6Cel"))
            assert (await kiosk.reaches(Step.RESULT))["result"]["judged"][0]["level"] == "normal"


async def push(kiosk: Standing, body: bytes, name: str = "example") -> int:
    """What a genuine push is answered."""
    answer = await kiosk.page.post(f"/instruments/{name}", content=body, headers=signed(body, kiosk.clock()))
    return answer.status_code


def glucose(record: str, clock: Clock, value: float = 8.0) -> bytes:
    local = clock().astimezone(ZONE)
    data = {"glu": {"value": value, "period": 3}}
    return json.dumps({"recordId": record, "measureTime": f"{local:%Y-%m-%d %H:%M:%S}", "data": data}).encode()


def with_vendor(folder: Path) -> dict[str, Any]:
    keys = folder / "secrets" / "vendors"
    keys.mkdir(parents=True)
    (keys / "example.key").write_bytes(KEY + b"\n")
    return {"instruments": ({"measures": "glucose", "by": "vendor", "device": "glucose-1", "vendor": "example"},)}


async def test_a_vendors_push_reaches_the_visit_once(tmp_path: Path) -> None:
    async with standing(tmp_path, **with_vendor(tmp_path)) as kiosk:
        await kiosk.begins("glucose")
        await kiosk.act("answer", choices=["after_meal"])
        body = glucose("r-1", kiosk.clock)
        assert await push(kiosk, body) == 200
        state = await kiosk.reaches(Step.RESULT)
        assert [each["level"] for each in state["result"]["judged"]] == ["attention"]
        await kiosk.act("repeat")
        assert await push(kiosk, body) == 200
        assert (await kiosk.state())["step"] == "measure", "a replay is not another measurement"
        assert await push(kiosk, glucose("r-2", kiosk.clock, 7.0)) == 200
        await kiosk.reaches(Step.RESULT)
        sent = [item for item in kiosk.items() if item["kind"] == "glucose"]
        assert [(item["values"]["glucose"], item["meal"]) for item in sent] == [
            (8.0, "after_meal"),
            (7.0, "after_meal"),
        ]


async def test_forged_late_unknown_and_endless_pushes_are_refused(tmp_path: Path) -> None:
    async with standing(tmp_path, **with_vendor(tmp_path)) as kiosk:
        body = glucose("r-1", kiosk.clock)
        assert await push(kiosk, body, "nobody") == 404
        assert await push(kiosk, b"x" * 70_000) == 413
        assert await push(kiosk, b"{}") == 422
        late = signed(body, kiosk.clock() - timedelta(seconds=301))
        for headers in (late, signed(body, key=b"another"), {}):
            assert (await kiosk.page.post("/instruments/example", content=body, headers=headers)).status_code == 401
        assert kiosk.items() == []


async def test_without_its_key_a_vendor_is_off(tmp_path: Path) -> None:
    settings = with_vendor(tmp_path)
    (tmp_path / "secrets" / "vendors" / "example.key").unlink()
    async with standing(tmp_path, **settings) as kiosk:
        assert await push(kiosk, glucose("r-1", kiosk.clock)) == 404


async def test_the_simulated_kiosk_can_be_walked_through(tmp_path: Path) -> None:
    """The demonstration: every instrument measures by itself; the clock is the real one, rests are a moment."""
    devices = {Measurement.BODY: "scale-1", Measurement.LIPIDS: "lipids-1", Measurement.BLOOD_PRESSURE: CUFF}
    instruments = tuple(
        {"measures": measurement, "by": "radio", "device": device} for measurement, device in devices.items()
    )
    played = SimulatedInstruments(devices, CATALOGUE, zone=ZONE, seconds=0.1)
    clock = RealTime()
    async with standing(tmp_path, clock=clock, hurry=3000, companions=[played.run], instruments=instruments) as kiosk:
        await kiosk.begins(*devices)
        for measurement in (Measurement.BLOOD_PRESSURE, Measurement.BODY, Measurement.LIPIDS):
            state = await kiosk.reaches(Step.RESULT)
            assert state["result"]["measurement"] == measurement
            assert state["result"]["judged"]
            await kiosk.act("next")
        assert (await kiosk.state())["step"] == "slip"
        await until(lambda: {item["device"] for item in kiosk.items()} >= set(devices.values()))


class RealTime(Clock):
    """Nobody moves it."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)
