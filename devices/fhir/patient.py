"""A resident as a Patient: outwards a pseudonym with sex and as much of the birthday as the policy lets out, no name.

Inwards, for imports, a Patient of another system may name the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from devices.fhir.codes import Birth, Codes, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom the Observations are about. `sex`: FHIR administrative-gender."""

    token: UUID
    sex: str
    birth_date: date
    died: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A Patient of another system, as text and unchecked; None: not said."""

    name: str | None
    id_number: str | None
    sex: str | None
    birth_date: str | None
    station: str | None
    phone: str | None


def patient(subject: Subject, codes: Codes) -> Json:
    """The pseudonymous Patient."""
    token = str(subject.token)
    by_year = codes.told.birth_date is Birth.YEAR
    return {
        "resourceType": "Patient",
        "id": token,
        "identifier": [{"system": codes.told.systems.person, "value": token}],
        "active": subject.active,
        "gender": subject.sex,
        "birthDate": f"{subject.birth_date:%Y}" if by_year else subject.birth_date.isoformat(),
        **({"deceasedBoolean": True} if subject.died else {}),
    }


def incoming(resource: Json, id_number_systems: Sequence[str]) -> Incoming:
    """What a Patient of another system says, whatever it leaves out. Raises ValueError for what is no Patient."""
    if resource.get("resourceType") != "Patient":
        raise ValueError("not a Patient")
    numbers = [i.get("value") for i in _list(resource, "identifier") if i.get("system") in id_number_systems]
    phones = [t.get("value") for t in _list(resource, "telecom") if t.get("system") == "phone"]
    managing = resource.get("managingOrganization")
    return Incoming(
        name=_name(_list(resource, "name")),
        id_number=_text(numbers[0]) if numbers else None,
        sex=_text(resource.get("gender")),
        birth_date=_text(resource.get("birthDate")),
        station=_text(managing.get("display")) if isinstance(managing, dict) else None,
        phone=_text(phones[0]) if phones else None,
    )


def _name(names: Sequence[Json]) -> str | None:
    """The official name, else the first; a Chinese name is family and given name without a space."""
    chosen = next((name for name in names if name.get("use") == "official"), names[0] if names else None)
    if chosen is None:
        return None
    given = "".join(map(str, chosen.get("given") or ()))
    return _text(chosen.get("text")) or f"{chosen.get('family') or ''}{given}" or None


def _list(resource: Json, key: str) -> list[Json]:
    found = resource.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
