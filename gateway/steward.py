"""The gateway's dealings with its server besides readings: what the heartbeat says, and what commands change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway import wire
from gateway.meters import Meters, MeterState
from gateway.radio import Radio
from gateway.remote_settings import RemoteSettings

MOST_METERS = 200  # in a heartbeat, the latest visited: a station has some tens
LONGEST_WORDS = 300  # characters of a reason; the server takes no more


class Steering(Protocol):
    """What an uplink asks besides the outbox."""

    def report(self, *, whole: bool) -> Mapping[str, object]:
        """More for the heartbeat; `whole`: also what has not changed since the last one."""

    def has_news(self) -> bool:
        """Whether the server should hear now what the next heartbeat would say in half a minute."""

    def hear(self, payload: bytes) -> bool:
        """A command came; whether the server should hear of it at once."""

    def ending(self) -> bool:
        """Whether this uplink is to end, so that another is made."""


class AdapterLike(Protocol):
    """How a Bluetooth adapter is (`gateway.adapter.AdapterState`)."""

    @property
    def condition(self) -> str | None:
        """A word that the server knows: well, absent, off or silent; None before the first look at it."""

    @property
    def trouble(self) -> str | None:
        """What is wrong and what to do; None when it is well."""


class FailingLike(Protocol):
    """A meter that is heard and cannot be read (`gateway.turns.Failing`)."""

    @property
    def device(self) -> str:
        """Its address."""

    @property
    def failures(self) -> int:
        """Visits in a row that failed."""

    @property
    def reason(self) -> str:
        """What the last of them failed for."""


@runtime_checkable
class TellsCondition(Protocol):
    """A radio that knows how its adapter is and which meters fail."""

    @property
    def adapter(self) -> AdapterLike:
        """Its adapter."""

    @property
    def failing(self) -> Sequence[FailingLike]:
        """Meters it cannot read."""


class Correspondent(Protocol):
    """A further part of the gateway that the server answers."""

    def report(self) -> Mapping[str, object]:
        """What the heartbeat says of it."""

    def hear(self, payload: bytes) -> bool:
        """A command came, perhaps for others; whether it changed anything."""


class Unsteered:
    """For an uplink that carries readings alone."""

    def report(self, *, whole: bool) -> Mapping[str, object]:  # noqa: ARG002
        """Nothing."""
        return {}

    def has_news(self) -> bool:
        """Never."""
        return False

    def hear(self, payload: bytes) -> bool:  # noqa: ARG002
        """Commands are for others."""
        return False

    def ending(self) -> bool:
        """Never."""
        return False


@dataclass
class Steward:
    """Adapter, meters and settings of a gateway, and what `further` parts have to say."""

    radio: Radio
    meters: Meters
    remote: RemoteSettings
    further: Sequence[Correspondent] = ()
    _said: list[dict[str, object]] | None = None
    _condition_said: str | None = None

    def report(self, *, whole: bool) -> Mapping[str, object]:
        """Meters only when something is new about one: they would be most of the traffic of a quiet day."""
        said = self.remote.report()
        if isinstance(self.radio, TellsCondition):
            self._condition_said = self.radio.adapter.condition
            said |= _condition(self.radio)
        for each in self.further:
            said |= each.report()
        meters = [_meter(state) for state in _latest(self.meters.all())]
        if whole or meters != self._said:
            said["meters"] = self._said = meters
        return said

    def has_news(self) -> bool:
        """The adapter was lost or found."""
        return isinstance(self.radio, TellsCondition) and self.radio.adapter.condition != self._condition_said

    def hear(self, payload: bytes) -> bool:
        """Commands are about settings, or for one of the further parts."""
        return any([self.remote.hear(payload), *(each.hear(payload) for each in self.further)])

    def ending(self) -> bool:
        """With other settings comes another uplink."""
        return self.remote.changed()


def _condition(radio: TellsCondition) -> dict[str, object]:
    adapter = radio.adapter
    said: dict[str, object] = {}
    if adapter.condition is not None:
        said["adapter"] = adapter.condition
    if adapter.trouble is not None:
        said["adapter_says"] = _ascii(adapter.trouble)
    said["failing"] = [
        {"device": each.device, "failures": each.failures, "reason": _ascii(each.reason)}
        for each in radio.failing[:MOST_METERS]
    ]
    return said


def _ascii(words: str) -> str:
    """One short line: reasons come from libraries and systems, in whatever form."""
    line = " ".join(words.split()).encode("ascii", "replace").decode()
    return "".join(character for character in line if character.isprintable())[:LONGEST_WORDS]


def _latest(states: list[MeterState]) -> list[MeterState]:
    return sorted(states, key=lambda state: state.last_visit, reverse=True)[:MOST_METERS]


def _meter(state: MeterState) -> dict[str, object]:
    said: dict[str, object] = {
        "device": state.device,
        "model": state.model,
        "last_visit": wire.moment(state.last_visit),
    }
    optional = {
        "battery": state.battery,
        "clock_error": None if state.clock_error is None else state.clock_error.total_seconds(),
        "clock_left": None if state.clock_left is None else state.clock_left.total_seconds(),
    }
    return said | {key: value for key, value in optional.items() if value is not None}
