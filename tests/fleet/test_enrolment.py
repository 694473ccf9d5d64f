"""How a machine becomes a gateway: a code on paper, exchanged once for a certificate of its own."""

from __future__ import annotations

import asyncio
import base64
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import uvicorn
from cryptography import x509
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gateway import claim as claiming
from gateway import identity, renewal
from gateway.claim import ClaimRefused, claim, renew
from gateway.key_pair import certificate_in, new_key_pair, sign_renewal
from gateway.kiosk import pseudonym
from ingest import identity as server_identity
from maixun.cli import main
from tests.api.world import World


@pytest.fixture(autouse=True)
def _this_database(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIXUN_DATABASE", database)
    monkeypatch.setenv("MAIXUN_FLEET_BROKER", "mqtts://broker.county.example:8883")


@pytest.fixture
def server(app: FastAPI) -> Iterator[str]:
    """The pages on a port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    deadline = time.monotonic() + 20
    while not running.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    running.should_exit = True
    thread.join(20)
    listening.close()


def new_code(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The code that `maixun admin gateway enrol` prints."""
    capsys.readouterr()
    assert main(["admin", "gateway", "enrol", "--station", "青河卫生站", *arguments]) == 0
    said = capsys.readouterr().out
    assert "▀" in said or "▄" in said, "the code is printed as QR as well"
    return said.split("gateway claim ")[1].split()[0]


def test_a_claimed_gateway_has_all_it_needs_for_itself_alone(
    world: World, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = new_code(capsys)
    typed = code.lower().replace("-", " ")
    me = claim(server, typed, tmp_path / "gateway")
    assert identity.load(tmp_path / "gateway") == me
    assert (me.gateway, me.broker) == ("gw-0001", "mqtts://broker.county.example:8883")
    for file in (tmp_path / "gateway").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    certificate = x509.load_pem_x509_certificate(me.credentials.read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=gw-0001"
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(me.authority.read_bytes()))
    key = pseudonym.load_key(me.pseudonym_key)
    assert key is not None
    said = "11010519491231002X"
    assert pseudonym.of_id_number(said, key) == server_identity.pseudonym(said, server_identity.load_key())
    assert pseudonym.of_phone("13800000000", "2468", key) == server_identity.pseudonym(
        "13800000000:2468", server_identity.load_key()
    )
    with pytest.raises(ClaimRefused, match="code"):
        claim(server, code, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    for secret in (code, code.replace("-", "")):
        rows = world.connection.execute("select code_hash::text || gateway from fleet.enrolment").fetchall()
        assert secret not in str(rows)


def test_a_code_ends_with_its_time_and_with_a_newer_one(
    world: World, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = new_code(capsys, "--name", "gw-home")
    second = new_code(capsys, "--name", "gw-home")
    world.connection.execute("update fleet.enrolment set expires_at = %s", [world.clock() - timedelta(seconds=1)])
    for code in (first, second):
        with pytest.raises(ClaimRefused, match="expired"):
            claim(server, code, tmp_path / "gateway")
    third = new_code(capsys, "--name", "gw-home")
    with pytest.raises(ClaimRefused):
        claim(server, second, tmp_path / "gateway")
    assert claim(server, third, tmp_path / "gateway").gateway == "gw-home"


def test_of_two_machines_with_one_code_one_becomes_the_gateway(
    world: World, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = new_code(capsys)
    outcomes: list[str] = []

    def try_it(folder: str) -> None:
        try:
            outcomes.append(claim(server, code, tmp_path / folder).gateway)
        except ClaimRefused:
            outcomes.append("refused")

    machines = [threading.Thread(target=try_it, args=(name,)) for name in ("a", "b", "c")]
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join(30)
    assert sorted(outcomes) == ["gw-0001", "refused", "refused"]
    assert world.one("select count(*) from fleet.certificate") == 1


def test_codes_cannot_be_tried_out(world: World, client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    code = new_code(capsys)
    request = new_key_pair().request.decode()
    wrong = {"code": "AAAA-AAAA-AAAA-AAAA", "request": request}
    answers = [client.post("/api/v1/fleet/claim", json=wrong).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    right = {"code": code, "request": request}
    assert client.post("/api/v1/fleet/claim", json=right).status_code == 429
    world.clock.move(timedelta(minutes=16))
    assert client.post("/api/v1/fleet/claim", json=right).status_code == 200


@pytest.mark.parametrize("request_text", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_a_request_nobody_can_read_leaves_the_code_good(
    request_text: str, world: World, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    code = new_code(capsys)
    asked = {"code": code, "request": request_text}
    assert client.post("/api/v1/fleet/claim", json=asked).json()["error"] == "unusable_request"
    asked["request"] = new_key_pair().request.decode()
    assert client.post("/api/v1/fleet/claim", json=asked).json()["gateway"] == "gw-0001"
    assert world.one("select count(*) from fleet.certificate") == 1


def test_a_gateway_fetches_its_next_certificate_with_the_present_one(
    world: World, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    me = claim(server, new_code(capsys), tmp_path / "gateway")
    before = me.credentials.read_bytes()
    assert timedelta(days=30) < world.clock() + timedelta(days=397) - me.renew_after < timedelta(days=60)
    world.clock.move(timedelta(days=380))
    renewed = renew(me)
    assert renewed.renew_after > world.clock() + timedelta(days=300)
    assert identity.load(tmp_path / "gateway") == renewed
    assert me.credentials.read_bytes() != before
    old_certificate, _, _ = certificate_in(before)
    stolen = new_key_pair()
    for certificate, key in ((old_certificate, stolen.private), (me.authority.read_bytes(), before)):
        body = {
            "certificate": certificate.decode(),
            "request": stolen.request.decode(),
            "signature": base64.b64encode(sign_renewal(key, stolen.request)).decode(),
        }
        with pytest.raises(ClaimRefused, match="not valid"):
            claiming._ask(server, "renew", body)
    assert main(["admin", "gateway", "revoke", "gw-0001"]) == 0
    with pytest.raises(ClaimRefused, match="not valid"):
        renew(me)


def test_a_machine_that_is_replaced_is_the_gateway_no_longer(
    world: World, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = claim(server, new_code(capsys), tmp_path / "old")
    new = claim(server, new_code(capsys, "--name", old.gateway), tmp_path / "new")
    assert new.gateway == old.gateway
    with pytest.raises(ClaimRefused):
        renew(old)
    assert world.one("select count(*) from fleet.certificate where revoked_at is not null") == 1


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", ["ingest-1", "gw 1", "gw/1", "+", "#", "x" * 65])
def test_a_gateway_cannot_have_just_any_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admin", "gateway", "enrol", "--station", "青河卫生站", "--name", name]) == 1
    assert "no name for a gateway" in capsys.readouterr().err


def test_the_secrets_go_over_no_open_line(tmp_path: Path) -> None:
    with pytest.raises(ClaimRefused, match="https"):
        claim("http://maixun.county.example", "AAAA", tmp_path)
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ClaimRefused, match="cannot be reached"):
        claim(f"http://127.0.0.1:{port}", "AAAA", tmp_path)


def test_the_processes_take_no_more_rights_than_they_need(database: str) -> None:
    """The pages may not make codes, and ingest may see no certificate."""
    for role, statement in (
        ("maixun_api", "insert into fleet.enrolment values ('x', '', now())"),
        ("maixun_api", "update fleet.enrolment set code_hash = ''"),
        ("maixun_api", "insert into fleet.gateway values ('x', 1, now())"),
        ("maixun_ingest", "select * from fleet.certificate"),
        ("maixun_ingest", "select * from fleet.enrolment"),
        ("maixun_alerting", "select * from fleet.gateway"),
        ("maixun_alerting", "select item from telemetry.held"),
    ):
        with psycopg.connect(database) as connection:
            connection.execute(f"set role {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


@pytest.mark.usefixtures("world")
def test_from_the_printed_command_to_a_gateway(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command as printed, on a machine that is no gateway before and is one afterwards."""
    monkeypatch.setenv("MAIXUN_FLEET_SERVER", server)
    assert main(["admin", "gateway", "enrol", "--station", "青河卫生站"]) == 0
    printed = next(line for line in capsys.readouterr().out.splitlines() if "gateway claim" in line)
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path / "edge"))
    assert main(["gateway", "--radio", "simulated"]) == 1
    assert "no gateway yet" in capsys.readouterr().err
    command = printed.split()[1:]
    assert main(command) == 0
    assert "is gw-0001 now" in capsys.readouterr().out
    assert main(command) == 1
    assert "used already" in capsys.readouterr().err
    me = identity.load(tmp_path / "edge" / "secrets")
    assert me is not None
    assert me.gateway == "gw-0001"


async def test_a_gateway_at_work_renews_in_time_and_then_connects_anew(
    world: World, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal is said and tried again at the next look; a renewal happens once."""
    me = claim(server, new_code(capsys), tmp_path / "gateway")
    world.clock.move(timedelta(days=380))
    unreachable = replace(me, server="http://127.0.0.1:1")
    stop, renewed = asyncio.Event(), asyncio.Event()
    refused = asyncio.create_task(renewal.watch(unreachable, renewed.set, stop, now=world.clock, look=0.01))
    watching = asyncio.create_task(renewal.watch(me, renewed.set, stop, now=world.clock, look=0.01))
    async with asyncio.timeout(20):
        await renewed.wait()
        stop.set()
        await asyncio.gather(refused, watching)
    assert world.one("select count(*) from fleet.certificate") == 2
    kept = identity.load(tmp_path / "gateway")
    assert kept is not None
    assert kept.renew_after > world.clock()
