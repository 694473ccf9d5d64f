"""A meter as a Device: its model by our own number. Its radio address stays here: over the air it points to a home."""

from __future__ import annotations

from dataclasses import dataclass

from devices.fhir.codes import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A registered meter."""

    device_id: int
    model: str


def device(meter: Meter) -> Json:
    """The Device."""
    return {
        "resourceType": "Device",
        "id": str(meter.device_id),
        "deviceName": [{"name": meter.model, "type": "model-name"}],
        "modelNumber": meter.model,
    }
