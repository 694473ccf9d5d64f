"""Follow-ups in the database: claims residents, loads what the plan looks at, writes tasks by compare-and-set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from ingest.alerting.episode import Outcome
from ingest.alerting.person import LOCAL, age_on
from ingest.followups.facts import Alarm, Contract, Facts, Managed, Resident, Task, Visit, Wanted
from ingest.followups.outcome import is_beyond
from ingest.followups.programmes import Rulebook
from ingest.followups.risks import ASKED, Known, risks

Connection = psycopg.Connection[Any]

VISITS_BACK = timedelta(days=550)  # a year and a half: the last visit of a yearly programme, and two in a row

# The resident's row is the claim, as in the engine: whoever holds it plans, everybody else passes by.
_CLAIM = """
with work as (select resident_id, work_id from care.follow_up_work order by work_id limit %(candidates)s),
     stale as (select r.resident_id from care.resident r left join care.follow_up_planned p using (resident_id)
               where p.planned_on is null or p.planned_on < %(today)s limit %(people)s),
     candidate as (select resident_id, min(turn) as turn
                   from (select resident_id, work_id as turn from work
                         union all select resident_id, 9223372036854775807 from stale) every group by resident_id)
select r.resident_id from care.resident r join candidate c using (resident_id)
order by c.turn limit %(people)s for no key update of r skip locked"""

_RESIDENT = """
select r.resident_id, r.birth_date, r.sex, r.station_id, s.staff_id, r.left_on, r.left_why
from care.resident r left join care.staff s on s.staff_id = r.doctor_id and s.active
where r.resident_id = any(%s)"""

_VISIT = """
select resident_id, visit_id, programme, visited_at, mode, classification, lost_why is not null, form, next_due_on,
    systolic, diastolic, pulse, fasting_glucose, after_meal_glucose, weight, height, waist
from care.visit_now where resident_id = any(%s) and visited_at >= %s order by visited_at, visit_id"""

_ALARM = """
select resident_id, episode_id, cause, tier, opened_at, outcome = %s from care.episode
where resident_id = any(%s) and opened_at >= %s and state <> 'confirming'"""

_TASK = """
select resident_id, follow_up_id, programme, reason, occasion, due_on, dispatched_at, doctor_id, station_id, state,
    revision, visit_id, ended_at, ended_why
from care.follow_up where resident_id = any(%s) and (state = 'open' or due_on >= %s)"""

# The zone is that of ingest.alerting.person.LOCAL.
_MEASURED = """
select resident_id, array_agg(distinct (measured_at at time zone 'Asia/Shanghai')::date) from telemetry.reading
where resident_id = any(%s) and measured_at >= %s and kind in ('blood_pressure', 'glucose') group by resident_id"""

_KIOSK = """
select distinct on (resident_id) resident_id, systolic, diastolic from telemetry.reading
where resident_id = any(%s) and measured_at >= %s and kind = 'blood_pressure' and setting in ('kiosk', 'station')
    and systolic is not null
order by resident_id, measured_at desc"""

_INSERT = """
insert into care.follow_up (resident_id, programme, reason, occasion, due_on, dispatched_at, doctor_id, station_id,
    state, visit_id, ended_at, ended_why)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict do nothing
returning follow_up_id"""

_UPDATE = """
update care.follow_up set due_on = %s, doctor_id = %s, station_id = %s, state = %s, visit_id = %s, ended_at = %s,
    ended_why = %s, revision = revision + 1
where follow_up_id = %s and revision = %s returning follow_up_id"""


def claim(connection: Connection, *, people: int, today: date) -> list[int]:
    """Lock up to so many residents that changed or were not planned today, and take their work away."""
    parameters = {"people": people, "candidates": people * 5, "today": today}
    claimed = [row[0] for row in connection.execute(_CLAIM, parameters).fetchall()]
    if claimed:
        connection.execute("delete from care.follow_up_work where resident_id = any(%s)", [claimed])
    return claimed


def load(connection: Connection, residents: Sequence[int], rulebook: Rulebook, now: datetime) -> list[Facts]:
    """All the plan looks at, for these residents, in a handful of queries."""
    ids, today = list(residents), now.astimezone(LOCAL).date()
    since = now - VISITS_BACK
    rows = _Rows(
        visits=_grouped(connection.execute(_VISIT, [ids, since])),
        managed=_grouped(
            connection.execute(
                "select resident_id, condition, managed_from, managed_until from care.condition"
                " where resident_id = any(%s)",
                [ids],
            )
        ),
        contracts=_grouped(
            connection.execute(
                "select resident_id, package, signed_on, ends_on from care.contract"
                " where resident_id = any(%s) and signed_on <= %s and ends_on > %s order by signed_on",
                [ids, today, today],
            )
        ),
        alarms=_grouped(connection.execute(_ALARM, [Outcome.FALSE_ALARM, ids, now - timedelta(days=200)])),
        tasks=_grouped(connection.execute(_TASK, [ids, today - timedelta(days=400)])),
        measured=dict(connection.execute(_MEASURED, [ids, now - timedelta(days=62)]).fetchall()),
        pressures=_grouped(
            connection.execute(_KIOSK, [ids, now - timedelta(days=rulebook.file.high_risk.looks_back.days)])
        ),
    )
    return [_facts(row, rows, rulebook, today) for row in connection.execute(_RESIDENT, [ids]).fetchall()]


def write(connection: Connection, resident_id: int, changes: Iterable[Wanted], now: datetime) -> int:
    """Write what the plan wants; a task somebody changed meanwhile is left for the next plan. Returns how many."""
    return sum(connection.execute(*_statement(resident_id, each, now)).fetchone() is not None for each in changes)


def keep(connection: Connection, resident_id: int, tasks: Iterable[Task]) -> None:
    """Write tasks as they are, where there are none of their occasions yet: those of a rehearsed history."""
    connection.cursor().executemany(
        _INSERT.replace("returning follow_up_id", ""),
        [
            (
                resident_id,
                *(task.programme, task.reason, task.occasion, task.due_on, task.dispatched_at),
                *(task.doctor_id, task.station_id, task.state, task.visit_id),
                *(None if task.state == "open" else task.ended_at, task.ended_why),
            )
            for task in tasks
        ],
    )


def planned(connection: Connection, residents: Collection[int], today: date) -> None:
    """Note that these were planned for the day."""
    connection.execute(
        "insert into care.follow_up_planned (resident_id, planned_on) select unnest(%s::bigint[]), %s"
        " on conflict (resident_id) do update set planned_on = excluded.planned_on",
        [list(residents), today],
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a claim by resident."""

    visits: Mapping[int, list[tuple[Any, ...]]]
    managed: Mapping[int, list[tuple[Any, ...]]]
    contracts: Mapping[int, list[tuple[Any, ...]]]
    alarms: Mapping[int, list[tuple[Any, ...]]]
    tasks: Mapping[int, list[tuple[Any, ...]]]
    measured: Mapping[int, list[date]]
    pressures: Mapping[int, list[tuple[Any, ...]]]


def _grouped(rows: Iterable[tuple[Any, ...]]) -> Mapping[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for resident_id, *rest in rows:
        found[resident_id].append(tuple(rest))
    return found


def _facts(row: tuple[Any, ...], rows: _Rows, rulebook: Rulebook, today: date) -> Facts:
    resident_id, born, sex, station_id, doctor_id, left_on, left_why = row
    visits = rows.visits.get(resident_id, [])
    managed = rows.managed.get(resident_id, [])
    known = _known(visits, rows.pressures.get(resident_id, []), age_on(born, today), sex)
    resident = Resident(
        resident_id=resident_id,
        birth_date=born,
        station_id=station_id,
        doctor_id=doctor_id,
        managed={name: Managed(since=since, until=until) for name, since, until in managed if since is not None},
        has_hypertension=any(name == "hypertension" for name, *_ in managed),
        risks=risks(known, rulebook.file.high_risk),
        left_on=left_on,
        left_why=left_why,
    )
    return Facts(
        resident=resident,
        visits=tuple(_visit(each, rulebook) for each in visits),
        contracts=tuple(
            Contract(package=package, signed_on=signed_on, ends_on=ends_on)
            for package, signed_on, ends_on in rows.contracts.get(resident_id, [])
        ),
        alarms=tuple(
            Alarm(episode_id=number, cause=cause, tier=tier, opened_at=opened_at, was_mistaken=bool(mistaken))
            for number, cause, tier, opened_at, mistaken in rows.alarms.get(resident_id, [])
        ),
        tasks=tuple(_task(each) for each in rows.tasks.get(resident_id, [])),
        measured_on=frozenset(rows.measured.get(resident_id, ())),
    )


def _visit(row: tuple[Any, ...], rulebook: Rulebook) -> Visit:
    visit_id, programme, visited_at, mode, classification, was_lost, form, next_due_on, *numbers = row
    known = rulebook.file.programmes.get(programme)
    values = dict(
        zip(("systolic", "diastolic", "pulse", "fasting_glucose", "after_meal_glucose"), numbers, strict=False)
    )
    return Visit(
        visit_id=visit_id,
        programme=programme,
        visited_at=visited_at,
        mode=mode,
        classification=classification,
        was_lost=was_lost,
        is_emergency=bool(form.get("danger")) or (known is not None and is_beyond(known, values)),
        was_referred=bool(form.get("referral_reasons")),
        next_due_on=next_due_on,
        has_pressure=values["systolic"] is not None,
        items=frozenset(form.get("package_items", ())),
    )


def _known(visits: list[tuple[Any, ...]], pressures: list[tuple[Any, ...]], age: int, sex: str) -> Known:
    """The latest of each value; a blood pressure of a visit goes before one of the kiosk."""
    latest: dict[str, Any] = {}
    for *_, form, _next, systolic, diastolic, _pulse, _fasting, _after, weight, height, waist in visits:
        given = {"systolic": systolic, "diastolic": diastolic, "weight": weight, "height": height, "waist": waist}
        latest |= {name: value for name, value in given.items() if value is not None}
        if "risk_factors" in form:
            latest["answered"] = frozenset(form["risk_factors"]) & frozenset(ASKED)
    if "systolic" not in latest and pressures:
        latest["systolic"], latest["diastolic"] = pressures[0]
    return Known(age=age, sex=sex, **latest)


def _task(row: tuple[Any, ...]) -> Task:
    number, programme, reason, occasion, due_on, dispatched_at, doctor_id, station_id, state, revision, *end = row
    return Task(
        follow_up_id=number,
        programme=programme,
        reason=reason,
        occasion=occasion,
        due_on=due_on,
        dispatched_at=dispatched_at,
        doctor_id=doctor_id,
        station_id=station_id,
        state=state,
        revision=revision,
        visit_id=end[0],
        ended_at=end[1],
        ended_why=end[2],
    )


def _statement(resident_id: int, wanted: Wanted, now: datetime) -> tuple[str, list[Any]]:
    ended_at = None if wanted.state == "open" else now
    end = [wanted.state, wanted.visit_id, ended_at, wanted.ended_why]
    who = [wanted.doctor_id, wanted.station_id]
    if wanted.task is None:
        begin = [resident_id, wanted.programme, wanted.reason, wanted.occasion, wanted.due_on, now]
        return _INSERT, [*begin, *who, *end]
    return _UPDATE, [wanted.due_on, *who, *end, wanted.task.follow_up_id, wanted.task.revision]
