"""What meters' clocks showed before we set them: a cuff that then lost the link still holds stamps of the old time."""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.clock import MeterClock

# A measurement takes a cuff 30 to 60 s, so what it holds within a minute of being set was measured before.
_VALID = timedelta(minutes=1)


class RecentClocks:
    """By the meter's address; kept in memory only, for a minute."""

    def __init__(self) -> None:
        self._before: dict[str, MeterClock] = {}

    def set(self, device: str, before: MeterClock) -> None:
        """The meter's clock is set now; `before` is what it showed a moment ago."""
        self._before[device] = before

    def before(self, device: str, now: datetime) -> MeterClock | None:
        """The clock that stamped what the meter holds, when that is not the one it has now."""
        clock = self._before.get(device)
        if clock is None or now - clock.read_at > _VALID:
            self._before.pop(device, None)
            return None
        return clock
