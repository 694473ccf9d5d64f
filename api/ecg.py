"""ECGs of a resident: the list on the resident's page, each on ECG paper, and both as JSON."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api import audit, people
from api.access import Clinician, Viewer
from api.audit import Action
from api.ecg_paper import sheet
from api.errors import Problem, not_found
from api.people import Resident
from api.services import Database, Given, Services
from devices.ecg.criteria import Irregular, parse
from devices.ecg.filtering import DISPLAY, Signal, band
from devices.ecg.r_peaks import Positions, r_peaks
from devices.ecg.rhythm import Rhythm, rhythm
from devices.waveform import Waveform, unpack
from maixun.configuration import load

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["residents"])


class Filter(StrEnum):
    """Whether the curve is drawn filtered."""

    ON = "on"
    OFF = "off"


class EcgRow(BaseModel):
    """One ECG, without its curve."""

    model_config = ConfigDict(frozen=True)

    reading_id: UUID
    measured_at: datetime
    setting: str = Field(description="home, kiosk, station, school or enterprise")
    clock: str = Field(description="how far the time can be trusted: exact, corrected or assumed")
    flags: int = Field(description="bits of devices.reading.Flag; possible_af asks for a doctor's reading, no more")
    device: str | None
    heart_rate: float | None = Field(description="beats a minute over the whole recording")
    seconds: float | None = Field(description="how long it lasts; null: the device sent no curve")


class Ecg(EcgRow):
    """One ECG with its curve as recorded, unfiltered."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "reading_id": "019a9d2c-1f40-8a11-9c53-0d9a6f2b7e10",
                    "measured_at": "2026-11-21T08:02:00Z",
                    "setting": "home",
                    "clock": "assumed",
                    "flags": 4194304,
                    "device": "ECG-0001",
                    "heart_rate": 96.4,
                    "seconds": 30.0,
                    "sampling_rate": 250.0,
                    "microvolts": [12, 15, 21],
                }
            ]
        },
    )

    sampling_rate: float = Field(description="samples a second")
    microvolts: list[int]


_COLUMNS = (
    "select m.reading_id, m.measured_at, m.setting, m.clock, m.flags, d.address as device, m.pulse as heart_rate,"
    " w.samples / w.sampling_rate as seconds"
)
_FROM = (
    " from telemetry.reading m left join telemetry.waveform w using (resident_id, reading_id)"
    " left join care.device d using (device_id) where m.resident_id = %(resident_id)s and m.kind = 'ecg'"
)
_LISTING = (
    f"{_COLUMNS}{_FROM} and m.measured_at >= %(since)s and m.measured_at < %(before)s order by 2 desc limit %(limit)s"
)
_ONE = f"{_COLUMNS}, w.sampling_rate, w.microvolts{_FROM} and m.reading_id = %(reading_id)s and w.samples is not null"


def listing(
    connection: Connection[DictRow], resident_id: int, *, since: datetime, before: datetime, limit: int
) -> list[EcgRow]:
    """The ECGs of a time, latest first. The caller has checked that the resident is the viewer's."""
    given = {"resident_id": resident_id, "since": since, "before": before, "limit": limit}
    return [EcgRow(**row) for row in connection.execute(_LISTING.encode(), given).fetchall()]


@pages.get("/residents/{resident_id}/ecg/{reading_id}")
def show(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    reading_id: UUID,
    filter: Filter = Filter.ON,
) -> Response:
    """One ECG on its paper, ready to print. The look is recorded."""
    resident, found = _viewed(given, connection, viewer, resident_id, reading_id)
    irregular = parse(load("ecg.yaml")).rhythm.irregular
    waveform = Waveform(sampling_rate=found.sampling_rate, microvolts=tuple(found.microvolts))
    beats = r_peaks(waveform.microvolts, waveform.sampling_rate)
    curve = _shown(waveform, filter)
    return given.pages.show(
        request,
        "ecg.html",
        viewer=viewer,
        resident=resident,
        ecg=found,
        filter=filter.value,
        band=DISPLAY,
        sheet=sheet(curve.tolist(), waveform.sampling_rate, beats.tolist()),
        rhythm=_rhythm(beats, waveform.sampling_rate, irregular),
        irregular=irregular,
    )


@json.get("/residents/{resident_id}/ecg/{reading_id}", summary="Read one ECG", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: Clinician, resident_id: int, reading_id: UUID) -> Ecg:
    """The curve of an ECG, as recorded; find its id among the readings of kind `ecg`. The look is recorded."""
    return _viewed(given, connection, viewer, resident_id, reading_id)[1]


def _viewed(
    given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int, reading_id: UUID
) -> tuple[Resident, Ecg]:
    resident = people.one(connection, viewer, resident_id, given.key)
    values = {"resident_id": resident_id, "reading_id": reading_id}
    row = connection.execute(_ONE.encode(), values).fetchone() if resident else None
    if resident is None or row is None:
        raise not_found()
    audit.write(connection, given.now(), viewer.staff_id, Action.ECG_VIEW, resident_id, reading_id=str(reading_id))
    return resident, _ecg(row)


def _ecg(row: dict[str, Any]) -> Ecg:
    curve = unpack(row["sampling_rate"], bytes(row["microvolts"]))
    return Ecg(**{**row, "microvolts": list(curve.microvolts)})


def _shown(waveform: Waveform, chosen: Filter) -> Signal:
    """Millivolts as drawn: filtered, or as recorded with the middle on the line."""
    millivolts = np.asarray(waveform.microvolts, dtype=np.float64) / 1000
    if chosen is Filter.ON:
        return band(millivolts, waveform.sampling_rate, DISPLAY)
    return millivolts - float(np.median(millivolts))


def _rhythm(beats: Positions, rate: float, irregular: Irregular) -> Rhythm | None:
    return rhythm(beats, rate, irregular) if len(beats) > 2 else None
