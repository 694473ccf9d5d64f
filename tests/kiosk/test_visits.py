"""Whole visits over HTTP: what is shown, what waits in the outbox, and whose it is."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.kiosk import card
from gateway.kiosk.names import Step
from ingest import identity
from tests.kiosk.made import SOMEBODY
from tests.kiosk.standing import CUFF, CUFF_BY_RADIO, standing
from tests.kiosk.test_id_card import Reader, text
from tests.kiosk.test_identity import MASTER, NUMBER
from tests.kiosk.wires import wire

WELL: tuple[str, ...] = ()


def of_kind(items: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [item for item in items if item.get("kind") == kind]


async def test_a_card_two_readings_their_mean_and_everything_sent_as_it_was_taken(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        state = await kiosk.act("scan", code=card.encode(SOMEBODY))
        assert (state["step"], state["person"]) == ("choose", {"way": "qr", "shown": ""})
        await kiosk.act("choose", measurements=["blood_pressure"])
        state = await kiosk.act("answer", choices=WELL)
        assert (state["rest"]["kind"], state["rest"]["seconds_left"]) == ("before", 300)
        await kiosk.waits(300, Step.MEASURE)
        kiosk.cuff_sends((138, 84))
        state = await kiosk.reaches(Step.REST)
        assert (state["rest"]["kind"], state["rest"]["next_take"]) == ("between", 2)
        assert len(of_kind(kiosk.items(), "blood_pressure")) == 1, "the first is on its way before the second is taken"
        await kiosk.waits(60, Step.MEASURE)
        kiosk.cuff_sends((146, 86))
        state = await kiosk.reaches(Step.RESULT)
        [judged, pulse] = state["result"]["judged"]
        assert [value["shown"] for value in judged["values"]] == ["142", "85"]
        assert (judged["level"], judged["shape"], state["result"]["mean_of"]) == ("high", "diamond", 2)
        assert pulse["name"] == "pulse"
        assert (await kiosk.act("next"))["step"] == "slip"
        assert (await kiosk.act("finish"))["step"] == "cleared"
        await kiosk.waits(6, Step.IDLE)
        sent = of_kind(kiosk.items(), "blood_pressure")
        assert [item["values"]["systolic"] for item in sent] == [138, 146]
        assert {item["person"] for item in kiosk.items()} == {str(SOMEBODY)}
        assert {item["device"] for item in sent} == {CUFF}


async def test_a_guest_sees_the_result_and_nobody_is_sent_with_it(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.begins("waist")
        assert (await kiosk.act("answer", choices=["male"]))["ask"]["number"]["unit"] == "cm"
        assert (await kiosk.act("answer", number=300))["notice"] == "out_of_bounds"
        state = await kiosk.act("answer", number=93.5)
        assert state["result"]["judged"][0]["level"] == "attention"
        [symptoms, waist] = kiosk.items()
        assert (symptoms["kind"], symptoms["values"]) == ("symptoms", {"fever": 0, "diarrhoea": 0})
        assert (waist["values"], waist["flags"], waist["device"]) == (
            {"waist": 93.5},
            ["manual_entry"],
            "kiosk:gw-0001",
        )
        assert not any("person" in item for item in kiosk.items())


async def test_a_phone_and_its_pin_give_the_servers_token(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.act("begin")
        state = await kiosk.act("phone", number="13812345678", pin="2468")
        assert state["person"] == {"way": "phone", "shown": "****5678"}
        await kiosk.act("choose", measurements=["waist"])
        await kiosk.act("answer", choices=["fever"])
        [item] = kiosk.items()
        assert item["person"] == str(identity.pseudonym("13812345678:2468", MASTER))
        assert "13812345678" not in json.dumps(kiosk.items())


async def test_an_id_card_on_the_reader_begins_the_visit_and_its_number_is_nowhere(tmp_path: Path) -> None:
    with wire() as line:
        reader = Reader(line)
        reader.content = text()
        reading = asyncio.create_task(reader.run())
        async with standing(tmp_path, id_card={"port": line.path, "baud": 115200}) as kiosk:
            state = await kiosk.reaches(Step.CHOOSE)
            assert state["person"] == {"way": "id_card", "shown": "李*国"}
            await kiosk.act("choose", measurements=["waist"])
            state = await kiosk.act("answer", choices=WELL)
            assert state["ask"]["question"] == "waist", "the card has told the sex"
            state = await kiosk.act("answer", number=90)
            assert state["result"]["judged"][0]["means"]["zh"].startswith("男性")
            assert {item["person"] for item in kiosk.items()} == {str(identity.pseudonym(NUMBER, MASTER))}
            everything = (tmp_path / "outbox.sqlite3").read_bytes() + json.dumps(state).encode()
            assert NUMBER.encode() not in everything
            assert "建" not in json.dumps(state, ensure_ascii=False)
        reading.cancel()


async def test_a_dangerous_take_sounds_the_alarm_at_once_on_every_step_until_the_end(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.begins("blood_pressure")
        await kiosk.waits(300, Step.MEASURE)
        kiosk.cuff_sends((186, 96))
        state = await kiosk.reaches(Step.REST)
        assert state["alarm"]["level"] == "danger"
        assert "call the staff" in state["alarm"]["now"]["en"]
        assert (await kiosk.act("skip"))["alarm"] is not None
        assert (await kiosk.act("finish"))["alarm"] is not None
        assert (await kiosk.act("finish"))["alarm"] is None


async def test_what_lay_in_the_cuff_before_is_not_the_visitors(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.act("scan", code=card.encode(SOMEBODY))
        await kiosk.act("choose", measurements=["blood_pressure"])
        await kiosk.act("answer", choices=WELL)
        await kiosk.waits(300, Step.MEASURE)
        hour_ago = kiosk._local() - timedelta(hours=1)
        kiosk.cuff_sends((190, 120), stamp=hour_ago)
        state = await kiosk.state()
        assert (state["step"], state["alarm"]) == ("measure", None)
        kiosk.cuff_sends((124, 78))
        await kiosk.reaches(Step.REST)
        before, mine = of_kind(kiosk.items(), "blood_pressure")
        assert "person" not in before
        assert mine["person"] == str(SOMEBODY)


async def test_a_cuff_that_sends_its_memory_again_counts_each_take_once(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.begins("blood_pressure")
        await kiosk.waits(300, Step.MEASURE)
        first_at = kiosk._local()
        kiosk.cuff_sends((138, 84))
        await kiosk.waits(60, Step.MEASURE)
        kiosk.cuff_sends((138, 84), stamp=first_at)
        assert (await kiosk.state())["step"] == "measure"
        kiosk.cuff_sends((140, 84))
        assert (await kiosk.reaches(Step.RESULT))["result"]["mean_of"] == 2


async def test_a_reading_that_nobody_waits_for_is_kept_as_nobodys(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        kiosk.cuff_sends((124, 78))
        await kiosk.act("scan", code=card.encode(SOMEBODY))
        kiosk.cuff_sends((126, 79))
        assert (await kiosk.state())["step"] == "choose"
        assert [item.get("person") for item in kiosk.items()] == [None, None]


async def test_a_visit_with_a_meter_of_somebodys_home_changes_nothing(tmp_path: Path) -> None:
    other = "A4:C1:38:00:00:99"
    async with standing(tmp_path, instruments=(CUFF_BY_RADIO | {"device": other},)) as kiosk:
        await kiosk.act("scan", code=card.encode(SOMEBODY))
        await kiosk.act("choose", measurements=["blood_pressure"])
        await kiosk.act("answer", choices=WELL)
        await kiosk.waits(300, Step.MEASURE)
        kiosk.cuff_sends((124, 78))
        assert (await kiosk.state())["step"] == "measure"
        assert "person" not in of_kind(kiosk.items(), "blood_pressure")[0]


async def test_nobody_there_any_more_warns_and_clears_everything(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.act("language", language="en")
        await kiosk.act("large_type", on=True)
        await kiosk.act("scan", code=card.encode(SOMEBODY))
        assert (await kiosk.state())["warning"] is None
        kiosk.clock.advance(61)
        assert (await kiosk.state())["warning"] == 29
        assert (await kiosk.act("stay"))["warning"] is None
        kiosk.clock.advance(89)
        assert (await kiosk.state())["step"] == "choose"
        state = await kiosk.waits(1, Step.CLEARED)
        assert (state["person"], state["language"]) == (None, "en")
        state = await kiosk.waits(6, Step.IDLE)
        assert (state["language"], state["large_type"]) == ("zh", False)


async def test_a_double_tap_never_reaches_the_page_after(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.act("begin")
        await kiosk.act("guest")
        await kiosk.refused("guest", at=Step.IDENTIFY)
        await kiosk.refused("choose", measurements=["lipids"])
        await kiosk.refused("next")
        await kiosk.refused("print")
        assert (await kiosk.state())["step"] == "choose"


async def test_staff_type_what_the_instrument_shows(tmp_path: Path) -> None:
    async with standing(tmp_path, staff_code="4711") as kiosk:
        await kiosk.begins("blood_pressure")
        await kiosk.waits(300, Step.MEASURE)
        fields = (await kiosk.state())["measure"]["typed"]
        assert [field["metric"] for field in fields] == ["systolic", "diastolic", "pulse"]
        values = {"systolic": 128, "diastolic": 82}
        assert (await kiosk.act("typed", code="0000", values=values))["notice"] == "staff_code_wrong"
        assert (await kiosk.act("typed", code="4711", values=values | {"systolic": 12}))["notice"] == "out_of_bounds"
        await kiosk.refused("typed", code="4711", values={"glucose": 5})
        assert (await kiosk.act("typed", code="4711", values=values))["step"] == "rest"
        [item] = of_kind(kiosk.items(), "blood_pressure")
        assert (item["values"], item["flags"]) == (values, ["manual_entry"])


async def test_the_page_hears_every_change_and_the_filling_cuff(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk, kiosk.page.stream("GET", "/api/events") as stream:
        lines = stream.aiter_lines()

        async def event() -> tuple[str, dict[str, Any]]:
            async with asyncio.timeout(10):
                name = await anext(lines)
                data = json.loads((await anext(lines)).removeprefix("data: "))
                assert await anext(lines) == ""
                return name.removeprefix("event: "), data

        assert (await event())[1]["step"] == "idle"
        await kiosk.begins("blood_pressure")
        steps = [(await event())[1]["step"] for _ in range(4)]
        assert steps == ["identify", "choose", "ask", "rest"]
        await kiosk.waits(300, Step.MEASURE)
        assert (await event())[1]["step"] == "measure"
        visit = kiosk.collector.open(CUFF)
        visit.packet("2A36", bytes.fromhex("00 8400 ff07 ff07"), kiosk.clock())
        assert await event() == ("live", {"metric": "cuff", "value": 132.0, "unit": "mmHg"})


async def test_a_full_disk_is_said_and_nothing_is_shown_that_is_not_kept(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.begins("waist")
        await kiosk.act("answer", choices=["female"])
        kiosk.collector.outbox.limits = type(kiosk.collector.outbox.limits)(readings=1)
        state = await kiosk.act("answer", number=80)
        assert (state["step"], state["notice"]) == ("ask", "not_stored")
        kiosk.collector.outbox.limits = type(kiosk.collector.outbox.limits)()
        assert (await kiosk.act("answer", number=80))["step"] == "result"


async def test_a_reading_in_a_meters_future_is_kept_and_measured_again(tmp_path: Path) -> None:
    async with standing(tmp_path) as kiosk:
        await kiosk.begins("blood_pressure")
        await kiosk.waits(300, Step.MEASURE)
        kiosk.cuff_sends((124, 78), stamp=datetime(2027, 6, 1))
        assert (await kiosk.state())["notice"] == "measured_badly"
        assert of_kind(kiosk.items(), "blood_pressure")[0]["clock"] == "unusable"
