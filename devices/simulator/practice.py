"""The doctors of the county at work: which follow-up visits they made, when, how, and what they wrote down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from devices.reading import Meal
from devices.simulator.assumptions import Assumptions
from devices.simulator.chance import stream
from devices.simulator.fleet import Setting
from devices.simulator.records import HealthRecord
from devices.simulator.trajectory import Trajectory

SINCE = date(2024, 7, 1)  # every chain of visits begins here, whenever one starts to look
QUARTER, SOON = timedelta(days=90), timedelta(days=14)
CHRONIC = ("hypertension", "diabetes")
_MEDICINE = {"hypertension": ("氨氯地平", "1", "5 mg"), "diabetes": ("二甲双胍", "2", "500 mg")}
_LOST = ("外出未归", "电话无人接听", "拒绝随访")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One visit as it stands on the form. `at` is local and naive, values are those of `care.visit`."""

    resident: int
    programme: str
    at: datetime
    mode: str  # clinic | home | phone
    values: Mapping[str, float] = field(default_factory=dict)
    classification: str | None = None
    lost_why: str | None = None
    complete: bool = True
    form: Mapping[str, object] = field(default_factory=dict)
    next_due_on: date | None = None


# (programme, birth date, day, values) → whether the value on the form counts as controlled
Controlled = Callable[[str, date, date, Mapping[str, float]], bool]


class Practice:
    """Makes the visits of one resident after the other; the same for the same seed, whatever is asked first."""

    def __init__(self, seed: int, assumptions: Assumptions, controlled: Controlled) -> None:
        self._seed = seed
        self._all = assumptions
        self._a = assumptions.visits
        self._controlled = controlled

    def visits(self, body: Trajectory, record: HealthRecord, until: datetime) -> list[Written]:
        """All visits of one resident since `SINCE` up to local time `until`, in order."""
        left_on = body.resident.left_on
        end = until if left_on is None else min(until, datetime.combine(left_on, time()))
        made = [*self._chronic(body, record, end), *self._exams(body, end), *self._high_risk(body, end)]
        made += self._screenings(body, record, end)
        return sorted((visit for visit in made if visit.at < end), key=lambda visit: (visit.at, visit.programme))

    def _chronic(self, body: Trajectory, record: HealthRecord, end: datetime) -> Iterator[Written]:
        """Quarter after quarter, sooner after an unsatisfactory visit; one visit serves both programmes."""
        managed = {each: day for each in CHRONIC if (day := record.managed_from(each)) is not None}
        if not managed:
            return
        random = self._stream("chronic", body)
        due = max(min(managed.values()), SINCE) + timedelta(days=random.randrange(85))
        wait, bad = QUARTER, 0
        while due <= end.date():
            if random.random() > self._diligence(body):
                due += QUARTER
                continue
            at = self._moment(random, due, wait)
            forms = [self._form(random, body, each, at, bad) for each, day in managed.items() if day <= at.date()]
            yield from forms
            bad = bad + 1 if any(form.classification not in (None, "controlled") for form in forms) else 0
            wait = SOON if 0 < bad < 3 else QUARTER
            due = at.date() + wait

    def _form(self, random: Random, body: Trajectory, programme: str, at: datetime, bad: int) -> Written:
        mode = self._mode(random)
        if random.random() < self._a.lost:
            return Written(
                resident=body.resident.number,
                programme=programme,
                at=at,
                mode=mode,
                lost_why=random.choice(_LOST),
                complete=False,
            )
        values = self._values(random, body, programme, at)
        classification = self._classification(random, body, programme, at, values)
        again = SOON if classification != "controlled" and bad < 2 else QUARTER
        return Written(
            resident=body.resident.number,
            programme=programme,
            at=at,
            mode=mode,
            values=values,
            classification=classification,
            complete=random.random() >= self._a.incomplete,
            form=self._answers(random, body, programme, classification),
            next_due_on=at.date() + again,
        )

    def _values(self, random: Random, body: Trajectory, programme: str, at: datetime) -> dict[str, float]:
        first, second = (body.pressure(at, Setting.HOME, take) for take in (0, 1))
        values: dict[str, float] = {
            "systolic": round((first.systolic + second.systolic) / 2 + self._a.office_effect),
            "diastolic": round((first.diastolic + second.diastolic) / 2 + self._a.office_effect / 2),
            "pulse": second.pulse,
            "weight": round(body.weight(at), 1),
            "height": round(body.height * 100),
        }
        if programme == "diabetes":
            if random.random() < self._a.after_meal_only:
                values["after_meal_glucose"] = round(body.glucose(at, Meal.AFTER), 1)
            else:
                values["fasting_glucose"] = round(body.glucose(at, Meal.FASTING), 1)
            if random.random() < self._a.hba1c:
                values["hba1c"] = round((body.glucose(at, Meal.AFTER) + 2.59) / 1.59, 1)  # the mean of many moments
        return values

    def _classification(
        self, random: Random, body: Trajectory, programme: str, at: datetime, values: Mapping[str, float]
    ) -> str:
        chance = random.random()
        if chance < self._a.complication:
            return "complication"
        if chance < self._a.complication + self._a.adverse_reaction:
            return "adverse_reaction"
        is_controlled = self._controlled(programme, body.resident.birth_date, at.date(), values)
        return "controlled" if is_controlled else "uncontrolled"

    def _answers(self, random: Random, body: Trajectory, programme: str, classification: str) -> dict[str, object]:
        """The coded fields, with the numbers of the national form."""
        who = body.resident
        is_treated = getattr(who, f"{programme}_treated")
        name, times, dose = _MEDICINE[programme]
        regular = "1" if random.random() < who.adherence else "2"
        return {
            "symptoms": ["1"] if random.random() < 0.85 else [random.choice("2345678")],
            "smoking": 0 if who.sex == "female" or random.random() < 0.5 else random.choice((5, 10, 20)),
            "drinking": 0 if who.sex == "female" or random.random() < 0.6 else random.choice((1, 2, 3)),
            "exercise_times": random.choice((0, 2, 3, 5, 7)),
            "exercise_minutes": random.choice((15, 30, 45)),
            **({"salt": random.choice("112223")} if programme == "hypertension" else {"foot_pulse": "1"}),
            "psychology": random.choice("1112"),
            "compliance": random.choice("1112"),
            "adherence": regular if is_treated else "3",
            "adverse": "2" if classification == "adverse_reaction" else "1",
            "medications": [{"name": name, "times": times, "dose": dose}] if is_treated else [],
            "package_items": ["medication_guidance"] if random.random() < self._a.package_item_done else [],
        }

    def _exams(self, body: Trajectory, end: datetime) -> Iterator[Written]:
        """The yearly exam from 65 on."""
        for year in range(SINCE.year, end.year + 1):
            random = self._stream("exam", body, year)
            day = date(year, 1, 1) + timedelta(days=random.randrange(60, 340))
            if random.random() < self._a.exam_65 and _age(body.resident.birth_date, day) >= 65:
                at = self._moment(random, day, SOON)
                yield self._measured(random, body, "elderly", at, diabetes_too=True)

    def _high_risk(self, body: Trajectory, end: datetime) -> Iterator[Written]:
        """Half-yearly for whoever is 55 or overweight and has no hypertension."""
        overweight = body.weight(datetime.combine(SINCE, time(9))) / body.height**2 >= 24
        for half in range(2 * (end.year - SINCE.year) + 2):
            random = self._stream("high risk", body, half)
            day = date(SINCE.year + half // 2, 1 + half % 2 * 6, 1) + timedelta(days=random.randrange(180))
            is_at_risk = overweight or _age(body.resident.birth_date, day) >= 55
            if random.random() < self._a.high_risk_seen and is_at_risk and not body.resident.hypertension:
                yield self._measured(random, body, "high_risk", self._moment(random, day, SOON), diabetes_too=False)

    def _screenings(self, body: Trajectory, record: HealthRecord, _end: datetime) -> Iterator[Written]:
        """Once in a year of the chronic package: the screening for complications."""
        for number, contract in enumerate(each for each in record.contracts if each.package == "chronic"):
            random = self._stream("screening", body, number)
            day = contract.signed_on + timedelta(days=random.randrange(60, 330))
            if random.random() < self._a.package_item_done:
                form = {"package_items": ["complication_screening"]}
                at = self._moment(random, day, SOON)
                yield Written(resident=body.resident.number, programme="package", at=at, mode="clinic", form=form)

    def _measured(
        self, random: Random, body: Trajectory, programme: str, at: datetime, *, diabetes_too: bool
    ) -> Written:
        return Written(
            resident=body.resident.number,
            programme=programme,
            at=at,
            mode="clinic",
            values=self._values(random, body, "diabetes" if diabetes_too else programme, at),
            complete=random.random() >= self._a.incomplete,
        )

    def _diligence(self, body: Trajectory) -> float:
        return stream(self._seed, "diligence", body.resident.doctor).uniform(
            self._a.diligence_low, self._a.diligence_high
        )

    def _mode(self, random: Random) -> str:
        chance = random.random()
        if chance < self._a.by_phone:
            return "phone"
        return "home" if chance < self._a.by_phone + self._a.at_home else "clinic"

    def _moment(self, random: Random, due: date, wait: timedelta) -> datetime:
        """A working moment around the day it is due; never on a Sunday."""
        if random.random() < self._a.late:
            days = random.uniform(1, self._a.days_late) * wait / QUARTER
        else:
            days = -random.uniform(0, self._a.days_early) * wait / QUARTER
        day = due + timedelta(days=round(days))
        day += timedelta(days=day.weekday() == 6)
        return datetime.combine(day, time(8)) + timedelta(minutes=random.randrange(200))

    def _stream(self, what: str, body: Trajectory, *more: object) -> Random:
        return stream(self._seed, "visits", what, body.resident.number, *more)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
