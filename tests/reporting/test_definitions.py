"""Definitions are data: strict, versioned, one in force on a day, and every parameter is one the SQL asks for."""

from __future__ import annotations

import copy
import re
from datetime import date
from typing import Any

import pytest

from api.reporting import definitions
from api.reporting.definitions import NoVersion
from api.reporting.figures import EVERYBODY, parameters, relation
from maixun.configuration import ConfigurationError, load
from tests.reporting.town import Town, window

FILE = "indicators/hypertension.yaml"
NAMES = list(definitions.load().by_name)


def changed(**change: Any) -> dict[str, Any]:
    """The file with its first indicator's first version changed."""
    document: dict[str, Any] = copy.deepcopy(load(FILE))
    document["indicators"][0]["versions"][0] |= change
    return document


def test_the_version_in_force_on_a_day() -> None:
    known = definitions.load()
    assert known.on("hypertension_standard_rate", date(2016, 12, 31)).version.version == 1
    assert known.on("hypertension_standard_rate", date(2017, 1, 1)).mark == "hypertension_standard_rate/2"
    with pytest.raises(NoVersion, match="it is from 2012-01-01 on"):
        known.on("hypertension_standard_rate", date(2011, 12, 31))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"bondary": "<"}, "bondary"),
        ({"boundary": "=<"}, "boundary"),
        ({"lost": "ignored"}, "lost"),
        ({"valid_until": date(2000, 1, 1)}, "ends before it begins"),
        ({"population": {"column": "aged_40"}}, "column"),
        ({"sql": "nowhere"}, "nowhere.sql is missing"),
        ({"sql": "../../etc"}, "sql"),
    ],
)
def test_a_definition_that_cannot_be_right_stops_the_start(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        definitions.parse({FILE: changed(**change)})


def test_versions_that_overlap_are_refused() -> None:
    document = copy.deepcopy(load(FILE))
    versions = document["indicators"][1]["versions"]
    versions[0]["valid_until"] = date(2017, 1, 2)
    with pytest.raises(ConfigurationError, match="versions 1 and 2 overlap"):
        definitions.parse({FILE: document})
    del versions[0]["valid_until"]
    with pytest.raises(ConfigurationError, match="overlap"):
        definitions.parse({FILE: document})


def test_one_name_is_one_indicator() -> None:
    with pytest.raises(ConfigurationError, match="two indicators"):
        definitions.parse({"a.yaml": load(FILE), "b.yaml": load(FILE)})


@pytest.mark.parametrize("name", NAMES)
def test_every_indicator_answers_for_an_empty_county_and_asks_for_nothing_unknown(name: str, town: Town) -> None:
    for version in definitions.load().by_name[name].versions:
        definition = definitions.load().on(name, version.valid_from)
        text = relation(definition, EVERYBODY).as_string(town.connection)
        asked = set(re.findall(r"%\((\w+)\)s", text))
        assert asked <= parameters(definition, window(), EVERYBODY).keys()
        unused = version.parameters.keys() - asked
        assert not unused, f"{unused} stand in the definition and change nothing"
        assert (version.boundary is not None) == ("{boundary}" in definitions.source(version.sql))
    assert town.figure(name).numerator == 0
