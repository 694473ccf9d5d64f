"""Which code says what: `config/fhir.yaml` beside the metrics' own codes from `config/metrics.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from devices.metrics import Catalogue, Label
from devices.reading import Kind

Json = dict[str, Any]

LOINC = "http://loinc.org"
MDC = "urn:iso:std:iso:11073:10101"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
PROFILE = "http://hl7.org/fhir/StructureDefinition/"

# What a reading of a kind is about. It has an Observation of this even where the meter gave no number.
MAIN: Mapping[Kind, str] = {
    Kind.GLUCOSE: "glucose",
    Kind.CONTINUOUS_GLUCOSE: "glucose",
    Kind.TEMPERATURE: "temperature",
    Kind.OXIMETRY: "spo2",
    Kind.HEART_RATE: "pulse",
}
PANEL = ("systolic", "diastolic")  # the components that the bp profile demands
IN_PANEL = (*PANEL, "mean_arterial")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Birth(StrEnum):
    """How much of a birthday is told."""

    YEAR = "year"
    DATE = "date"


class Systems(_Strict):
    """The names of our own sets of codes."""

    person: str
    reading: str
    metric: str
    meal: str
    flag: str
    extension: str


class Coded(_Strict):
    """A code outside the catalogue of metrics, with the document behind it."""

    loinc: str | None = None
    mdc: int | None = None
    source: str
    verified: bool


class Average(Coded):
    """The panel of a home average; its components by metric."""

    components: Mapping[str, str]


class Ecg(Coded):
    """An ECG; what is said when its rhythm asks for a doctor."""

    possible_af: Label


class _Document(_Strict):
    birth_date: Birth
    systems: Systems
    id_number_systems: Sequence[str]
    blood_pressure: Coded
    home_average: Average
    meal_context: Coded
    ecg: Ecg
    also: Mapping[str, Sequence[str]]
    mdc_of_kind: Mapping[str, Mapping[Kind, int | None]]
    profiles: Mapping[str, str]
    categories: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Codes:
    """Everything a resource needs to name what it holds."""

    told: _Document
    catalogue: Catalogue

    def of_metric(self, metric: str, kind: Kind) -> Json:
        """The CodeableConcept of a metric as a meter of this kind measures it."""
        entry = self.catalogue[metric]
        mdc = self.told.mdc_of_kind.get(metric, {}).get(kind, entry.mdc)
        coding = [loinc(code) for code in (entry.loinc, *self.told.also.get(metric, ())) if code]
        coding += [{"system": MDC, "code": str(mdc)}] if mdc else []
        coding += [{"system": self.told.systems.metric, "code": metric}]
        return {"coding": coding, "text": f"{entry.label.zh} / {entry.label.en}"}

    def category(self, metric: str) -> Json:
        """The category of an Observation of a metric."""
        if metric in self.told.profiles:
            return category("vital-signs")
        found = (name for name, metrics in self.told.categories.items() if metric in metrics)
        return category(next(found, "exam"))

    def quantity(self, metric: str, value: float, comparator: str | None = None) -> Json:
        """A value in the metric's canonical unit."""
        entry = self.catalogue[metric]
        said = {"value": value, "unit": entry.shown_unit or entry.unit, "system": UCUM, "code": entry.unit}
        return said | ({"comparator": comparator} if comparator else {})

    def extension(self, name: str) -> str:
        """The address of one of our extensions."""
        return f"{self.told.systems.extension}:{name}"


def parse(document: Mapping[str, Any], catalogue: Catalogue) -> Codes:
    """The codes from the parsed `config/fhir.yaml`. Raises ValueError that names the wrong key or metric."""
    told = _Document.model_validate(document)
    named = {*told.also, *told.mdc_of_kind, *told.profiles, *(m for some in told.categories.values() for m in some)}
    unknown = sorted(name for name in named if name not in catalogue)
    if unknown:
        raise ValueError(f"fhir.yaml names metrics that are not in metrics.yaml: {', '.join(unknown)}")
    return Codes(told, catalogue)


def loinc(code: str) -> Json:
    """A LOINC coding."""
    return {"system": LOINC, "code": code}


def category(code: str) -> Json:
    """A category of Observations."""
    return {"coding": [{"system": CATEGORY, "code": code}]}


def concept(coded: Coded, text: str) -> Json:
    """The CodeableConcept of a code outside the catalogue."""
    coding = [loinc(coded.loinc)] if coded.loinc else []
    coding += [{"system": MDC, "code": str(coded.mdc)}] if coded.mdc else []
    return {"coding": coding, "text": text}
