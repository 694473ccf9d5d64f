"""Who tries: everybody of the two counties, what is theirs, and what no answer to them may hold."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tests.access.counties import Mark
from tests.access.matrix import Line


class Person(NamedTuple):
    """Somebody who signs in. `theirs`: the counties whose things are their own; `station`: where the own station is."""

    login: str
    role: str
    theirs: Collection[str]
    station: Collection[str] = ()


PEOPLE = (
    Person("dr.a", "doctor", "A", "A"),
    Person("dr.a.colleague", "doctor", "", "A"),
    Person("lead.a", "station_lead", "A", "A"),
    Person("cdc.a", "cdc", "A"),
    Person("cdc.city", "cdc", "AB"),
    Person("cdc.elsewhere", "cdc", ""),
    Person("tech", "technician", ""),
    Person("admin", "admin", "A"),
)

# Marks of a kind (tests.access.counties) that a role may find in any answer, and of which counties.
OWN, ALL, NONE = "own", "all", "none"
MAY_FIND = {
    #                 person     pseudonym    value       meter       county
    "doctor":       {"person": OWN, "pseudonym": OWN, "value": OWN, "meter": OWN, "county": ALL},
    "station_lead": {"person": OWN, "pseudonym": OWN, "value": OWN, "meter": OWN, "county": OWN},
    "cdc":          {"person": NONE, "pseudonym": NONE, "value": NONE, "meter": NONE, "county": OWN},
    "technician":   {"person": NONE, "pseudonym": NONE, "value": NONE, "meter": ALL, "county": ALL},
    "admin":        {"person": NONE, "pseudonym": NONE, "value": NONE, "meter": ALL, "county": ALL},
}  # fmt: skip

# What an administrator finds beyond that, and where.
BESIDES = {
    "GET /api/v1/rules/replays/{replay}": "pseudonym",  # residents that would differ, by pseudonym alone
}

# Kinds that each of them does find: else nothing would be proven by what others do not.
FINDS = {
    "dr.a": {"person", "pseudonym", "value", "meter", "county"},
    "dr.a.colleague": {"county"},
    "lead.a": {"person", "pseudonym", "value", "meter", "county"},
    "cdc.a": {"county"},
    "cdc.city": {"county"},
    "cdc.elsewhere": set[str](),
    "tech": {"meter", "county"},
    "admin": {"pseudonym", "meter", "county"},
}


def may_find(person: Person, mark: Mark, line: Line) -> bool:
    """Whether an answer to this person at this address may hold the mark."""
    if person.role == "admin" and BESIDES.get(line.name) == mark.kind:
        return True
    allowed = MAY_FIND[person.role][mark.kind]
    return allowed == ALL or (allowed == OWN and mark.county in person.theirs)
