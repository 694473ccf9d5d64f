"""An emulated oximeter with a memory: its spot checks come when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.meter import Properties
from tests.harness.radio.record_keeper import RecordKeeper


@dataclass(kw_only=True)
class StoringOximeter(RecordKeeper):
    """Its records have no numbers to choose by."""

    service: int = 0x1822
    measurement: int = 0x2A5E
    indicates: bool = True

    def services(self) -> Sequence[Service]:
        """Pulse Oximeter."""
        measured = self.characteristic(0x2A5E, Properties.INDICATE)
        return [Service(UUID.from_16_bits(self.service), [measured, self.access_point()])]
