"""`maixun admin`: an account that can sign in, a meter whose held readings come free."""

from __future__ import annotations

import getpass

import pytest
from fastapi.testclient import TestClient

from ingest.identity import load_key, pseudonym, unseal
from maixun.cli import main
from tests.api.world import World, sign_in


@pytest.fixture(autouse=True)
def _this_database(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIXUN_DATABASE", database)


def test_a_new_account_signs_in_with_the_password_printed_once(
    world: World,
    client: TestClient,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["admin", "staff", "add", "dr.zhao", "--name", "赵医生", "--role", "doctor", "--station", "青河卫生站"]
    assert main(arguments) == 0
    password = capsys.readouterr().out.split("password ")[1].split()[0]
    assert sign_in(client, "dr.zhao", password).status_code == 303
    assert password not in world.one("select password_hash from care.staff where login = 'dr.zhao'")
    assert main(arguments) == 1
    assert "taken" in capsys.readouterr().err


def test_another_password_ends_the_sessions(
    world: World,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sign_in(client, "dr.wang")
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "another long password")
    assert main(["admin", "staff", "password", "dr.wang", "--ask"]) == 0
    assert "another long password" not in capsys.readouterr().out
    assert client.get("/api/v1/session").status_code == 401
    assert sign_in(client, "dr.wang", "another long password").status_code == 303
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "short")
    assert main(["admin", "staff", "password", "dr.wang", "--ask"]) == 1
    assert world.one("select count(*) from care.session") == 1


def test_a_doctor_needs_a_station(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admin", "staff", "add", "dr.zhao", "--name", "赵医生", "--role", "doctor"]) == 1
    assert "--station" in capsys.readouterr().err
    assert world.one("select count(*) from care.staff where login = 'dr.zhao'") == 0


def test_assigning_a_meter_releases_its_reading(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    item = world.held(device="NEW", reason="unknown_device")
    world.connection.execute(
        "update telemetry.held set item = jsonb_set(item, '{values}', '{\"systolic\": 130, \"diastolic\": 80}')"
    )
    assert main(["admin", "held", "list", "--reason", "unknown_device"]) == 0
    assert str(item) in capsys.readouterr().out
    token = world.one("select token::text from care.resident where resident_id = %s", world.residents["王秀英"])
    assert main(["admin", "device", "add", "NEW", "--model", "generic"]) == 0
    release = ["admin", "held", "release", str(item), "--login", "tech"]
    assert main(release) == 0
    assert "stays held: unassigned" in capsys.readouterr().out
    assign = ["admin", "device", "assign", "NEW", "--setting", "home", "--station", "青河卫生站", "--login", "tech"]
    assert main([*assign, "--resident", token, "--from", "2026-01-01T00:00:00+08:00"]) == 0
    assert "1 held readings are released" in capsys.readouterr().out
    assert world.one("select resident_id from telemetry.reading") == world.residents["王秀英"]
    assert main(release) == 1
    assert main([*assign, "--resident", "999999"]) == 1
    assert "there is no resident '999999'" in capsys.readouterr().err


def test_an_id_number_asked_for_releases_what_named_its_pseudonym(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = "11010519491231002X"
    world.meter("KIOSK", None, "青河卫生站", "kiosk")
    world.held(device="KIOSK", reason="unknown_person", person=pseudonym(number, load_key()))
    world.connection.execute(
        "update telemetry.held set item = jsonb_set(item, '{values}', '{\"systolic\": 130, \"diastolic\": 80}')"
    )
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: number.lower())
    resident = world.residents["王秀英"]
    assert main(["admin", "resident", "token", str(resident), "--id-number", "--login", "admin"]) == 0
    said = capsys.readouterr().out
    assert "1 held readings are released" in said
    assert number not in said
    assert world.one("select resident_id from telemetry.reading") == resident
    rows = world.connection.execute(
        "select detail::text from care.audit union all select token::text from care.person_token"
    )
    assert number not in str(rows.fetchall())


def test_a_contact_is_asked_for_sealed_and_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    contact = ["admin", "contact", "set", "tech", "--kind", "mobile", "--login", "admin"]
    monkeypatch.setattr("builtins.input", lambda _prompt: "far away")
    assert main(contact) == 1
    assert "no mobile address" in capsys.readouterr().err
    monkeypatch.setattr("builtins.input", lambda _prompt: "+86 139 0000 0000")
    assert main(contact) == 0
    assert main(["admin", "contact", "list"]) == 0
    said = capsys.readouterr().out
    assert "tech                 technician     mobile\n" in said
    assert "dr.wang              doctor         nothing\n" in said
    assert "139" not in said
    assert unseal(bytes(world.one("select address_sealed from identity.contact")), load_key()) == "+8613900000000"
    assert world.one("select staff_id from care.audit where action = 'staff.contact'") == world.staff["admin"]
    assert main(["admin", "contact", "remove", "tech", "--kind", "mobile", "--login", "admin"]) == 0
    assert world.one("select count(*) from identity.contact") == 0
