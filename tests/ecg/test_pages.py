"""The doctor's view: the list on the resident's page, the paper, both languages, and who may look."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from devices.reading import Flag
from tests.api.conftest import SignIn
from tests.api.world import World
from tests.ecg.made import fibrillation, recording, sinus
from tests.ecg.synthetic import Signal

HAN = re.compile(r"[\u4e00-\u9fff]")


def recorded(world: World, name: str, signal: Signal, **columns: Any) -> UUID:
    """An ECG of the resident as ingest leaves it."""
    about: dict[str, Any] = {"kind": "ecg", "pulse": 96.4, "raw": "ecg:00", "clock": "assumed"}
    reading_id = world.measured(name, **(about | columns))
    waveform = recording(signal).waveform
    world.connection.execute(
        "insert into telemetry.waveform values (%s, %s, %s, %s, %s)",
        (world.residents[name], reading_id, 250.0, len(waveform.microvolts), waveform.pack()),
    )
    return reading_id


def test_the_residents_page_lists_the_ecg_and_leads_to_its_paper(world: World, as_: SignIn) -> None:
    reading_id = recorded(world, "王秀英", fibrillation(), flags=int(Flag.POSSIBLE_AF))
    resident, doctor = world.residents["王秀英"], as_("dr.wang")
    page = doctor.get(f"/residents/{resident}").text
    address = f"/residents/{resident}/ecg/{reading_id}"
    for text in (address, "96", "30 秒", "未核对", "可能为心房颤动，需医生判读"):
        assert text in page, text
    paper = doctor.get(address).text
    for text in (
        "王秀英",
        "96",
        "250 Hz",
        "可能为心房颤动，需医生判读",
        "25 mm/s",
        "10 mm/mV",
        "不是诊断",
        "0.5–40 Hz",
    ):
        assert text in paper, text
    assert paper.count('class="curve"') == 3
    assert paper.count('class="beat"') in range(43, 53)
    assert 'width="270.0mm"' in paper


def test_what_is_drawn_says_whether_it_is_filtered(world: World, as_: SignIn) -> None:
    address = f"/residents/{world.residents['王秀英']}/ecg/{recorded(world, '王秀英', sinus() + 1.0)}"
    doctor = as_("dr.wang")
    filtered, plain = doctor.get(address).text, doctor.get(address, params={"filter": "off"}).text
    assert "零相位滤波" in filtered
    assert "零相位滤波" not in plain
    assert "未经滤波" in plain
    assert re.findall('points="[^"]*"', filtered) != re.findall('points="[^"]*"', plain)
    assert doctor.get(address, params={"filter": "some"}).status_code == 422


def test_english_pages_of_an_ecg_hold_no_chinese_but_names(world: World, as_: SignIn) -> None:
    reading_id = recorded(world, "王秀英", fibrillation(), flags=int(Flag.POSSIBLE_AF))
    doctor = as_("dr.wang")
    doctor.get("/language/en")
    for path in (f"/residents/{world.residents['王秀英']}", f"/residents/{world.residents['王秀英']}/ecg/{reading_id}"):
        for query in ("", "?filter=off") if "ecg" in path else ("",):
            text = doctor.get(path + query).text
            assert "Possible atrial fibrillation, needs a doctor" in text
            for name in ("王秀英", "王医生", "青河卫生站", "青河镇", "中文", "脉讯"):
                text = text.replace(name, "")
            assert not HAN.search(text), HAN.findall(text)[:20]


def test_an_ecg_without_a_curve_is_listed_and_has_no_paper(world: World, as_: SignIn) -> None:
    reading_id = world.measured("王秀英", kind="ecg", pulse=71.0)
    resident, doctor = world.residents["王秀英"], as_("dr.wang")
    page = doctor.get(f"/residents/{resident}").text
    assert "无曲线" in page
    assert f"/ecg/{reading_id}" not in page
    assert doctor.get(f"/residents/{resident}/ecg/{reading_id}").status_code == 404


def test_the_curve_is_given_as_recorded(world: World, as_: SignIn) -> None:
    reading_id = recorded(world, "王秀英", sinus())
    found = as_("dr.wang").get(f"/api/v1/residents/{world.residents['王秀英']}/ecg/{reading_id}").json()
    assert found["microvolts"] == list(recording(sinus()).waveform.microvolts)
    assert (found["sampling_rate"], found["seconds"], found["heart_rate"]) == (250.0, 30.0, pytest.approx(96.4))


def test_looks_are_recorded_and_nobody_elses_doctor_looks(world: World, as_: SignIn) -> None:
    reading_id = recorded(world, "王秀英", sinus())
    theirs, resident = world.residents["李建国"], world.residents["王秀英"]
    doctor, other = as_("dr.wang"), as_("dr.li")
    for prefix in ("", "/api/v1"):
        assert doctor.get(f"{prefix}/residents/{resident}/ecg/{reading_id}").status_code == 200
        assert other.get(f"{prefix}/residents/{resident}/ecg/{reading_id}").status_code == 404
        assert other.get(f"{prefix}/residents/{theirs}/ecg/{reading_id}").status_code == 404
        assert as_("tech").get(f"{prefix}/residents/{resident}/ecg/{reading_id}").status_code == 403
    looks = world.connection.execute(
        "select staff_id, resident_id, detail ->> 'reading_id' from care.audit where action = 'ecg.view'"
    ).fetchall()
    assert looks == [(world.staff["dr.wang"], resident, str(reading_id))] * 2
