"""What the FHIR interface can do, as it says itself: only what is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from devices.fhir.codes import PROFILE, Codes, Json

# Search parameters of each resource and their types; `api.fhir_search` reads them, and a test holds them together.
SEARCHED: Mapping[str, Mapping[str, str]] = {
    "Patient": {"_id": "token", "identifier": "token"},
    "Observation": {"patient": "reference", "date": "date", "code": "token"},
    "Device": {},
}
_INTERACTIONS = {"Patient": ("read", "search-type"), "Observation": ("read", "search-type"), "Device": ("read",)}


def statement(codes: Codes, *, software_version: str, on: date, base: str) -> Json:
    """The CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": on.isoformat(),
        "kind": "instance",
        "software": {"name": "Maixun", "version": software_version},
        "implementation": {"description": "Maixun 脉讯", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "The session cookie of POST /api/v1/session; own residents only."},
                "resource": [_resource(name, codes) for name in SEARCHED],
            }
        ],
    }


def _resource(name: str, codes: Codes) -> Json:
    parameters = [{"name": parameter, "type": kind} for parameter, kind in SEARCHED[name].items()]
    said: Json = {"type": name, "interaction": [{"code": code} for code in _INTERACTIONS[name]]}
    if name == "Observation":
        said["supportedProfile"] = sorted(
            PROFILE + each for each in {"vitalsigns", "bp", *codes.told.profiles.values()}
        )
    if parameters:
        said["searchParam"] = parameters
    if name == "Patient":
        definition = "http://hl7.org/fhir/OperationDefinition/Patient-everything"
        said["operation"] = [{"name": "everything", "definition": definition}]
    return said
