"""Several resources as one: a page of a search, with the way to the next one, and all of a resident in a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from devices.fhir.codes import Json
from devices.fhir.instant import instant


def page(matches: Iterable[Json], *, base: str, here: str, following: str | None, beside: Iterable[Json] = ()) -> Json:
    """A searchset. `base` is the address of the interface, `here` this page's; `beside` was not searched for."""
    links = [{"relation": "self", "url": here}]
    links += [{"relation": "next", "url": following}] if following else []
    entries = [_entry(one, base, "match") for one in matches] + [_entry(one, base, "include") for one in beside]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": links,
        **({"entry": entries} if entries else {}),  # FHIR knows no empty list
    }


def collection(resources: Iterable[Json], *, base: str, at: datetime) -> Json:
    """A set of resources as it stood at a moment; `base` is the address of the interface they can be read from."""
    entries = [_entry(one, base) for one in resources]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": instant(at),
        **({"entry": entries} if entries else {}),
    }


def resources(bundle: Json) -> list[Json]:
    """The resources of a Bundle. Raises ValueError when it is none."""
    entries = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
        raise ValueError("not a Bundle")
    found = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    return [one for one in found if isinstance(one, dict)]


def _entry(resource: Json, base: str, mode: str | None = None) -> Json:
    full = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": full, "resource": resource, **({"search": {"mode": mode}} if mode else {})}
