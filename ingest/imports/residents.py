"""Residents: who they are, where they belong, who their doctor is. Names are sealed; of an ID number only hashes stay.

The ID number says who is meant; without one, name, birthday and sex together do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from ingest import registry
from ingest.identity import hash_id_number, pseudonym, seal, unseal
from ingest.imports import id_number, new_residents
from ingest.imports.field import SEX, YES_NO, Field, choice, day, identity, text
from ingest.imports.judging import Change, Existing, Resolve, Resolved, Values
from ingest.imports.kind import DOCTOR, STATION, Entry, Kind, doctors, found, stations
from ingest.imports.problem import Said, Trial, Wrong

_ALL = (
    "select r.resident_id, p.name_sealed, p.id_number_hash, r.birth_date, r.sex, r.station_id, r.doctor_id,"
    " r.lives_alone, r.record_opened_on, r.resident_since, r.left_on, r.left_why"
    " from care.resident r left join identity.person p using (resident_id)"
)
_Who = tuple[Any, ...]


def _known(connection: Connection[Any], entry: Entry) -> Resolve:
    places, staff = stations(connection), doctors(connection)
    by_number, by_who = _existing(connection, entry.key)
    tokens = dict(connection.execute("select token, resident_id from care.person_token").fetchall())

    def resolve(values: Values) -> Resolved:
        said = {name: value for name, value in values.items() if name not in ("station", "doctor", "id_number")}
        trial = Trial()
        said["station_id"] = trial(found, places, values["station"], "station", what=STATION)
        said["doctor_id"] = trial(found, staff, values["doctor"], "doctor", what=DOCTOR)
        number_says = trial(_of_number, values, entry)
        if number_says is not None:
            said |= number_says
            _check(said, entry, trial)
        trial.settle()
        who = (said["name"], said["birth_date"], said["sex"])
        number = said.get("id_number_hash")
        existing = by_number.get(number) if number else None
        existing = existing or _by_who(by_who.get(who, []), number)
        _settle_token(said, existing, tokens)
        if number:
            return Resolved(said, existing, (number, ("bare", *who)), marks=(who,))
        return Resolved(said, existing, (who,), marks=(("bare", *who),))

    return resolve


def _existing(
    connection: Connection[Any], key: bytes
) -> tuple[Mapping[bytes, Existing], Mapping[_Who, list[Existing]]]:
    by_number: dict[bytes, Existing] = {}
    by_who: dict[_Who, list[Existing]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_ALL.encode()):
            sealed, number = row.pop("name_sealed"), row["id_number_hash"]
            row["id_number_hash"] = number = bytes(number) if number else None
            row["name"] = unseal(bytes(sealed), key) if sealed else None
            existing = Existing(row["resident_id"], row)
            if number:
                by_number[number] = existing
            by_who.setdefault((row["name"], row["birth_date"], row["sex"]), []).append(existing)
    return by_number, by_who


def _of_number(values: Values, entry: Entry) -> Values:
    """The hashes of an ID number, and what it says where the row does not. Raises `Wrong` where they disagree."""
    number = values["id_number"]
    if number is None:
        for name in ("birth_date", "sex"):
            if values[name] is None:
                raise Wrong(Said("没有身份证号时必须填写", "needed where there is no ID number"), name)
        return {}
    in_number = id_number.read(number)
    for name, said in (("birth_date", in_number.birth_date), ("sex", in_number.sex)):
        if values[name] not in (None, said, "unknown"):
            raise Wrong(Said("与身份证号不一致，请核对", "differs from what the ID number says: compare them"), name)
    return {
        "birth_date": in_number.birth_date,
        "sex": in_number.sex,
        "id_number_hash": hash_id_number(number, entry.key),
        "token": pseudonym(number, entry.key),
    }


def _settle_token(said: Values, existing: Existing | None, tokens: Mapping[UUID, int]) -> None:
    """Leave the pseudonym of an ID number out where it is the resident's already. Raises `Wrong` if it is another's."""
    token: UUID | None = said.get("token")
    if token is None or token not in tokens:
        return
    if existing is None or tokens[token] != existing.id:
        raise Wrong(
            Said(
                "这个身份证号在自测小屋登记给了另一位居民，请先核对",
                "kiosks know another resident by this ID number: look which",
            ),
            "id_number",
        )
    del said["token"]


def _check(said: Values, entry: Entry, trial: Trial) -> None:
    today = entry.now.date()
    if not today.year - 130 <= said["birth_date"].year or said["birth_date"] > today:
        trial.refuse(Said("出生日期不可能", "an impossible birthday"), "birth_date")
    if (said["left_on"] is None) != (said["left_why"] is None):
        trial.refuse(Said("离开日期和原因要一起填写", "the day of leaving and its reason go together"), "left_on")
    for name in ("record_opened_on", "resident_since", "left_on"):
        if said[name] is not None and said[name] < said["birth_date"]:
            trial.refuse(Said("早于出生日期", "before the birthday"), name)


def _by_who(candidates: list[Existing], number: bytes | None) -> Existing | None:
    """The one person of this name, birthday and sex. With a number, only somebody whose number is not known yet."""
    possible = [one for one in candidates if number is None or one.values["id_number_hash"] is None]
    if len(possible) > 1:
        raise Wrong(
            Said(
                "有几位姓名、出生日期和性别相同的居民，请填写身份证号",
                "several residents share name, birthday and sex: add the ID number",
            ),
            "name",
        )
    return possible[0] if possible else None


def _save(connection: Connection[Any], changes: Sequence[Change], entry: Entry) -> None:
    new_residents.save(connection, [change for change in changes if change.existing is None], entry)
    for change in changes:
        if change.existing is not None:
            _update(connection, change, change.existing.id, entry)


def _update(connection: Connection[Any], change: Change, resident_id: int, entry: Entry) -> None:
    values = dict(change.values)
    name, number, token = values.pop("name", None), values.pop("id_number_hash", None), values.pop("token", None)
    _identify(connection, resident_id, seal(name, entry.key) if name else None, number)
    if values:
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(n), sql.Placeholder(n)) for n in values
        )
        query = sql.SQL("update care.resident set {} where resident_id = %(resident_id)s").format(assignments)
        connection.execute(query, {**values, "resident_id": resident_id})
    if token:
        registry.add_token(connection, token=token, resident_id=resident_id, kind="id_number")
    connection.execute(
        "insert into care.audit (at, staff_id, resident_id, action, detail) values (%s, %s, %s, 'import.resident', %s)",
        (entry.now, entry.staff_id, resident_id, Jsonb(new_residents.audited(change.values, change.action.value))),
    )


def _identify(connection: Connection[Any], resident_id: int, sealed: bytes | None, number: bytes | None) -> None:
    """Note a name or a number of somebody registered; whoever had no entry gets one, with the name of this row."""
    said = {"id": resident_id, "sealed": sealed, "number": number}
    known = connection.execute(
        "update identity.person set name_sealed = coalesce(%(sealed)s, name_sealed),"
        " id_number_hash = coalesce(%(number)s, id_number_hash) where resident_id = %(id)s",
        said,
    ).rowcount
    if not known and sealed:
        connection.execute(
            "insert into identity.person (resident_id, name_sealed, id_number_hash)"
            " values (%(id)s, %(sealed)s, %(number)s)",
            said,
        )


_WHY = choice({"死亡": "died", "迁出": "moved", "died": "died", "moved": "moved"})

KIND = Kind(
    name="residents",
    label=Said("居民", "Residents"),
    fields=(
        Field(name="name", headers=("姓名", "name", "居民姓名"), read=text, required=True),
        Field(
            name="id_number",
            headers=("身份证号", "id number", "身份证号码", "证件号码", "公民身份号码", "id_number"),
            read=identity,
        ),
        Field(name="sex", headers=("性别", "sex", "gender"), read=SEX),
        Field(name="birth_date", headers=("出生日期", "birth date", "birth_date", "出生年月日"), read=day),
        Field(
            name="station", headers=("机构", "station", "机构名称", "管理机构", "所属机构"), read=text, required=True
        ),
        Field(name="doctor", headers=("签约医生", "doctor", "家庭医生", "责任医生"), read=text),
        Field(name="lives_alone", headers=("独居", "lives alone", "lives_alone", "独居老人"), read=YES_NO),
        Field(name="record_opened_on", headers=("建档日期", "record opened", "record_opened_on"), read=day),
        Field(
            name="resident_since", headers=("居住起始", "resident since", "居住起始日期", "resident_since"), read=day
        ),
        Field(name="left_on", headers=("离开日期", "left on", "迁出日期", "left_on"), read=day),
        Field(name="left_why", headers=("离开原因", "left why", "left_why"), read=_WHY),
    ),
    known=_known,
    save=_save,
)
