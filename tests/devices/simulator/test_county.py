"""The county: as many people and conditions as assumed, the same for the same seed, and nobody real."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from pydantic import ValidationError

from devices.simulator.assumptions import Assumptions, parse
from devices.simulator.county import build
from devices.simulator.fleet import Instrument, Setting, equip
from maixun import configuration


def test_the_same_seed_gives_the_same_county(assumptions: Assumptions) -> None:
    assert build(7, assumptions) == build(7, assumptions)
    assert equip(build(7, assumptions), assumptions) == equip(build(7, assumptions), assumptions)
    assert build(7, assumptions) != build(8, assumptions)


def test_three_townships_twelve_stations_two_thousand_residents(assumptions: Assumptions) -> None:
    county = build(7, assumptions)
    assert len({station.township for station in county.stations}) == 3
    assert len({station.name for station in county.stations}) == 12
    assert len({resident.token for resident in county.residents}) == 2000
    assert all(re.fullmatch("99[0-9]{10}", station.region_code) for station in county.stations)


def test_prevalences_come_out_as_assumed(assumptions: Assumptions) -> None:
    residents = build(7, assumptions).residents
    assert sum(resident.hypertension for resident in residents) == round(2000 * assumptions.people.hypertension)
    assert sum(resident.diabetes for resident in residents) == round(2000 * assumptions.people.diabetes)
    assert {(r.hypertension, r.diabetes) for r in residents} == {(a, b) for a in (True, False) for b in (True, False)}
    assert not any(r.hypertension_treated and not r.hypertension for r in residents)


def test_every_station_has_a_lead_and_doctors_and_every_resident_one_of_them(assumptions: Assumptions) -> None:
    county = build(7, assumptions)
    assert Counter(member.station for member in county.staff if member.lead) == dict.fromkeys(range(12), 1)
    doctors = {member.login: member for member in county.staff if not member.lead}
    assert all(doctors[resident.doctor].station == resident.station for resident in county.residents)
    assert len({member.login for member in county.staff}) == len(county.staff)


def test_meters_have_addresses_of_their_own_and_kiosks_have_everything(assumptions: Assumptions) -> None:
    county = build(7, assumptions)
    meters = equip(county, assumptions)
    assert len({meter.address for meter in meters}) == len(meters)
    kiosks = Counter(meter.instrument for meter in meters if meter.setting is Setting.KIOSK)
    assert kiosks == dict.fromkeys(Instrument, 12)
    cuffs = [meter for meter in meters if meter.instrument is Instrument.CUFF and meter.setting is Setting.HOME]
    users = [user for cuff in cuffs for user in cuff.users]
    assert len(users) == len(set(users)), "nobody has two cuffs"
    assert any(len(cuff.users) == 2 for cuff in cuffs)


def test_about_a_quarter_of_the_clocks_are_wrong_in_each_way(assumptions: Assumptions) -> None:
    meters = [meter for seed in range(5) for meter in equip(build(seed, assumptions), assumptions)]
    wrong_date = sum(abs(meter.clock.error.days) > 0 or meter.clock.battery is not None for meter in meters)
    assert wrong_date / len(meters) == pytest.approx(assumptions.faults.clock_wrong_date, abs=0.15)


def test_a_figure_without_a_source_or_an_unknown_one_stops_the_start() -> None:
    document = configuration.load("simulate.yaml")
    document["people"]["women"] = {"value": 0.5}
    with pytest.raises(ValidationError, match="source"):
        parse(document)
    document = configuration.load("simulate.yaml")
    document["people"]["dragons"] = {"value": 1, "source": "tales"}
    with pytest.raises(ValidationError, match="dragons"):
        parse(document)
