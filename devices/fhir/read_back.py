"""Our own Observations back into readings: what left can be read again, to the last flag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from devices.fhir.codes import Codes, Json
from devices.fhir.home_average import Name
from devices.fhir.recorded import Recorded
from devices.reading import ClockQuality, Flag, Kind, Meal
from devices.waveform import Waveform


class NotOurs(ValueError):
    """An Observation that no reading of ours became."""


def readings(observations: Iterable[Json], codes: Codes) -> list[Recorded]:
    """The readings behind Observations, in the order of their first one. A home average is none. Raises `NotOurs`."""
    parts: defaultdict[str, list[Json]] = defaultdict(list)
    for observation in observations:
        if Name.parse(str(observation.get("id"))) is not None:
            continue
        parts[_identifier(observation, codes.told.systems.reading)].append(observation)
    return [_reading(UUID(identifier), some, codes) for identifier, some in parts.items()]


def _reading(reading_id: UUID, parts: Sequence[Json], codes: Codes) -> Recorded:
    first = parts[0]
    try:
        said = {e["url"]: e["valueCode"] for e in first["extension"] if "valueCode" in e}
        meal = said.get(codes.extension("meal"))
        return Recorded(
            reading_id=reading_id,
            token=UUID(_last(first["subject"])),
            device_id=int(_last(first["device"])),
            measured_at=datetime.fromisoformat(first["effectiveDateTime"]),
            received_at=datetime.fromisoformat(first["issued"]),
            kind=Kind(said[codes.extension("kind")]),
            setting=said[codes.extension("setting")],
            clock=ClockQuality(said[codes.extension("clock")]),
            meal=Meal(meal) if meal else None,
            flags=_flags(first["extension"], codes),
            values={
                m: v for part in parts for one in (part, *part.get("component", ())) for m, v in _value(one, codes)
            },
            waveform=next((_waveform(part["valueSampledData"]) for part in parts if "valueSampledData" in part), None),
        )
    except (KeyError, ValueError) as error:
        raise NotOurs(f"reading {reading_id}: {error}") from None


def _value(said: Json, codes: Codes) -> list[tuple[str, float]]:
    if "valueQuantity" not in said:
        return []
    system = codes.told.systems.metric
    names = [coding["code"] for coding in said["code"]["coding"] if coding["system"] == system]
    return [(name, float(said["valueQuantity"]["value"])) for name in names]


def _flags(extensions: Iterable[Json], codes: Codes) -> Flag:
    found = Flag(0)
    for extension in extensions:
        if extension["url"] == codes.extension("flag"):
            found |= Flag[extension["valueCodeableConcept"]["coding"][0]["code"].upper()]
    return found


def _waveform(sampled: Json) -> Waveform:
    return Waveform(sampling_rate=1000 / sampled["period"], microvolts=tuple(map(int, sampled["data"].split())))


def _identifier(observation: Json, system: str) -> str:
    found: list[Any] = [i["value"] for i in observation.get("identifier", ()) if i.get("system") == system]
    if len(found) != 1:
        raise NotOurs(f"Observation {observation.get('id')} does not name the reading it is of")
    return str(found[0])


def _last(reference: Json) -> str:
    return str(reference["reference"]).rpartition("/")[2]
