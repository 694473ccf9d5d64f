"""Two counties of one city, each with one of everything that can be somebody's, and marks by which to know it again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from api.reporting import definitions, reports
from api.reporting.period import Quarter
from api.reporting.settings import ReportingSettings
from ingest import rollup
from ingest.accounts import NewStaff, Role, create_staff
from ingest.alerting import comparison, incidents
from ingest.alerting.incident import Subject, Trouble
from ingest.identity import hash_id_number, load_key, seal
from ingest.imports import uploads
from ingest.imports.kind import Entry
from ingest.imports.run import KINDS, Upload
from ingest.registry import NewResident, add_token, note_condition, register_resident, register_station
from maixun.configuration import settings
from tests.api.world import PASSWORD_HASH, Clock, World
from tests.ecg.made import sinus
from tests.ecg.test_pages import recorded
from tests.reporting import published
from tests.reporting.town import Town

# Ids are set so high that no other number can be taken for one.
FIRST_IDS = {
    "care.resident": ("resident_id", 7_310_000_001),
    "care.episode": ("episode_id", 7_420_000_001),
}


class Mark(NamedTuple):
    """A text that says something about a county: `kind` is what (see `tests.access.people`)."""

    text: str
    kind: str
    county: str


@dataclass(frozen=True, slots=True)
class About:
    """What is planted in a county; nothing of it stands anywhere else."""

    county: str
    region: str
    station: str
    township: str
    doctor: str
    name: str
    child: str
    suspect: str
    born: date
    glucose: float
    note: str
    aged_35: int


ABOUT = (
    About("A", "330108", "甲溪卫生站", "甲溪镇", "韦甲医生", "白甲芳", "白甲童", "白甲疑", date(1937, 3, 17), 2.371,
          "甲处夜间胸闷三次", 41_837),
    About("B", "330109", "乙溪卫生站", "乙溪镇", "韦乙医生", "白乙芳", "白乙童", "白乙疑", date(1938, 8, 29), 2.537,
          "乙处夜间胸闷三次", 52_919),
)  # fmt: skip


@dataclass
class Counties:
    """The ids of everything, by county and place of the matrix, and the marks."""

    world: World
    places: dict[str, dict[str, str]] = field(default_factory=lambda: {"A": {}, "B": {}})
    marks: list[Mark] = field(default_factory=list)

    @classmethod
    def settle(cls, connection: psycopg.Connection[Any], clock: Clock) -> Counties:
        """Both counties, and the people of the city."""
        for table, (column, first) in FIRST_IDS.items():
            connection.execute(f"alter table {table} alter column {column} restart with {first}".encode())
        counties = cls(World(connection, clock))
        for login, role, region in (
            ("tech", Role.TECHNICIAN, None),
            ("admin", Role.ADMIN, None),
            ("admin.b", Role.ADMIN, None),
            ("cdc.a", Role.CDC, "330108"),
            ("cdc.city", Role.CDC, "3301"),
            ("cdc.elsewhere", Role.CDC, "11"),
            ("cdc.nowhere", Role.CDC, None),
        ):
            counties.member(login, login, role, region=region)
        for about in ABOUT:
            _Planting(counties, about).all()
        rollup.fold(connection)
        counties.draft_reports()
        published.publisher().publish_due(connection, clock())
        return counties

    def member(
        self, login: str, name: str, role: Role, *, station: int | None = None, region: str | None = None
    ) -> int:
        """A member of staff with the common password."""
        account = NewStaff(login=login, display_name=name, role=role, station_id=station, region_prefix=region)
        self.world.staff[login] = create_staff(self.world.connection, account, password_hash=PASSWORD_HASH)
        return self.world.staff[login]

    def draft_reports(self) -> None:
        """A county's report each."""
        for about in ABOUT:
            self.places[about.county]["report"] = str(
                reports.draft(
                    self.world.connection,
                    definitions.load(),
                    Quarter(2026, 3),
                    about.region,
                    staff_id=self.world.staff["admin"],
                    now=self.world.clock(),
                    county_names=settings(ReportingSettings, "reporting").county_names,
                )
            )

    def grow(self, county: str) -> None:
        """Much happens in a county: more people, readings, visits, tasks, signs of an outbreak and questions."""
        about = next(each for each in ABOUT if each.county == county)
        place, now = self.places[county], self.world.clock()
        station = {"station_id": int(place["station"])}
        town = Town(self.world.connection, int(place["station"]), int(place["doctor"]))
        for number in range(30):
            name = f"新{number}"
            resident = self.world.resident(name, f"dr.{county.lower()}", about.station)
            for days in range(10):
                at = now - timedelta(days=days)
                self.world.measured(name, at, kind="symptoms", fever=1, diarrhoea=1, setting="station", **station)
                self.world.measured(name, at, systolic=171, diastolic=101, **station)
            town.visit(resident, "2026-08-11 09:00", "170/100")
            town.task(resident, "2026-11-01")
        for change in (
            "reporting.population set residents = residents + 1000",
            "reporting.question set estimate = estimate / 2",
            "care.incident set tier = 1",
        ):
            self.world.connection.execute(f"update {change} where station_id = {place['station']}".encode())
        self.world.evaluate()
        rollup.fold(self.world.connection)

    def filled(self, text: str, county: str) -> str:
        """A text with its places filled with ids of a county."""
        for place, value in (self.places[county] | {"own_token": self.places["A"]["token"], "language": "en"}).items():
            text = text.replace("{" + place + "}", value)
        return text

    def body(self, given: Any, county: str) -> Any:
        """A body of the matrix with its places filled."""
        if isinstance(given, dict):
            return {key: self.body(value, county) for key, value in given.items()}
        if isinstance(given, tuple):
            return tuple(self.body(value, county) for value in given)
        return self.filled(given, county) if isinstance(given, str) else given


class _Planting:
    """Fills one county."""

    def __init__(self, counties: Counties, about: About) -> None:
        self.counties, self.about, self.world = counties, about, counties.world
        self.connection = counties.world.connection
        self.place = counties.places[about.county]
        self.region = f"{about.region}001001"

    def all(self) -> None:
        """Everything."""
        self.station()
        self.people()
        self.measurements()
        self.care()
        self.rota()
        self.machines()
        self.incidents()
        self.figures()
        self.files()
        self.marks()

    def one(self, query: str, *values: Any) -> str:
        return str(self.world.one(query, *values))

    def station(self) -> None:
        about = self.about
        number = register_station(self.connection, name=about.station, township=about.township, region_code=self.region)
        self.world.stations[about.station] = number
        low = about.county.lower()
        for login, name, role in (
            (f"dr.{low}", about.doctor, Role.DOCTOR),
            (f"dr.{low}.colleague", "同事", Role.DOCTOR),
            (f"lead.{low}", "站长", Role.STATION_LEAD),
        ):
            self.counties.member(login, name, role, station=number)
        self.place |= {
            "county": about.region,
            "station": str(number),
            "doctor": str(self.world.staff[f"dr.{low}"]),
            "colleague": str(self.world.staff[f"dr.{low}.colleague"]),
        }

    def people(self) -> None:
        about, key = self.about, load_key()
        self.place["resident"] = str(self._resident(about.name, about.born, hash_id_number(about.region, key)))
        self.place["child"] = str(self._resident(about.child, date(2024, 5, 21), None))
        self.place["suspect"] = str(self._resident(about.suspect, date(1970, 5, 21), None))
        number = int(self.place["resident"])
        note_condition(self.connection, number, "hypertension", managed_from=date(2024, 1, 1))
        self.place["token"] = self.one("select token from care.resident where resident_id = %s", number)
        further = uuid4()
        add_token(self.connection, token=further, resident_id=number, kind="phone")
        self.place["phone_token"] = str(further)
        self.place["address"] = f"A4:C1:38:{ord(about.county):02X}:77:01"
        self.place["device"] = str(self.world.meter(self.place["address"], number, about.station))
        for slot, place in enumerate(("child", "suspect"), 2):
            address = f"A4:C1:38:{ord(about.county):02X}:77:{slot:02}"
            self.world.meter(address, int(self.place[place]), about.station)

    def _resident(self, name: str, born: date, id_hash: bytes | None) -> int:
        new = NewResident(
            station_id=int(self.place["station"]),
            doctor_id=int(self.place["doctor"]),
            name_sealed=seal(name, load_key()),
            id_number_hash=id_hash,
            birth_date=born,
            sex="male",
            lives_alone=True,
        )
        self.world.residents[name] = register_resident(self.connection, new)
        return self.world.residents[name]

    def measurements(self) -> None:
        name, now = self.about.name, self.world.clock()
        place = {"station_id": int(self.place["station"])}
        for days in range(40):
            at = now - timedelta(days=days, hours=1)
            self.world.measured(name, at, systolic=151 + days % 5, diastolic=93, **place)
            self.world.measured(self.about.suspect, at, systolic=149, diastolic=91, setting="station", **place)
            self.world.measured(name, at, kind="symptoms", fever=1, diarrhoea=1, setting="station", **place)
            self.world.measured(name, at, kind="temperature", temperature=38.9, setting="station", **place)
        self.world.measured(self.about.child, now, kind="body", weight=13.1, height=89.6, setting="kiosk", **place)
        self.place["reading"] = str(self.world.measured(name, now, glucose=self.about.glucose, **place))
        self.world.evaluate()
        self.place["episode"] = self.one(
            "select episode_id from care.episode where resident_id = %s and state = 'open' order by tier limit 1",
            int(self.place["resident"]),
        )
        self.place["ecg"] = str(recorded(self.world, name, sinus(), **place))
        self.place["held"] = str(self.world.held(device=self.place["address"], person=UUID(self.place["token"])))

    def care(self) -> None:
        about, now, doctor = self.about, self.world.clock(), int(self.place["doctor"])
        resident, station = int(self.place["resident"]), int(self.place["station"])
        town = Town(self.connection, station, doctor)
        form = {"symptoms": [], "other_symptoms": about.note}
        visit = town.visit(resident, "2026-08-10 09:00", "148/92", form=Jsonb(form))
        for month in (2, 5):
            town.visit(resident, f"2026-{month:02}-10 09:00", "136/82")
        self.place["visit"] = str(visit)
        town.task(resident, "2026-11-20")
        town.population(about.aged_35 * 2, about.aged_35, about.aged_35 // 4)
        town.insert("care.contract", None, resident_id=resident, package="chronic", doctor_id=doctor,
                    signed_on=date(2026, 1, 1), ends_on=date(2027, 1, 1))  # fmt: skip
        self.place["note"] = self.one("select nextval('care.note_number')")
        self.connection.execute(
            "insert into care.note values (%s, 1, %s, %s, %s, %s)",
            [self.place["note"], resident, now, doctor, about.note],
        )
        for place, rule in (("override", "glucose_critical"), ("other_override", "blood_pressure_high")):
            self.place[place] = self.one(
                "insert into care.threshold_override (resident_id, rule, limits, reason, valid_from, ends_on, staff_id,"
                " made_at) values (%s, %s, '{}', %s, '2026-11-01', '2026-12-31', %s, %s) returning override_id",
                resident, rule, about.note, doctor, now,
            )  # fmt: skip

    def rota(self) -> None:
        now, doctor, colleague = self.world.clock(), int(self.place["doctor"]), int(self.place["colleague"])
        begins, ends = now + timedelta(days=10), now + timedelta(days=11)
        self.place["duty"] = self.one(
            "insert into care.duty (station_id, staff_id, line, starts_at, ends_at, entered_by, entered_at)"
            " values (%s, %s, 1, %s, %s, %s, %s) returning duty_id",
            int(self.place["station"]), colleague, begins, ends, colleague, now,
        )  # fmt: skip
        self.place["leave"] = self.one(
            "insert into care.leave (staff_id, deputy_id, starts_at, ends_at, entered_by, entered_at)"
            " values (%s, %s, %s, %s, %s, %s) returning leave_id",
            doctor, colleague, begins, ends, doctor, now,
        )  # fmt: skip
        self.connection.execute(
            "insert into identity.contact values (%s, 'mobile', %s, %s)", [doctor, seal("13900001111", load_key()), now]
        )

    def machines(self) -> None:
        now, station, low = self.world.clock(), int(self.place["station"]), self.about.county.lower()
        self.place |= {"gateway": f"gw-{low}-1", "revoked": f"gw-{low}-2"}
        for name, revoked in ((self.place["gateway"], None), (self.place["revoked"], now)):
            self.connection.execute("insert into fleet.gateway values (%s, %s, %s, %s)", [name, station, now, revoked])
        meter = {"device": self.place["address"], "model": "simulated", "last_visit": now.isoformat(), "battery": 4}
        self.connection.execute(
            "insert into telemetry.gateway_status values (%s, true, %s, %s)",
            [self.place["gateway"], now, Jsonb({"meters": [meter]})],
        )

    def incidents(self) -> None:
        """One for each role that gets any, and the notices that tell of them."""
        about = self.about
        for place, kind, audience, told in (
            ("incident", "rota", "station_lead", ()),
            ("trouble", "gateway", "technician", ("tech",)),
            ("outbreak", "station", "cdc", ("cdc.a", "cdc.city") if about.county == "A" else ("cdc.city",)),
        ):
            subject, cause = f"{place}-{about.county}", f"{place}_of_{about.county.lower()}"
            says = {"zh": f"{about.station} {subject}", "en": f"{about.station} {subject}"}
            trouble = Trouble(subject=Subject(kind, subject, cause), audience=audience, tier=2, says=says,
                              station_id=int(self.place["station"]), facts={})  # fmt: skip
            incidents.settle(self.connection, [trouble], causes=[cause], now=self.world.clock())
            self.place[place] = self.one("select incident_id from care.incident where subject = %s", subject)
            for login in told:
                self._notice(int(self.place[place]), login)

    def _notice(self, incident: int, login: str) -> None:
        self.connection.execute(
            "insert into care.notice (matter, number, round, level, staff_id, channel, not_before, created_at)"
            " values ('incident', %s, 1, 1, %s, 'mail', %s, %s)",
            [incident, self.world.staff[login], self.world.clock(), self.world.clock()],
        )

    def figures(self) -> None:
        """A question about data quality with the visit behind it, and a replay of rules with the resident in it."""
        station, now = int(self.place["station"]), self.world.clock()
        self.place["question"] = self.one(
            "insert into reporting.question (asked_at, pattern, station_id, staff_id, records, estimate, low, high,"
            " expected, keys) values (%s, 'digits', %s, %s, 1, 0.9, 0.8, 1, 0.1, %s) returning question_id",
            now, station, int(self.place["doctor"]), [f"visit:{self.place['visit']}"],
        )  # fmt: skip
        differ = {"resident_id": int(self.place["resident"]), "token": self.place["token"], "station_id": station,
                  "doctor_id": int(self.place["doctor"]), "current": 1, "candidate": 0, "rules": {}}  # fmt: skip
        side = {"total": comparison.figures(Counter(), 3.0), "by_rule": {}, "by_doctor": {}}
        report = {"from": "2026-11-01", "to": "2026-11-21", "residents": 1, "readings": 1, "resident_weeks": 3,
                  "assumed": [], "sides": {"current": side, "candidate": side}, "differ": [differ],
                  "rule_differences": [], "station_id": station}  # fmt: skip
        self.place["replay"] = self.one(
            "insert into care.rule_replay (asked_by, asked_at, station_id, first_day, until_day, state, report,"
            " ended_at) values (%s, %s, %s, '2026-11-01', '2026-11-21', 'done', %s, %s) returning replay_id",
            self.world.staff["admin"], now, station, Jsonb(report), now,
        )  # fmt: skip

    def files(self) -> None:
        """A list of stations that waits for its confirmation, each by another administrator."""
        owner = "admin" if self.about.county == "A" else "admin.b"
        entry = Entry(staff_id=self.world.staff[owner], now=self.world.clock(), key=load_key())
        listed = f"机构,乡镇,区划代码\n上传站{self.about.county},上传镇,330199001001\n坏站,上传镇,x\n"
        upload = Upload(KINDS["stations"], "stations.csv", listed.encode())
        self.place["upload"] = str(uploads.keep(self.connection, upload, entry))

    def marks(self) -> None:
        """Everything by which the county, its residents and their meters can be recognised."""
        about, place = self.about, self.place
        texts = {
            "person": (about.name, about.child, about.suspect, about.born.isoformat(), about.note, place["resident"],
                       place["child"], place["suspect"],
                       place["episode"], place["ecg"], hash_id_number(about.region, load_key()).hex()),
            "pseudonym": (place["token"], place["phone_token"]),
            "value": (f"{about.glucose}",),
            "meter": (place["address"],),
            "county": (about.station, about.township, about.doctor, f"{about.aged_35}", f"{about.aged_35:,}",
                       self.region),
        }  # fmt: skip
        for kind, every in texts.items():
            self.counties.marks += [Mark(text, kind, about.county) for text in every]
        both = sum(each.aged_35 for each in ABOUT)
        self.counties.marks += [Mark(text, "county", "B") for text in (f"{both}", f"{both:,}")]
