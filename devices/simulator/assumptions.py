"""The numbers a synthetic county is made of, from `config/simulate.yaml`: each one with its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class _Group(BaseModel):
    """A group of figures; a key nobody knows, or a figure without its source, stops the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Sourced(_Group):
    value: float
    source: str
    verified: bool = True


def _value(figure: object) -> float:
    return _Sourced.model_validate(figure).value


Figure = Annotated[float, BeforeValidator(_value)]


class People(_Group):
    """Who lives in the county. Shares are 0..1, ages in years."""

    residents: Figure
    youngest: Figure
    commonest_age: Figure
    oldest: Figure
    women: Figure
    lives_alone_from_65: Figure
    hypertension: Figure
    hypertension_treated: Figure
    diabetes: Figure
    diabetes_treated: Figure
    adherence_low: Figure
    adherence_high: Figure


class BloodPressure(_Group):
    """Blood pressure in mmHg, pulse in beats a minute; `*_sd` are standard deviations."""

    systolic: Figure
    systolic_sd: Figure
    diastolic: Figure
    diastolic_sd: Figure
    hypertensive_rise: Figure
    hypertensive_rise_sd: Figure
    treatment_fall: Figure
    treatment_fall_sd: Figure
    missed_dose_rise: Figure
    winter_over_summer: Figure
    morning_over_evening: Figure
    station_effect: Figure
    station_effect_sd: Figure
    day_to_day_sd: Figure
    within_visit_sd: Figure
    first_take_rise: Figure
    crises_a_year: Figure
    crisis_rise: Figure
    irregular_pulse: Figure
    pulse: Figure
    pulse_sd: Figure


class Glucose(_Group):
    """Capillary glucose in mmol/L."""

    fasting: Figure
    fasting_sd: Figure
    diabetic_fasting: Figure
    diabetic_fasting_sd: Figure
    treatment_fall: Figure
    treatment_fall_sd: Figure
    after_meal_rise: Figure
    diabetic_after_meal_rise: Figure
    day_to_day_variation: Figure
    hypoglycaemia_rate: Figure
    crises_a_year: Figure
    crisis_rise: Figure


class Body(_Group):
    """Everything else a kiosk measures."""

    height_women: Figure
    height_men: Figure
    height_sd: Figure
    body_mass_index: Figure
    body_mass_index_sd: Figure
    temperature: Figure
    temperature_sd: Figure
    fevers_a_year: Figure
    fever_rise: Figure
    oxygen_saturation: Figure
    oxygen_saturation_sd: Figure


class Habits(_Group):
    """Who measures where, and how often."""

    home_cuff: Figure
    shared_cuff: Figure
    home_glucose_meter: Figure
    cuff_days_a_week: Figure
    glucose_days_a_week: Figure
    evening: Figure
    kiosk_visits_a_year: Figure
    kiosk_visits_a_year_with_condition: Figure
    kiosk_glucose: Figure
    kiosk_weight: Figure
    kiosk_oximetry: Figure
    kiosk_temperature: Figure
    kiosk_without_sign_in: Figure
    weekly_upload: Figure


class Faults(_Group):
    """What goes wrong with meters: shares of meters, or shares of measurements where the name ends in `_rate`."""

    clock_wrong_time: Figure
    clock_error_minutes: Figure
    clock_wrong_date: Figure
    clock_reset_of_wrong_date: Figure
    clock_readable: Figure
    keeps_sending_memory: Figure
    kilopascal: Figure
    unknown_user_rate: Figure
    failed_rate: Figure
    movement_rate: Figure
    cuff_loose_rate: Figure
    no_meal_context_rate: Figure
    control_solution_rate: Figure
    out_of_range_rate: Figure


class Records(_Group):
    """Health records and contracts: shares 0..1, rates a year."""

    record_opened: Figure
    moved_in: Figure
    moves_a_year: Figure
    deaths_a_year_from_65: Figure
    managed_treated: Figure
    managed_untreated: Figure
    heart_failure_from_65: Figure
    copd_from_65: Figure
    contract: Figure
    contract_renewed: Figure
    package: Figure
    registered_of_population: Figure
    registered_of_aged: Figure


class Visits(_Group):
    """Follow-up visits as doctors make them: shares of visits 0..1, days, mmHg."""

    diligence_low: Figure
    diligence_high: Figure
    days_early: Figure
    late: Figure
    days_late: Figure
    at_home: Figure
    by_phone: Figure
    lost: Figure
    incomplete: Figure
    adverse_reaction: Figure
    complication: Figure
    office_effect: Figure
    after_meal_only: Figure
    hba1c: Figure
    exam_65: Figure
    high_risk_seen: Figure
    careless_doctors: Figure
    package_item_done: Figure


class Symptoms(_Group):
    """Answers at a kiosk: shares of visits 0..1, days, people."""

    fever: Figure
    diarrhoea: Figure
    outbreak_station: Figure
    outbreak_days: Figure
    outbreak_people: Figure
    outbreak_fever: Figure


class Live(_Group):
    """How the county is played live. Times in seconds of the real world."""

    speed: Figure
    longest_pause: Figure
    staged_first: Figure
    staged_every: Figure
    staged_systolic: Figure
    staged_fasting: Figure


class Assumptions(_Group):
    """All of them; attribute values are plain numbers, their sources stay in the file."""

    people: People
    blood_pressure: BloodPressure
    glucose: Glucose
    body: Body
    habits: Habits
    faults: Faults
    records: Records
    visits: Visits
    symptoms: Symptoms
    live: Live


def parse(document: Mapping[str, Any]) -> Assumptions:
    """The assumptions of one document. Raises pydantic's `ValidationError`, which names the key."""
    return Assumptions.model_validate(document)
