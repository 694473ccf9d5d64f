"""What every instrument beside the radio gives, and the interface of a driver for one on a serial port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from gateway.kiosk.heard import Heard
from gateway.kiosk.names import Measurement


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """The pressure in the cuff, mmHg: shown, never a result."""

    cuff: float


@dataclass(frozen=True, slots=True)
class CouldNot:
    """The instrument tried and failed; the person is asked to try again."""

    measurement: Measurement


Said: TypeAlias = Heard | OnItsWay | CouldNot


@dataclass(frozen=True, slots=True)
class Message:
    """One thing an instrument said, and what to answer it: when it is kept, and when it is not. None said: damaged."""

    said: Said | None
    if_kept: bytes = b""
    if_not: bytes = b""


class Driver(Protocol):
    """Speaks one instrument's protocol. Pure: bytes in, messages out; it may hold what is cut in the middle."""

    def feed(self, received: bytes, at: datetime) -> Iterator[Message]:
        """The messages that these bytes, received at `at` (aware), complete. Never raises, whatever the bytes are."""
