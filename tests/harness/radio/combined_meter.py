"""An emulated meter of two profiles in one case: blood pressure and glucose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.meter import Properties


@dataclass(kw_only=True)
class CombinedMeter(GlucoseMeter):
    """A glucose meter with a cuff, whose `pressures` are sent once they are subscribed; then it hangs up."""

    pressures: list[bytes] = field(default_factory=list)

    def services(self) -> Sequence[Service]:
        """Both."""
        cuff = self.characteristic(0x2A35, Properties.INDICATE, subscribed=lambda: self.in_background(self._flush()))
        return [Service(UUID.from_16_bits(0x1810), [cuff]), *super().services()]

    async def _flush(self) -> None:
        while self.pressures:
            await self.send(0x2A35, self.pressures[0], indicate=True)
            self.pressures.pop(0)
        await self.hang_up()
