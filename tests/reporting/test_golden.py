"""A county's published figures, person by person: 58,000 people, and every rate as the reference gives it."""

from __future__ import annotations

from api.reporting import definitions
from api.reporting.figures import Dimension, figures
from tests.reporting.town import Q4, Town, window

RECORDS, IN_USE, EXAMINED = 49_300, 39_440, 4_930
PATIENTS = {"hypertension": (4860, 3648, 3110), "diabetes": (1520, 1064, 912)}  # managed, standard, controlled

_RESIDENTS = """
insert into care.resident (birth_date, sex, station_id, doctor_id, record_opened_on)
select date '1955-01-01', 'male', %(station)s, %(doctor)s, date '2020-01-01' from generate_series(1, %(records)s)"""
_MANAGED = """
insert into care.condition (resident_id, condition, managed_from)
select resident_id, %(condition)s, date '2024-01-01' from care.resident order by resident_id limit %(managed)s"""
_VISITS = """
insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id, systolic,
    diastolic, fasting_glucose, complete, form, recorded_by, recorded_at)
select nextval('care.visit_number'), 1, resident_id, %(programme)s, day, 'clinic', %(doctor)s, %(station)s,
    case when place <= %(controlled)s then 132 else 156 end, 80,
    case when place <= %(controlled)s then 6.1 else 8.4 end, true, '{}', %(doctor)s, day
from (select resident_id, row_number() over (order by resident_id) as place from care.resident) people,
    unnest(%(days)s::timestamptz[]) day
where place between %(first)s and %(last)s"""


def fill(town: Town) -> None:
    """The county as the vector describes it. Whoever is not managed by the standard came only once."""
    here = {"station": town.station_id, "doctor": town.doctor_id}
    town.population(58_000, 31_000, 7_250)
    town.connection.execute(_RESIDENTS, here | {"records": RECORDS})
    quarterly = [f"2026-{month:02}-10 09:00+08" for month in (2, 5, 8, 11)]
    for condition, (managed, standard, controlled) in PATIENTS.items():
        town.connection.execute(_MANAGED, {"condition": condition, "managed": managed})
        about = here | {"programme": condition, "controlled": controlled}
        town.connection.execute(_VISITS, about | {"days": quarterly, "first": 1, "last": standard})
        town.connection.execute(_VISITS, about | {"days": quarterly[:1], "first": standard + 1, "last": managed})
    other = here | {"programme": "elderly", "controlled": 0, "days": quarterly[1:2]}
    town.connection.execute(_VISITS, other | {"first": 1, "last": EXAMINED})
    spread = other | {"programme": "high_risk", "first": EXAMINED + 1, "last": IN_USE}
    town.connection.execute(_VISITS, spread)


def test_every_rate_of_the_vector(town: Town) -> None:
    fill(town)
    expected = {
        "hypertension_standard_rate": (3648, 4860, 75.1),
        "hypertension_control_rate": (3110, 4860, 64.0),
        "diabetes_standard_rate": (1064, 1520, 70.0),
        "diabetes_control_rate": (912, 1520, 60.0),
        "elderly_management_rate": (4930, 7250, 68.0),
        "record_rate": (49_300, 58_000, 85.0),
        "record_use_rate": (39_440, 49_300, 80.0),
    }
    found = {name: town.figure(name, window(Q4)) for name in expected}
    assert {
        name: (each.numerator, each.denominator, round(100 * (each.rate or 0), 1)) for name, each in found.items()
    } == expected
    assert (
        town.figure("hypertension_management_rate", window(Q4)).denominator == 6479
    )  # 31,000 people of 35 and over × 0.209


def test_a_person_level_source_adds_up_whatever_it_is_summed_by(town: Town) -> None:
    """Every aggregate is a sum over the same people."""
    other = town.station("云岭卫生站", "云岭镇", "330108002001")
    for number in range(40):
        person = town.patient(
            f"{1940 + number}-01-01",
            sex=("female", "male")[number % 2],
            station_id=(town.station_id, other)[number % 3 == 0],
        )
        town.visit(person, "2026-02-10 09:00", f"{130 + number % 20}/80")
    definition = definitions.load().on("hypertension_control_rate", window().last_day)
    total = figures(town.connection, definition, window())[()]
    people = town.counted("hypertension_control_rate")
    assert (total.numerator, total.denominator) == (
        sum(each.numerator for each in people),
        sum(each.denominator for each in people),
    )
    for dimension in Dimension:
        parts = figures(town.connection, definition, window(), [dimension], age_bands=[35, 45, 55, 65, 75]).values()
        assert sum(part.numerator for part in parts) == total.numerator, dimension
        assert sum(part.denominator or 0 for part in parts) == total.denominator, dimension
