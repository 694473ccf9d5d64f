"""Two who may both act on an alert, and act in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from httpx2 import Response

from tests.ingest.line import Gateway
from tests.journeys import messages
from tests.journeys.desk import Desk
from tests.journeys.town import Town

ADDRESS = "A4:C1:38:0D:00:02"


def test_two_doctors_click_at_once_one_wins_and_the_other_is_told_who(town: Town) -> None:
    resident_id = town.world.resident("张伟", "dr.wang", "青河卫生站", conditions=["diabetes"])
    town.world.meter(ADDRESS, resident_id, "青河卫生站")
    with town.desk("dr.wang") as wang, town.desk("lead.qinghe") as chen:
        with wang.stream() as screen:
            _publish(town)
            alert = screen.until(lambda event: event["resident_id"] == resident_id)
        first, second = _at_once(wang, chen, f"/alerts/{alert['episode_id']}/acknowledge", alert["revision"])
        assert sorted([first.status_code, second.status_code]) == [200, 409]
        won, lost, name = (first, second, "王医生") if first.status_code == 200 else (second, first, "陈站长")
        assert (won.json()["state"], won.json()["acknowledged_by"]) == ("acknowledged", name)
        told = lost.json()
        assert told["error"] == "overtaken"
        assert all(name in sentence for sentence in told["says"].values())
        seen = [each.read(f"/alerts/{alert['episode_id']}") for each in (wang, chen)]
    assert {each["acknowledged_by"] for each in seen} == {name}
    events = town.rows("select actor, to_state from care.episode_event where resident_id = %s order by 1", resident_id)
    logins = {"王医生": "dr.wang", "陈站长": "lead.qinghe"}
    assert events == [("engine", "open"), (f"staff:{town.world.staff[logins[name]]}", "acknowledged")]


def _publish(town: Town) -> None:
    with Gateway(town.line.mosquitto.url, "gw-two-doctors") as gateway:
        reading = messages.low_glucose(ADDRESS)
        gateway.publish(messages.message(gateway.name, reading))
        assert gateway.wait(reading["id"]) == {reading["id"]: "accepted"}


def _at_once(one: Desk, other: Desk, path: str, revision: int) -> tuple[Response, Response]:
    together = Barrier(2)

    def click(desk: Desk) -> Response:
        together.wait(10)
        return desk.ask(path, revision=revision)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(click, (one, other))
    return first, second
