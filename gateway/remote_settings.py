"""Settings from afar: tried out first, kept once the server has heard of it, else taken back.

The server judges, not the gateway: a broker that takes the connection and leads nowhere must not be kept. Whatever ends
a trial early, a crash included, takes the settings back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.settings import GatewaySettings
from maixun import secret_file
from maixun.configuration import ConfigurationError
from maixun.pushed import PushedSettings

_log = logging.getLogger(__name__)
TRIAL_SECONDS = 60.0  # to connect anew and be heard: a connection takes ten seconds at worst, an answer under one


class Why(StrEnum):
    """Why settings were not kept."""

    INVALID = "invalid"  # unknown keys or impossible values
    NOT_HEARD = "not_heard"  # the server did not hear of the gateway in time
    RESTARTED = "restarted"  # the gateway's process ended during the trial


class Version(BaseModel):
    """Settings with their version; version 0 is the gateway's own file."""

    model_config = ConfigDict(frozen=True)
    version: int = Field(ge=0)
    settings: dict[str, Any] = {}


class Refused(BaseModel):
    """Settings that were not kept."""

    model_config = ConfigDict(frozen=True)
    version: int
    why: Why


class _Command(BaseModel):
    """A message on the topic of commands. Fields a later server adds are ignored."""

    model_config = ConfigDict(frozen=True)
    v: int = 1
    settings: Version | None = None
    keep: int | None = None


class _State(BaseModel):
    """What is on disk."""

    model_config = ConfigDict(frozen=True)
    kept: Version = Version(version=0)
    trial: Version | None = None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """What an uplink is to be made with; `broker` None: as installed."""

    settings: GatewaySettings
    broker: str | None


class RemoteSettings:
    """The settings of one gateway, its own file below and what the server wants above."""

    def __init__(self, path: Path, own: GatewaySettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`path` keeps what was pushed; settings on trial when the process ended are taken back."""
        self._path = path
        self._own = own
        self._monotonic = monotonic
        self._state = _read(path)
        self._deadline = 0.0
        self._changed = False
        if self._state.trial is not None:
            self.take_back(Why.RESTARTED)
        self._changed = False

    def in_force(self) -> InForce:
        """What to work with now. Raises `ConfigurationError`, for what an earlier version of the program had kept."""
        self._changed = False
        return _applied(self._own, (self._state.trial or self._state.kept).settings)

    @property
    def on_trial(self) -> bool:
        """Whether the settings in force are not kept yet."""
        return self._state.trial is not None

    def changed(self) -> bool:
        """Whether an uplink with other settings is due; looks at the time of a trial as well."""
        if self._state.trial is not None and self._monotonic() >= self._deadline:
            self.take_back(Why.NOT_HEARD)
        return self._changed

    def reconnect(self) -> None:
        """Have a new uplink made: something it is made of is another now."""
        self._changed = True

    def hear(self, payload: bytes) -> bool:
        """A command came; whether it changed anything."""
        try:
            command = _Command.model_validate_json(payload)
        except ValidationError as error:
            _log.warning("a command of %d bytes cannot be read: %d errors", len(payload), error.error_count())
            return False
        before = self._state
        if command.keep is not None and before.trial is not None and before.trial.version == command.keep:
            self._note(_State(kept=before.trial))
            _log.info("settings of version %d are kept", command.keep)
        elif command.settings is not None:
            self._try(command.settings)
        return self._state != before

    def take_back(self, why: Why) -> None:
        """Settings on trial are refused, those before them are in force again."""
        if self._state.trial is not None:
            _log.warning("settings of version %d are taken back: %s", self._state.trial.version, why)
            refused = Refused(version=self._state.trial.version, why=why)
            self._note(_State(kept=self._state.kept, refused=refused))
            self._changed = True

    def report(self) -> dict[str, object]:
        """What the heartbeat says of it."""
        now = self._state.trial or self._state.kept
        said: dict[str, object] = {"settings": now.version, "trial": self.on_trial}
        if self._state.refused is not None:
            said["refused_settings"] = {"version": self._state.refused.version, "why": str(self._state.refused.why)}
        return said

    def _try(self, wanted: Version) -> None:
        known = {self._state.kept.version, self._state.trial and self._state.trial.version}
        if wanted.version in known or (self._state.refused and self._state.refused.version == wanted.version):
            return
        try:
            _applied(self._own, wanted.settings)
        except ConfigurationError as error:
            _log.warning("settings of version %d are refused: %s", wanted.version, error)
            self._note(_State(kept=self._state.kept, refused=Refused(version=wanted.version, why=Why.INVALID)))
            return
        self._note(_State(kept=self._state.kept, trial=wanted))
        self._deadline = self._monotonic() + TRIAL_SECONDS
        self._changed = True
        _log.info("settings of version %d are tried for %.0f s", wanted.version, TRIAL_SECONDS)

    def _note(self, state: _State) -> None:
        """On disk first: after a crash one must know that something was on trial. On a full disk, in memory alone."""
        try:
            secret_file.replace(self._path, state.model_dump_json().encode())
        except OSError as error:
            _log.warning("%s cannot be written (%s): after a restart the server sends it again", self._path, error)
        self._state = state


def _applied(own: GatewaySettings, values: dict[str, Any]) -> InForce:
    try:
        pushed = PushedSettings.model_validate(values)
        changes = pushed.model_dump(exclude={"broker"}, exclude_none=True)
        settings = GatewaySettings.model_validate(own.model_dump() | changes)
    except ValidationError as error:
        raise ConfigurationError("; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())) from None
    return InForce(settings, pushed.broker)


def _read(path: Path) -> _State:
    try:
        return _State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return _State()
    except (OSError, ValidationError):
        _log.warning("%s cannot be read: the gateway's own settings are in force, the server sends the others", path)
        return _State()
