"""A vendor's push: is it genuine, and what does it say; by a field map in `config/kiosk/vendors/*.yaml`. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from devices.metrics import Catalogue
from devices.reading import Meal
from gateway.kiosk import numerals
from gateway.kiosk.heard import METRICS, Channel, Heard
from gateway.kiosk.names import Measurement

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]", re.ASCII)
Path = Annotated[str, Field(pattern=r"^\$(\.\w+|\[\d+\])+$")]
MISSING = object()
_LONGEST_RECORD = 200  # characters of a record's name that count


class Forged(Exception):
    """The push is not from who it says, or it is old; nothing of it is read."""


class Incomprehensible(Exception):
    """The push is genuine and does not fit the field map; the message says where."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Signature(_Strict):
    """Headers of the signature and of the time that it signs."""

    header: str
    timestamp_header: str


class Time(_Strict):
    """Where the record's time is and how it is written (`strptime`)."""

    path: Path
    form: str


class Value(_Strict):
    """Where a value is, and its unit."""

    path: Path
    unit: str


class Period(_Strict):
    """Where the meal context of a glucose is, and what the vendor's codes mean."""

    path: Path
    codes: dict[str, Meal]


class Fields(_Strict):
    """One measurement's part of the push."""

    values: dict[str, Value] = Field(min_length=1)
    meal: Period | None = None


class Vendor(_Strict):
    """One vendor's file."""

    signature: Signature
    record: Path
    time: Time | None = None
    measurements: dict[Measurement, Fields] = Field(min_length=1)


def parse(document: Mapping[str, Any]) -> Vendor:
    """A vendor from the parsed file. Raises ValueError that names the wrong key."""
    vendor = Vendor.model_validate(document)
    for measurement, fields in vendor.measurements.items():
        unknown = fields.values.keys() - set(METRICS[measurement])
        if unknown:
            raise ValueError(f"measurements.{measurement}: {', '.join(sorted(unknown))} does not belong to it")
    return vendor


def verify(
    vendor: Vendor, key: bytes, headers: Mapping[str, str], body: bytes, *, now: datetime, window: timedelta
) -> None:
    """Raises `Forged` unless body and timestamp are signed with the key and the timestamp lies within the window.

    `headers`: names in lower case. A push that is sent again within the window is caught by its record's id.
    """
    timestamp = headers.get(vendor.signature.timestamp_header.lower(), "")
    given = headers.get(vendor.signature.header.lower(), "")
    wanted = hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.strip().lower().encode()):
        raise Forged("the signature is not right: look at the key on both sides, and at what is signed")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 11:
        raise Forged("the timestamp is not in seconds since 1970")
    if abs(now.timestamp() - int(timestamp)) > window.total_seconds():
        raise Forged(f"the timestamp is more than {window.total_seconds():.0f} s off: set the machine's clock")


def heard(
    vendor: Vendor, devices: Mapping[Measurement, str], body: bytes, *, at: datetime, catalogue: Catalogue
) -> list[Heard]:
    """What a genuine push says. `devices`: the registered name of the instrument of each measurement.

    Nothing but the mapped values is taken over: a push may hold a name. Raises `Incomprehensible`.
    """
    try:
        document = json.loads(body)
        record = str(_required(document, vendor.record))[:_LONGEST_RECORD]
        stamp = None if vendor.time is None else _stamp(_required(document, vendor.time.path), vendor.time.form)
        found = [
            Heard(
                channel=Channel.VENDOR,
                device=_device(devices, measurement),
                measurement=measurement,
                take=numerals.take({metric: numerals.parse(text) for metric, text in written.items()}, catalogue),
                received_at=at,
                identifying=f"{record};{measurement}".encode(),
                told=";".join([record, measurement, *(f"{name}={text}" for name, text in written.items())]).encode(),
                stamp=stamp,
                meal=_meal(document, fields.meal),
            )
            for measurement, fields in vendor.measurements.items()
            if (written := _written(document, fields))
        ]
    except (ValueError, KeyError, RecursionError) as error:  # among them NotAValue and UnknownUnit
        raise Incomprehensible(str(error)) from None
    if not found:
        raise Incomprehensible("none of the mapped values is there")
    return found


def _device(devices: Mapping[Measurement, str], measurement: Measurement) -> str:
    if measurement not in devices:
        raise KeyError(f"no instrument for {measurement} is entered for this vendor in kiosk.yaml")
    return devices[measurement]


def _written(document: object, fields: Fields) -> dict[str, str]:
    """Each mapped value that is there, as text with its unit."""
    texts = {metric: (look_up(document, value.path), value.unit) for metric, value in fields.values.items()}
    return {
        metric: f"{text}{'' if _is_word(text) else unit}"
        for metric, (text, unit) in texts.items()
        if text is not MISSING and text is not None and text != ""
    }


def _is_word(text: object) -> bool:
    return isinstance(text, str) and text.strip().upper() in ("HI", "LO")


def _meal(document: object, period: Period | None) -> Meal | None:
    if period is None:
        return None
    code = look_up(document, period.path)
    return None if code is MISSING or code is None else period.codes[str(code)]


def _stamp(text: object, form: str) -> datetime:
    return datetime.strptime(str(text), form).replace(tzinfo=None)


def _required(document: object, path: str) -> object:
    value = look_up(document, path)
    if value is MISSING or value is None or value == "":
        raise KeyError(f"{path} is missing")
    return value


def look_up(document: object, path: str) -> object:
    """What a path such as `$.data.items[0].value` leads to, or `MISSING`."""
    here = document
    for key, index in _STEP.findall(path):
        if key and isinstance(here, dict) and key in here:
            here = here[key]
        elif index and isinstance(here, list) and int(index) < len(here):
            here = here[int(index)]
        else:
            return MISSING
    return here
