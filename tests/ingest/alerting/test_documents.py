"""A slip in a rule file stops the start and names what is wrong."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from ingest.alerting.documents import Purpose
from ingest.alerting.rules import bands, parse
from maixun.configuration import ConfigurationError, load_all
from tests.ingest.alerting.people import shipped

DAY = date(2026, 11, 21)


@pytest.fixture
def documents() -> dict[str, Any]:
    """The shipped rule files, to be spoiled."""
    return copy.deepcopy(load_all("rules/*.yaml"))


def pressure_rule(documents: dict[str, Any], name: str) -> dict[str, Any]:
    rules: list[dict[str, Any]] = documents["rules/blood_pressure.yaml"]["rules"]
    return next(rule for rule in rules if rule["name"] == name)


def refused(documents: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse(documents)


def test_an_unknown_key_is_refused(documents: dict[str, Any]) -> None:
    pressure_rule(documents, "blood_pressure_critical")["levels"][0]["seting"] = ["home"]
    refused(documents, r"blood_pressure.yaml(.|\n)*seting")


def test_overlapping_age_bands_are_refused(documents: dict[str, Any]) -> None:
    pressure_rule(documents, "hypertension_control")["levels"][1]["ages"] = {"from": 64}
    refused(documents, "hypertension_control: two levels hold for the same reading")


def test_a_level_for_everybody_overlaps_one_for_the_old(documents: dict[str, Any]) -> None:
    critical = pressure_rule(documents, "blood_pressure_critical")
    critical["levels"].append(critical["levels"][0] | {"ages": {"from": 80}})
    refused(documents, "blood_pressure_critical: two levels")


def test_a_condition_does_not_part_two_levels(documents: dict[str, Any]) -> None:
    level = pressure_rule(documents, "blood_pressure_critical")["levels"][0]
    levels = [level | {"condition": "diabetes"}, level | {"condition": "hypertension"}]
    pressure_rule(documents, "blood_pressure_critical")["levels"] = levels
    refused(documents, "two levels")


def test_an_age_band_without_anybody_is_refused(documents: dict[str, Any]) -> None:
    pressure_rule(documents, "hypertension_control")["levels"][1]["ages"] = {"from": 65, "below": 65}
    refused(documents, "holds nobody")


def test_a_number_without_source_is_refused(documents: dict[str, Any]) -> None:
    del pressure_rule(documents, "blood_pressure_critical")["levels"][0]["source"]
    refused(documents, "source")


def test_a_source_that_is_no_document_of_the_file_is_refused(documents: dict[str, Any]) -> None:
    pressure_rule(documents, "blood_pressure_critical")["levels"][0]["source"] = "hearsay"
    refused(documents, "source hearsay is not among")


def test_a_document_must_say_whether_it_was_verified(documents: dict[str, Any]) -> None:
    del documents["rules/glucose.yaml"]["documents"]["norm_2017"]["verified"]
    refused(documents, "verified")


def test_a_sentence_with_an_unknown_place_is_refused(documents: dict[str, Any]) -> None:
    pressure_rule(documents, "blood_pressure_critical")["alert"]["says"]["en"] = "{valeu} is high"
    refused(documents, "unknown place")


def test_an_alert_needs_both_languages(documents: dict[str, Any]) -> None:
    del pressure_rule(documents, "blood_pressure_critical")["alert"]["says"]["zh"]
    refused(documents, "zh")


def test_only_alerts_have_a_tier(documents: dict[str, Any]) -> None:
    alert = pressure_rule(documents, "blood_pressure_critical")["alert"]
    pressure_rule(documents, "hypertension_control")["alert"] = alert
    refused(documents, "exactly the rules with purpose alert")


def test_an_unknown_cause_metric_or_flag_is_refused(documents: dict[str, Any]) -> None:
    spoiled = copy.deepcopy(documents)
    pressure_rule(spoiled, "blood_pressure_critical")["alert"]["cause"] = "mood"
    refused(spoiled, "cause mood")
    spoiled = copy.deepcopy(documents)
    pressure_rule(spoiled, "blood_pressure_critical")["levels"][0]["limits"] = {"systolik": 180}
    refused(spoiled, "no metric systolik")
    spoiled = copy.deepcopy(documents)
    spoiled["rules/glucose.yaml"]["doubtful"] = ["tired"]
    refused(spoiled, "no such flags")


def test_a_limit_needs_its_resolution(documents: dict[str, Any]) -> None:
    rule = pressure_rule(documents, "blood_pressure_critical")
    rule["levels"][0]["limits"] = {"spo2": 92}
    del rule["adjustable"]
    refused(documents, "how finely")


def test_a_name_used_twice_is_refused(documents: dict[str, Any]) -> None:
    documents["rules/glucose.yaml"]["rules"][0]["name"] = "blood_pressure_critical"
    refused(documents, "rule blood_pressure_critical is there twice")


def test_no_rules_at_all_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no cause"):
        parse({})


def test_every_number_says_where_it_comes_from_and_whether_somebody_checked() -> None:
    for file in shipped().files:
        for rule in file.rules:
            for level in rule.levels:
                document = file.documents[level.source]
                assert document.title.zh
                assert document.reference


def limits(
    metric: str, purpose: Purpose, setting: str, age: int, *conditions: str, meal: str | None = None
) -> list[float]:
    found = bands(shipped(), metric, setting=setting, age=age, conditions=conditions, meal=meal, on=DAY)
    return sorted(band.limit for band in found if band.purpose is purpose)


def test_home_and_station_readings_have_bands_of_their_own() -> None:
    assert limits("systolic", Purpose.CLINICAL, "home", 50) == [135]
    assert limits("diastolic", Purpose.CLINICAL, "home", 50) == [85]
    assert limits("systolic", Purpose.CLINICAL, "station", 50) == [140]
    assert limits("systolic", Purpose.CLINICAL, "station", 50, "hypertension") == [130, 140]
    assert limits("systolic", Purpose.ALERT, "home", 50) == [180]


def test_the_reporting_band_changes_on_the_sixty_fifth_birthday() -> None:
    assert limits("systolic", Purpose.REPORTING, "station", 64, "hypertension") == [140]
    assert limits("systolic", Purpose.REPORTING, "station", 65, "hypertension") == [150]
    assert limits("systolic", Purpose.REPORTING, "home", 65, "hypertension") == []


def test_the_clinical_target_changes_at_eighty_and_begins_with_its_guideline() -> None:
    assert limits("systolic", Purpose.CLINICAL, "station", 79, "hypertension") == [130, 140]
    assert limits("systolic", Purpose.CLINICAL, "station", 80, "hypertension") == [140, 150]
    before = bands(shipped(), "systolic", setting="station", age=79, conditions=["hypertension"], on=date(2024, 12, 31))
    assert sorted(band.limit for band in before if band.purpose is Purpose.CLINICAL) == [140]


def test_glucose_bands_need_the_meal_context_they_are_for() -> None:
    assert limits("glucose", Purpose.REPORTING, "station", 60, "diabetes", meal="fasting") == [7.0]
    assert limits("glucose", Purpose.REPORTING, "station", 60, "diabetes") == []
    assert limits("glucose", Purpose.CLINICAL, "home", 60, "diabetes", meal="after_meal") == [10.0]
    assert limits("glucose", Purpose.ALERT, "home", 60) == [3.0, 3.9, 13.9, 16.7]
