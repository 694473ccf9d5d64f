"""Dispatch and completion: the same figures on the page of tasks, on the station's page and in the reports."""

from __future__ import annotations

from datetime import date

from api.reporting import definitions
from api.reporting.figures import figures
from api.reporting.period import Quarter, Span, Window
from ingest.followups import dispatcher
from ingest.registry import note_condition
from tests.api.conftest import SignIn
from tests.api.test_work import follow_up
from tests.api.world import World
from tests.ingest.followups.made import RULEBOOK


def managed(world: World, name: str) -> int:
    """In the programme for a long time, planned for today."""
    note_condition(world.connection, world.residents[name], "hypertension", managed_from=date(2024, 1, 1))
    return world.residents[name]


def missed(world: World, name: str, days: int) -> None:
    """A task whose quarter ended without a visit."""
    task = follow_up(world, name, days=days, reason="referred")
    world.connection.execute(
        "update care.follow_up set state = 'cancelled', ended_why = 'missed', ended_at = now() where follow_up_id = %s",
        (task,),
    )


def test_every_page_and_the_report_say_the_same(world: World, as_: SignIn) -> None:
    world.resident("张伟", "dr.wang", "青河卫生站", birth_date=date(1980, 1, 1))
    for name in ("王秀英", "张伟"):
        managed(world, name)
    dispatcher.look(world.connection, RULEBOOK, world.clock())
    missed(world, "张伟", days=-20)
    done = follow_up(world, "王秀英", days=-3, reason="unsatisfactory")
    world.connection.execute(
        "update care.follow_up set state = 'done', ended_at = %s where follow_up_id = %s", (world.clock(), done)
    )
    world.resident("赵敏", "dr.li", "云岭卫生站")
    missed(world, "赵敏", days=-20)
    lead = as_("lead.qinghe")
    (rate,) = lead.get("/api/v1/followups/rates").json()
    assert (rate["doctor"], rate["station"]) == ("王医生", "青河卫生站")
    assert (rate["expected"], rate["dispatched"]) == (3, 3), "two under management, and the exam of one"
    assert (rate["due"], rate["done"], rate["in_time"]) == (2, 1, 0), "the one done today was due three days ago"
    (load,) = [one for one in lead.get("/api/v1/station").json()["loads"] if one["doctor"] == "王医生"]
    assert (load["fell_due"], load["completed"]) == (rate["due"], rate["done"])
    window = Window.of(Quarter(2026, 4), Span.QUARTER, world.clock().date())
    completion = definitions.load().on("follow_up_completion_rate", window.last_day)
    (everywhere,) = figures(world.connection, completion, window).values()
    assert (everywhere.numerator, everywhere.denominator) == (1, 3), "with the one of the other station"
    for page in ("/followups", "/station"):
        assert "50" in lead.get(page).text


def test_a_doctor_sees_the_own_rates_alone(world: World, as_: SignIn) -> None:
    managed(world, "王秀英")
    follow_up(world, "李建国", days=-2)
    assert [one["doctor"] for one in as_("dr.wang").get("/api/v1/followups/rates").json()] == ["王医生"]
    (li,) = as_("dr.li").get("/api/v1/followups/rates").json()
    assert (li["doctor"], li["due"], li["done"]) == ("李医生", 1, 0)
