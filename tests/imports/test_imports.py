"""Lists into a real database, from the sample files: good rows in, bad rows back, again changes nothing."""

from __future__ import annotations

import csv
import io
import re
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest import registry
from ingest.accounts import Role
from ingest.identity import hash_id_number, load_key, pseudonym, unseal
from ingest.imports import new_residents
from ingest.imports.id_number import check_digit
from maixun.cli import main
from tests.api.conftest import SignIn, app, as_, client, clock, world  # noqa: F401 - fixtures
from tests.api.world import World, sign_in

SAMPLES = Path(__file__).parent.parent.parent / "docs/samples"
ORDER = ("stations.csv", "staff.csv", "residents.csv", "residents.xlsx", "residents-fhir.json", "conditions.csv",
         "contracts.csv", "population.csv")  # fmt: skip
TABLES = ("care.station", "care.staff", "care.resident", "identity.person", "care.person_token", "care.condition",
          "care.contract", "reporting.population")  # fmt: skip
CHEN = "990101195104020027"


@pytest.fixture
def county(world: World, database: str, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: F811
    monkeypatch.setenv("MAIXUN_DATABASE", database)
    return world


def imported(name: str, *more: str, kind: str | None = None) -> int:
    return main(["import", kind or re.split(r"[.-]", name)[0], str(SAMPLES / name), "--login", "admin", *more])


def everything(tmp_path: Path) -> None:
    for name in ORDER:
        more = (
            ["--passwords", str(tmp_path / f"passwords-{len(list(tmp_path.iterdir()))}.csv")] if "staff" in name else []
        )
        imported(name, *more)


def contents(world: World) -> list[Any]:  # noqa: F811
    found = []
    for table in TABLES:
        query = f"select to_jsonb(t) - 'imported_at' from {table} t order by 1"  # noqa: S608 - our own tables
        found.append(world.connection.execute(query.encode()).fetchall())
    return found


def test_the_samples_are_imported_whole_and_again_change_nothing(
    county: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything(tmp_path)
    told = [line for line in capsys.readouterr().out.splitlines() if "refused" in line]
    assert told == [
        "3 new, 0 updated, 0 unchanged, 0 refused",
        "4 new, 0 updated, 0 unchanged, 0 refused",
        "5 new, 0 updated, 0 unchanged, 0 refused",
        "2 new, 0 updated, 0 unchanged, 0 refused",
        "2 new, 0 updated, 0 unchanged, 1 refused",  # a birthday of which only the year is said
        "3 new, 0 updated, 0 unchanged, 0 refused",
        "3 new, 0 updated, 0 unchanged, 0 refused",
        "3 new, 0 updated, 0 unchanged, 0 refused",
    ]
    before = contents(county)
    everything(tmp_path)
    again = [line for line in capsys.readouterr().out.splitlines() if "refused" in line]
    assert all(re.match(r"0 new, 0 updated, [2-5] unchanged", line) for line in again), again
    assert contents(county) == before


def test_who_somebody_is_is_sealed_and_the_number_is_not_kept(county: World, tmp_path: Path) -> None:
    everything(tmp_path)
    key = load_key()
    row = county.connection.execute(
        "select p.name_sealed, r.sex, r.birth_date::text, r.lives_alone, d.login, r.record_opened_on::text, k.token"
        " from identity.person p join care.resident r using (resident_id) join care.staff d on d.staff_id = r.doctor_id"
        " join care.person_token k using (resident_id) where p.id_number_hash = %s",
        [hash_id_number(CHEN, key)],
    ).fetchone()
    assert row is not None
    assert unseal(bytes(row[0]), key) == "陈秀兰"
    assert row[1:] == ("female", "1951-04-02", True, "dr.zhao", "2025-03-01", pseudonym(CHEN, key))
    for table in (*TABLES, "care.audit"):
        query = f"select count(*) from {table} t where t::text like '%%99010119%%' or t::text like '%%陈秀兰%%'"  # noqa: S608
        assert county.one(query) == 0, table
    conditions = (
        "select array_agg(condition order by condition) from care.condition join identity.person using (resident_id)"
    )
    assert county.one(conditions + " where id_number_hash = %s", hash_id_number(CHEN, key)) == [
        "diabetes",
        "hypertension",
    ]


def test_a_dry_run_changes_nothing(county: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(county)
    assert imported("stations.csv", "--dry-run") == 0
    assert imported("staff.csv", "--dry-run") == 1  # their station is not there yet
    assert contents(county) == before
    assert county.one("select count(*) from care.audit where action like 'import%%'") == 0
    assert "柳塘" not in capsys.readouterr().err
    assert list(tmp_path.glob("*.csv")) == []


def test_every_problem_is_told_by_row_and_column_and_the_rows_come_back(
    county: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything(tmp_path)
    assert county.one("select count(*) from care.resident") == 11
    capsys.readouterr()
    refused = tmp_path / "refused.csv"
    assert imported("residents-with-problems.csv", "--refused", str(refused), "--language", "en") == 1
    told = capsys.readouterr()
    assert "1 new, 0 updated, 0 unchanged, 10 refused" in told.out
    problems = [line.split("\t") for line in told.err.splitlines()]
    assert [(row, column) for row, column, _ in problems] == [
        ("2", "备注"), ("4", "-"), ("5", "身份证号"), ("6", "姓名*"), ("7", "性别"), ("8", "出生日期"),
        ("9", "出生日期"), ("10", "机构*"), ("11", "性别"), ("12", "出生日期"), ("13", "签约医生"),
    ]  # fmt: skip
    assert "the same as row 3" in problems[1][2]
    assert not re.search(r"[0-9]{17}", told.err + told.out)
    lines = list(csv.reader(io.StringIO(refused.read_bytes().decode("utf-8-sig"))))
    assert len(lines) == 11
    assert lines[0][-1] == "problem"
    assert all(line[-1] for line in lines)
    assert lines[9][0] == "'=HYPERLINK(1)"
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600


@pytest.mark.usefixtures("county")
def test_everything_wrong_with_a_row_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything(tmp_path)
    capsys.readouterr()
    wrong = tmp_path / "contracts.csv"
    wrong.write_text(
        "身份证号,服务包,签约医生,签约日期,到期日期\n"
        f"{CHEN},chronic,没有的医生,2026-01-01,2025-01-01\n"
        f"{CHEN},chronical,赵医生,2026-01-01,2027-01-01\n",
        encoding="utf-8",
    )
    assert main(["import", "contracts", str(wrong), "--login", "admin"]) == 1
    told = capsys.readouterr().err
    for text in ("没有这个医生", "到期日期应晚于签约日期", "可填 basic, chronic"):
        assert text in told
    people = tmp_path / "residents.csv"
    people.write_text(
        "姓名,性别,出生日期,机构,签约医生,离开日期\n无名氏,女,1950-01-01,没有的机构,没有的医生,1949-01-01\n",
        encoding="utf-8",
    )
    assert main(["import", "residents", str(people), "--login", "admin"]) == 1
    told = capsys.readouterr().err
    for text in ("没有这个机构", "没有这个医生", "离开日期和原因要一起填写", "早于出生日期"):
        assert text in told


def test_mended_rows_go_in_from_the_file_that_came_back(county: World, tmp_path: Path) -> None:
    everything(tmp_path)
    refused, mended = tmp_path / "refused.csv", tmp_path / "mended.csv"
    imported("residents-with-problems.csv", "--refused", str(refused))
    text = refused.read_text(encoding="utf-8-sig").replace("没有的卫生站", "石桥卫生站")
    mended.write_text(text, encoding="gb18030")
    before = county.one("select count(*) from care.resident")
    assert main(["import", "residents", str(mended), "--login", "admin"]) == 1
    assert county.one("select count(*) from care.resident") == before + 1


def test_an_update_is_told_and_a_resident_without_a_number_gets_one(
    county: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything(tmp_path)
    number = county.one("select count(*) from care.resident")
    capsys.readouterr()
    file, gao = tmp_path / "more.csv", "99010119750601015"
    file.write_text(
        f"姓名,身份证号,性别,出生日期,机构,签约医生\n陈秀兰,{CHEN},,,石桥卫生站,dr.qian\n"
        f"高平,{gao}{check_digit(gao)},,,石桥卫生站,\n高平,,男,1975-06-01,石桥卫生站,\n"
    )
    assert main(["import", "residents", str(file), "--login", "admin"]) == 1
    assert "0 new, 2 updated, 0 unchanged, 1 refused" in capsys.readouterr().out
    assert county.one("select count(*) from care.resident") == number
    assert main(["import", "residents", str(file), "--login", "admin"]) == 1
    assert "0 new, 0 updated, 2 unchanged, 1 refused" in capsys.readouterr().out


def test_a_file_is_in_whole_or_not_at_all(county: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported("stations.csv")
    imported("staff.csv", "--passwords", str(tmp_path / "passwords.csv"))
    before = contents(county)
    first, real = iter([1]), registry.add_tokens
    monkeypatch.setattr(new_residents, "_AT_ONCE", 2)
    monkeypatch.setattr(registry, "add_tokens", lambda *a, **more: (next(first), real(*a, **more)))
    with pytest.raises(StopIteration):
        imported("residents.csv")
    assert contents(county) == before


def test_new_accounts_can_sign_in_with_the_password_that_was_told_once(
    county: World,
    tmp_path: Path,
    client: Any,  # noqa: F811
) -> None:
    imported("stations.csv")
    file = tmp_path / "passwords.csv"
    assert imported("staff.csv") == 1  # nobody would know the passwords
    assert imported("staff.csv", "--passwords", str(file)) == 0
    told = dict(list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))[1:])
    assert set(told) == {"dr.zhao", "dr.qian", "lead.liutang", "cdc.sample"}
    assert sign_in(client, "dr.zhao", told["dr.zhao"]).status_code == 303
    assert county.one("select region_prefix from care.staff where login = 'cdc.sample'") == "990101"
    change = tmp_path / "staff.csv"
    change.write_text("登录名,姓名,岗位,机构,在岗\ndr.zhao,赵医生,管理员,,\ndr.qian,钱医生,家庭医生,,否\n")
    assert main(["import", "staff", str(change), "--login", "admin", "--passwords", str(tmp_path / "none.csv")]) == 1
    assert county.one("select role::text from care.staff where login = 'dr.zhao'") == "doctor"
    assert county.one("select active from care.staff where login = 'dr.qian'") is False


def test_on_the_page_a_file_is_looked_at_and_then_confirmed(county: World, as_: SignIn) -> None:  # noqa: F811
    admin = as_("admin")
    assert admin.get("/imports").status_code == 200
    looked = admin.post(
        "/imports", data={"kind": "stations"}, files={"file": ("a.csv", (SAMPLES / "stations.csv").read_bytes())}
    )
    assert looked.status_code == 200
    assert county.one("select count(*) from care.station") == 2
    upload = re.findall(r'name="upload" value="([^"]+)"', looked.text)[0]
    assert admin.post("/imports/apply", data={"upload": upload}).status_code == 200
    assert county.one("select count(*) from care.station") == 5
    again = admin.post("/imports/apply", data={"upload": upload})
    assert "确认写入" not in again.text
    county.person("admin2", "另一位", Role.ADMIN, None)
    assert as_("admin2").post("/imports/apply", data={"upload": upload}).status_code == 404
    actions = [
        row[0]
        for row in county.connection.execute("select action from care.audit where action like 'import%%' order by 1")
    ]
    assert actions == ["import", "import", "import.look"]


def test_on_the_page_residents_come_in_with_the_rights_of_the_api(county: World, as_: SignIn, tmp_path: Path) -> None:  # noqa: F811
    admin = as_("admin")
    for name in ORDER:
        kind = re.split(r"[.-]", name)[0]
        looked = admin.post("/imports", data={"kind": kind}, files={"file": (name, (SAMPLES / name).read_bytes())})
        assert looked.status_code == 200, looked.text
        upload = re.findall(r'name="upload" value="([^"]+)"', looked.text)[0]
        done = admin.post("/imports/apply", data={"upload": upload})
        assert done.status_code == 200, done.text
    assert county.one("select count(*) from care.resident") == 11
    assert county.one("select count(*) from reporting.population") == 3
    everything(tmp_path)  # the same by the command: nothing is new
    assert county.one("select count(*) from care.resident") == 11


def test_the_refused_rows_are_downloaded_and_an_upload_is_sealed_and_does_not_stay(county: World, as_: SignIn) -> None:  # noqa: F811
    admin = as_("admin")
    content = (SAMPLES / "residents-with-problems.csv").read_bytes()
    looked = admin.post("/imports", data={"kind": "residents"}, files={"file": ("r.csv", content)})
    assert "下载有问题的行" in looked.text
    assert "990101" not in looked.text
    upload = re.findall(r"refused\?upload=([0-9a-f-]+)", looked.text)[0]
    back = admin.get("/imports/refused", params={"upload": upload})
    assert back.content.startswith(b"\xef\xbb\xbf")
    assert len(list(csv.reader(io.StringIO(back.content.decode("utf-8-sig"))))) == 12
    sealed = bytes(county.one("select sealed from care.import_upload"))
    assert "郭明".encode() not in sealed
    county.clock.move(timedelta(hours=2))
    assert admin.get("/imports/refused", params={"upload": upload}).status_code == 404
    admin.get("/imports")
    assert county.one("select count(*) from care.import_upload") == 0, "gone at the next look"
    bad = admin.post("/imports", data={"kind": "residents"}, files={"file": ("r.exe", b"MZ")})
    assert bad.status_code == 422
    assert county.one("select count(*) from care.import_upload") == 0
    admin.post("/imports", data={"kind": "residents"}, files={"file": ("r.csv", content)})
    assert county.one("select count(*) from care.import_upload") == 1  # the old one is gone


@pytest.mark.parametrize("login", ["dr.wang", "lead.qinghe", "tech", "cdc"])
def test_nobody_else_imports(login: str, county: World, as_: SignIn) -> None:  # noqa: F811
    member = as_(login)
    assert member.get("/imports").status_code == 403
    assert member.post("/imports", data={"kind": "stations"}, files={"file": ("a.csv", b"x")}).status_code == 403
    assert county.one("select count(*) from care.import_upload") == 0
