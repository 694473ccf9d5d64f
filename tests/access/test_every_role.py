"""Every endpoint as every role: answered as the matrix says, nothing of a person where none may be, looks recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.access import matrix
from tests.access.bodies import BODIES
from tests.access.conftest import desk
from tests.access.counties import Counties, Mark
from tests.access.matrix import Line
from tests.access.people import FINDS, PEOPLE, Person, may_find
from tests.access.unpacked import is_said

READS = ("GET", "HEAD")
ENDLESS = "GET /api/v1/alerts/stream"  # whoever is signed in, each hears of their own: tests/api/test_stream.py
ENDS_SESSION = ("POST /sign-out", "DELETE /api/v1/session")
OF_A_PERSON = ("{resident}", "{suspect}", "{child}", "{episode}", "{visit}", "{token}", "{held}", "{reading}.")
ANSWERED = (200, 201, 204, 303, 409)  # 409: right, but somebody was faster; in these tests somebody else who may
DATED = (".xlsx", ".pdf")  # they say when they were written; the CSV holds the same figures
NOBODY = Person("", "technician", ())
CDC = Person("cdc.a", "cdc", "A")
# What the same address may answer to a program or to a part of a page that is read afresh.
WAYS: tuple[dict[str, str], ...] = (
    {"accept": "text/html, */*"},
    {"accept": "text/csv"},
    {"accept": "application/json", "hx-request": "true"},
)


def expected(person: Person, line: Line, county: str) -> tuple[int, ...]:
    """The statuses that the matrix allows."""
    right = line.rights[person.role]
    if right == "-":
        return (403,)
    if right == "any" and not person.theirs and person.role != "admin":
        return (404,)
    theirs = {"own": person.theirs, "here": person.station, "no": ()}
    return ANSWERED if county in theirs.get(right, county) else (404,)


def ask(client: TestClient, counties: Counties, line: Line, county: str, **more: Any) -> Response:
    """One request of the matrix."""
    body = counties.body(BODIES.get(line.name, {}), county)
    return client.request(line.method, counties.filled(line.address, county), **body, **more)


def cases(*, writes: bool) -> Iterator[tuple[Line, str]]:
    """Every line of the matrix with each county's things."""
    for line in matrix.lines():
        if (line.method not in READS) is writes and line.name != ENDLESS:
            for county in "AB" if line.has_owner else "A":
                yield line, county


def wrong(counties: Counties, person: Person, line: Line, county: str, answer: Response) -> Iterator[str]:
    """What is wrong with an answer."""
    if answer.status_code not in expected(person, line, county):
        yield f"{line.name} of {county} answered {answer.status_code}, not {expected(person, line, county)}"
    yield from told(counties, person, line, county, answer)


def told(counties: Counties, person: Person, line: Line, county: str, answer: Response) -> Iterator[str]:
    """What an answer holds that this person must not know and did not ask with."""
    for mark in found(counties, line, county, answer):
        if not may_find(person, mark, line):
            yield f"{line.name} of {county} tells {mark.text}, a {mark.kind} of {mark.county}"


def found(counties: Counties, line: Line, county: str, answer: Response) -> list[Mark]:
    """The marks in an answer, but for what was asked with."""
    asked = counties.filled(line.address, county) + str(counties.body(BODIES.get(line.name, {}), county))
    return [
        mark
        for mark in counties.marks
        if mark.text not in asked and (is_said(mark.text, answer.content) or mark.text in str(answer.headers))
    ]


def looks(counties: Counties) -> int:
    """How many looks and decisions were recorded so far."""
    return int(counties.world.one("select count(*) from care.audit"))


def is_a_look(line: Line, answer: Response, marks: Collection[Mark]) -> bool:
    """Whether an answer tells of somebody: by what it was asked for, or by what it holds."""
    return answer.status_code == 200 and (
        any(place in line.address for place in OF_A_PERSON)
        or any(mark.kind in ("person", "pseudonym", "value") for mark in marks)
    )


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.login)
def test_what_can_be_read(person: Person, counties: Counties, app: FastAPI) -> None:
    client, problems, kinds = desk(app, person.login), list[str](), set[str]()
    for line, county in cases(writes=False):
        for way in WAYS:
            before = looks(counties)
            answer = ask(client, counties, line, county, headers=way)
            problems += wrong(counties, person, line, county, answer)
            marks = found(counties, line, county, answer)
            kinds |= {mark.kind for mark in marks}
            if is_a_look(line, answer, marks) and looks(counties) == before:
                problems.append(f"{line.name} is a look at a person that is not recorded")
            if answer.status_code >= 400:
                break
    assert not problems, "\n".join(sorted(set(problems)))
    assert kinds == FINDS[person.login], "what may be found is there to be found"


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.login)
def test_what_can_be_done(person: Person, counties: Counties, app: FastAPI) -> None:
    """What is refused changes nothing; then what is allowed is done."""
    client, problems = desk(app, person.login), list[str]()
    every = [each for each in cases(writes=True) if each[0].name not in ENDS_SESSION]
    before = contents(counties)
    for allowed in (False, True):
        for line, county in every:
            if (expected(person, line, county) == ANSWERED) is allowed:
                problems += wrong(counties, person, line, county, ask(client, counties, line, county))
        assert allowed or contents(counties) == before
    assert not problems, "\n".join(sorted(set(problems)))


def test_whoever_has_not_signed_in_is_told_to(counties: Counties, app: FastAPI) -> None:
    client, before = desk(app, None), contents(counties)
    assert client.request(*ENDLESS.split()).status_code == 401
    for line, county in (*cases(writes=False), *cases(writes=True)):
        answer = ask(client, counties, line, county)
        assert answer.status_code == (401 if line.address.startswith(("/api/", "/fhir/")) else 303), line
        assert answer.status_code == 401 or answer.headers["location"].startswith("/sign-in"), line
        assert not list(told(counties, NOBODY, line, county, answer)), line
    assert contents(counties) == before


def test_what_is_public_says_nothing_of_anybody(counties: Counties, app: FastAPI) -> None:
    client = desk(app, None)
    for line in matrix.public():
        answer = ask(client, counties, line, "A")
        assert answer.status_code in (200, 303, 401, 422), (line, answer.status_code)
        assert not found(counties, line, "A", answer), line


def test_a_member_of_the_cdc_without_a_region_has_no_figures(counties: Counties, app: FastAPI) -> None:
    client = desk(app, "cdc.nowhere")
    for line, county in cases(writes=False):
        answer = ask(client, counties, line, county)
        assert answer.status_code in (200, 403, 404), (line, answer.status_code)
        assert not found(counties, line, county, answer), line


def test_what_happens_in_another_county_changes_nothing_that_the_cdc_is_shown(counties: Counties, app: FastAPI) -> None:
    """Not by a name, a sum, a share or an order: what the CDC of A reads does not depend on B at all."""
    client = desk(app, "cdc.a")
    asked = [
        line
        for line, county in cases(writes=False)
        if county == "A" and expected(CDC, line, "A") == ANSWERED and not line.name.endswith(DATED)
    ]
    before = {line.name: ask(client, counties, line, "A").content for line in asked}
    counties.grow("B")
    after = {line.name: ask(client, counties, line, "A").content for line in asked}
    assert [name for name in before if before[name] != after[name]] == []


def contents(counties: Counties) -> dict[str, str]:
    """A fingerprint of every table, but for sessions and the record of looks."""
    rows = counties.world.connection.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables"
        " where schemaname in ('care', 'identity', 'telemetry', 'fleet', 'reporting')"
        " and (schemaname, tablename) not in (('care', 'session'), ('care', 'audit'))"
    ).fetchall()
    query = "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t"
    return {table: str(counties.world.one(query.format(table))) for (table,) in rows}
