"""The county at work: the same seed gives the same bytes, and every packet is one our decoders and people know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from devices import gatt
from devices.gatt.blood_pressure import UNKNOWN_USER, BloodPressure
from devices.gatt.glucose import CONTROL_SOLUTION_SAMPLE, Glucose
from devices.ieee11073 import Special
from devices.simulator.assumptions import Assumptions
from devices.simulator.fleet import Clock, Instrument, Setting
from devices.simulator.simulation import Simulation
from devices.simulator.virtual_meter import Contact

FIRST, UNTIL = date(2026, 3, 1), datetime(2026, 4, 30, 12)


def decoded(contacts: list[Contact]) -> Iterator[gatt.Decoded]:
    for contact in contacts:
        for characteristic, packet in contact.packets:
            yield gatt.decode(characteristic, packet)


def test_the_same_seed_gives_the_same_bytes(assumptions: Assumptions, simulation: Simulation) -> None:
    twin = Simulation(7, assumptions, residents=300)
    assert list(simulation.history(FIRST, UNTIL)) == list(twin.history(FIRST, UNTIL))


def test_a_county_started_later_measures_the_same(assumptions: Assumptions, simulation: Simulation) -> None:
    """What a live county sends continues the history, whichever day it is started on."""
    later = date(2026, 4, 1)
    twin = Simulation(7, assumptions, residents=300)
    twin.warm_up(later)
    whole = list(simulation.history(FIRST, UNTIL))
    expected = [contact for contact in whole if contact.at >= datetime(2026, 4, 1)]
    continued = list(twin.history(later, UNTIL))
    assert [(contact.at, contact.packets[-1]) for contact in continued] == [
        (contact.at, contact.packets[-1]) for contact in expected
    ]
    assert {packet for contact in continued for packet in contact.packets} <= {
        packet for contact in whole for packet in contact.packets
    }


def test_every_packet_can_be_decoded_and_every_fault_occurs(simulation: Simulation) -> None:
    contacts = list(simulation.history(date(2025, 9, 1), datetime(2026, 8, 31)))
    results = list(decoded(contacts))
    pressures = [result for result in results if isinstance(result, BloodPressure)]
    levels = [result for result in results if isinstance(result, Glucose)]
    assert {pressure.unit for pressure in pressures} == {"mmHg", "kPa"}
    assert any(pressure.systolic is Special.NAN for pressure in pressures)
    assert {1, 2, UNKNOWN_USER} <= {pressure.user for pressure in pressures}
    assert any((pressure.status or 0) & 1 for pressure in pressures), "movement"
    assert any((pressure.status or 0) & 2 for pressure in pressures), "cuff loose"
    assert any(level.concentration and level.concentration.sample == CONTROL_SOLUTION_SAMPLE for level in levels)
    assert {level.context_follows for level in levels} == {True, False}
    repeated = Counter(packet for contact in contacts for packet in contact.packets)
    assert max(repeated.values()) > 3, "memory sent again"
    assert {contact.meter.instrument for contact in contacts} == set(Instrument)


def test_only_kiosks_name_a_person(simulation: Simulation) -> None:
    contacts = list(simulation.history(FIRST, UNTIL))
    assert {contact.meter.setting for contact in contacts if contact.person} == {Setting.KIOSK}
    assert any(contact.meter.setting is Setting.KIOSK and contact.person is None for contact in contacts)


def test_numbers_of_one_glucose_meter_grow(simulation: Simulation) -> None:
    numbers: dict[str, list[int]] = {}
    for contact in simulation.history(FIRST, UNTIL):
        if contact.meter.instrument is Instrument.GLUCOSE_METER and not contact.meter.keeps_sending:
            found = [result.sequence for result in decoded([contact]) if isinstance(result, Glucose)]
            numbers.setdefault(contact.meter.address, []).extend(found)
    assert len(numbers) > 10
    assert all(sequence == sorted(set(sequence)) for sequence in numbers.values())


def test_a_changed_battery_takes_the_clock_back_for_a_month_each_year(simulation: Simulation) -> None:
    clock = Clock(simulation.meters[0].clock.error * 0, battery=(10, 3), readable=True)
    assert clock.shows(datetime(2026, 3, 9, 8)) == datetime(2026, 3, 9, 8)
    assert clock.shows(datetime(2026, 3, 11, 12)) == datetime(2015, 1, 2)
    assert clock.shows(datetime(2026, 5, 1, 8)) == datetime(2026, 5, 1, 8)
    december = replace(clock, battery=(20, 12))
    assert december.shows(datetime(2027, 1, 3, 12)).year == 2015
