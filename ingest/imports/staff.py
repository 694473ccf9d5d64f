"""Staff: accounts by login. A new account gets a password that is shown once; a file never changes one."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from ingest.accounts import LOGIN, NewStaff, Role, create_staff, hash_password, new_password
from ingest.imports.field import YES_NO, Field, choice, matching, text
from ingest.imports.judging import Change, Existing, Resolve, Resolved, Values
from ingest.imports.kind import STATION, Entry, Kind, found, one_by_one, stations
from ingest.imports.problem import Said, Trial, Wrong

_ROLES = choice(
    {
        "家庭医生": "doctor",
        "医生": "doctor",
        "站长": "station_lead",
        "疾控": "cdc",
        "疾控人员": "cdc",
        "技术员": "technician",
        "设备技术员": "technician",
        "管理员": "admin",
        "系统管理员": "admin",
        **{role.value: role.value for role in Role},
    }
)
_AT_A_STATION = (Role.DOCTOR, Role.STATION_LEAD)
_LOGIN = Said("登录名只能用 2 到 40 个小写字母、数字、点、横线、下划线", "2 to 40 of a-z, 0-9, dot, dash, underscore")
_PREFIX = Said("应为 2 到 12 位区划代码前缀", "must be the first 2 to 12 digits of a region code")


def _known(connection: Connection[Any], _entry: Entry) -> Resolve:
    places = stations(connection)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select staff_id, login, display_name, role, station_id, region_prefix, active from care.staff"
        ).fetchall()
    existing = {row["login"]: Existing(row["staff_id"], row) for row in rows}

    def resolve(values: Values) -> Resolved:
        said = {name: value for name, value in values.items() if name != "station"}
        trial = Trial()
        said["station_id"] = trial(found, places, values["station"], "station", what=STATION)
        known = existing.get(said["login"])
        if values["station"] is None or said["station_id"] is not None:
            whole = {**(known.values if known else {}), **{k: v for k, v in said.items() if v is not None}}
            trial(_check, whole, known)
        trial.settle()
        return Resolved(said, known, (said["login"],))

    return resolve


def _check(whole: Values, known: Existing | None) -> None:
    role = Role(whole["role"])
    if known and role.value != known.values["role"]:
        raise Wrong(
            Said(
                "已有帐号的岗位不能用文件更改，请另建帐号",
                "a file cannot change an account's role: make another account",
            ),
            "role",
        )
    if role in _AT_A_STATION and whole.get("station_id") is None:
        raise Wrong(Said("医生和站长必须填写机构", "a doctor or station lead belongs to a station"), "station")
    if whole.get("region_prefix") is not None and role is not Role.CDC:
        raise Wrong(Said("只有疾控人员有辖区代码", "only a member of the CDC has a region"), "region_prefix")


def _save(connection: Connection[Any], change: Change, entry: Entry) -> None:
    later = dict(change.values)
    staff_id = change.existing.id if change.existing else _created(connection, later, entry)
    if later:
        assignments = sql.SQL(", ").join(
            sql.SQL("{0} = {1}").format(sql.Identifier(n), sql.Placeholder(n)) for n in later
        )
        query = sql.SQL("update care.staff set {} where staff_id = %(staff_id)s").format(assignments)
        connection.execute(query, {**later, "staff_id": staff_id})
    if later.get("active") is False:
        connection.execute("delete from care.session where staff_id = %s", (staff_id,))


def _created(connection: Connection[Any], values: Values, entry: Entry) -> int:
    """Make the account; what `create_staff` does not take stays in `values`."""
    password = new_password()
    account = NewStaff(
        login=values.pop("login"),
        display_name=values.pop("display_name"),
        role=Role(values.pop("role")),
        station_id=values.pop("station_id", None),
    )
    entry.passwords[account.login] = password
    return create_staff(connection, account, password_hash=hash_password(password))


KIND = Kind(
    name="staff",
    label=Said("人员", "Staff"),
    fields=(
        Field(
            name="login",
            headers=("登录名", "login", "账号", "帐号"),
            read=matching(LOGIN.pattern, _LOGIN),
            required=True,
        ),
        Field(name="display_name", headers=("姓名", "name"), read=text, required=True),
        Field(name="role", headers=("岗位", "role", "角色"), read=_ROLES, required=True),
        Field(name="station", headers=("机构", "station", "机构名称", "所属机构"), read=text),
        Field(name="region_prefix", headers=("辖区代码", "region", "辖区"), read=matching(r"\d{2,12}", _PREFIX)),
        Field(name="active", headers=("在岗", "active"), read=YES_NO),
    ),
    known=_known,
    save=one_by_one(_save),
)
