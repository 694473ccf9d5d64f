"""Settings of the kiosk: `config/kiosk.yaml`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.kiosk.names import Measurement, Step
from gateway.kiosk.visit import Course
from maixun.configuration import Settings

Name = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
SHORTEST_LIMIT = 90  # seconds; what an old person needs must not be configured away
_LIMITED = frozenset({Step.IDENTIFY, Step.CHOOSE, Step.ASK, Step.MEASURE, Step.RESULT, Step.SLIP})
_ASKED = frozenset({Measurement.WAIST, Measurement.SYMPTOMS})


class Figure(Settings):
    """A number with its source."""

    value: Annotated[float, Field(gt=0)]
    source: str
    verified: bool


class Protocol(Settings):
    """How blood pressure is taken."""

    rest_seconds: Figure
    between_seconds: Figure
    differ_mmhg: Figure


class Port(Settings):
    """A serial port."""

    port: str
    baud: Annotated[int, Field(gt=0)]


class _Instrument(Settings):
    measures: Measurement
    device: Name

    @model_validator(mode="after")
    def _measurable(self) -> Self:
        if self.measures in _ASKED:
            raise ValueError(f"{self.measures} is asked or typed: it has no instrument")
        return self


class RadioInstrument(_Instrument):
    """A meter that the gateway's radio hears; `device` is its address."""

    by: Literal["radio"]


class SerialInstrument(_Instrument):
    """An instrument on a serial port."""

    by: Literal["serial"]
    port: str
    baud: Annotated[int, Field(gt=0)] = 9600
    driver: Literal["line"] = "line"


class VendorInstrument(_Instrument):
    """An instrument whose own software pushes to us."""

    by: Literal["vendor"]
    vendor: Name


Instrument = Annotated[RadioInstrument | SerialInstrument | VendorInstrument, Field(discriminator="by")]


class NetworkPrinter(Settings):
    """A printer that listens on the network."""

    kind: Literal["network"]
    address: str
    port: int = 9100


class SerialPrinter(Settings):
    """A printer on a serial port."""

    kind: Literal["serial"]
    port: str
    baud: int = 19200


class FilePrinter(Settings):
    """A printer that is a device file, e.g. /dev/usb/lp0."""

    kind: Literal["file"]
    path: Path


Printer = Annotated[NetworkPrinter | SerialPrinter | FilePrinter, Field(discriminator="kind")]


class KioskSettings(Settings):
    """One field a key; what each means stands in the file."""

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    id_card: Port | None
    phone: bool
    guest: bool
    key_file: Path
    known_people_file: Path
    list_trusted_hours: Annotated[float, Field(gt=0)]
    wrong_pins: Annotated[int, Field(ge=1)]
    phone_closed_seconds: Annotated[float, Field(ge=0)]
    staff_code: Annotated[str, Field(pattern=r"^[0-9]{4,20}$")] | None
    course: Protocol
    asks_symptoms: bool
    failures: Annotated[int, Field(ge=1)]
    limit_seconds: dict[Step, Annotated[float, Field(ge=SHORTEST_LIMIT)]]
    warning_seconds: Annotated[float, Field(gt=0)]
    farewell_seconds: Annotated[float, Field(gt=0)]
    clock_slack_seconds: Annotated[float, Field(ge=0)]
    instruments: tuple[Instrument, ...]
    waist: bool
    typed_device: Name | None
    printer: Printer | None
    printer_encoding: Literal["gb18030", "gbk", "utf-8"]
    phones_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] | None
    page_minutes: Annotated[int, Field(ge=1, le=60)]
    push_window_seconds: Annotated[float, Field(gt=0)]
    simulated_hurry: Annotated[float, Field(ge=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.limit_seconds.keys() != _LIMITED:
            raise ValueError(f"limit_seconds needs exactly the steps {', '.join(sorted(_LIMITED))}")
        devices = [instrument.device.upper() for instrument in self.instruments]
        if len(set(devices)) < len(devices):
            raise ValueError("instruments: two have the same device")
        return self

    def course_of_visit(self, *, hurry: float = 1) -> Course:
        """The numbers of a visit; `hurry` shortens the rests, for demonstrations alone."""
        return Course(
            rest=timedelta(seconds=self.course.rest_seconds.value / hurry),
            between=timedelta(seconds=self.course.between_seconds.value / hurry),
            differ=self.course.differ_mmhg.value,
            failures=self.failures,
            limits={step: timedelta(seconds=seconds) for step, seconds in self.limit_seconds.items()},
            farewell=timedelta(seconds=self.farewell_seconds),
            asks_symptoms=self.asks_symptoms,
        )
