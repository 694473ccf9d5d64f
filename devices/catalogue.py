"""The models of meters from `config/devices/*.yaml`: how each is recognised and what a gateway must do differently."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.gatt import short_name
from devices.gatt.quirks import KNOWN

_CLOCK_DOCUMENT = {"clock"}


class TimePolicy(StrEnum):
    """When a gateway may write the time into the meter."""

    NEVER = "never"
    BEFORE = "before"  # before subscribing
    AFTER_NOTIFY = "after-notify"  # only after the meter has told its own time


class Pairing(StrEnum):
    """What it takes to bond."""

    NONE = "none"
    JUST_WORKS = "just-works"
    PASSKEY = "passkey"  # a person must type a code that the meter shows


class OwnClock(StrEnum):
    """How the time is set where the profiles' characteristics are not used for it (`gateway.drivers.own_clock`)."""

    CONTOUR = "contour"
    CARESENS = "caresens"


class Verified(StrEnum):
    """How we know that a model works; none of them: only from what others wrote."""

    CAPTURED = "captured packets"  # real bytes of it are among the decoders' test vectors
    EMULATED = "emulated meter"  # an emulated meter that behaves like it is visited in tests/gateway/ble


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(_Strict):
    """Beginnings of the advertised name, and of what the Device Information Service says; any of them is enough."""

    names: tuple[str, ...] = ()
    manufacturers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def score(self, name: str | None, manufacturer: str | None, model: str | None) -> int:
        """How well it fits: the length of the longest beginning found, a model before a name before a maker."""
        told = ((model, self.models, 1_000_000), (name, self.names, 1_000), (manufacturer, self.manufacturers, 1))
        return sum(weight * _longest(text, beginnings) for text, beginnings, weight in told)


class Model(_Strict):
    """One model, or a family whose members behave alike. `services` are 16-bit numbers or full UUIDs."""

    name: str
    match: Match = Match()
    services: tuple[str, ...]
    adverts: Mapping[str, str] = {}  # service whose advertised data are the measurements: our name for those packets
    pairing: Pairing = Pairing.NONE
    bond_first: bool = False  # before anything else is asked of it
    time_policy: TimePolicy = TimePolicy.NEVER
    own_clock: OwnClock | None = None
    settle_ms: int = Field(default=0, ge=0, le=5000)  # to wait between discovery, or setting the time, and subscribing
    quirks: frozenset[str] = frozenset()
    verified: frozenset[Verified]
    source: str

    @property
    def sets_clock(self) -> bool:
        """Whether the gateway may set this meter's clock at all."""
        return self.time_policy is not TimePolicy.NEVER

    @field_validator("services")
    @classmethod
    def _short(cls, services: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(short_name, services))

    @field_validator("quirks")
    @classmethod
    def _known(cls, quirks: frozenset[str]) -> frozenset[str]:
        if unknown := quirks - KNOWN:
            raise ValueError(f"unknown quirks {sorted(unknown)}; known are {sorted(KNOWN)}")
        return quirks


class _Document(_Strict):
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every known model, and `standard` for a meter that is none of them and keeps to the profiles."""

    models: tuple[Model, ...]
    standard: Model

    def find(
        self,
        *,
        name: str | None = None,
        manufacturer: str | None = None,
        model: str | None = None,
        data: Collection[str] = (),
    ) -> Model:
        """The model that fits best what a meter advertises (`name`, services with `data`) and says of itself.

        `standard` when none does.
        """
        best, score = self.standard, 0
        for candidate in self.models:
            fit = candidate.match.score(name, manufacturer, model) + (not candidate.adverts.keys().isdisjoint(data))
            if fit > score:
                best, score = candidate, fit
        return best

    def services(self) -> frozenset[str]:
        """Every service that some model has, by short name."""
        return frozenset(service for model in (*self.models, self.standard) for service in model.services)


def parse(documents: Mapping[str, Any]) -> Catalogue:
    """The catalogue from the parsed files, by their names; the clock's own file is passed over.

    Raises ValueError that names the file and the key, also when no model or more than one is called "standard".
    """
    models: list[Model] = []
    for name, document in documents.items():
        if set(document or {}) == _CLOCK_DOCUMENT:
            continue
        try:
            models += _Document.model_validate(document).models
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    standard = [model for model in models if model.name == "standard"]
    if len(standard) != 1:
        raise ValueError(f'the device files must name exactly one model "standard", not {len(standard)}')
    return Catalogue(tuple(model for model in models if model is not standard[0]), standard[0])


def _longest(text: str | None, beginnings: tuple[str, ...]) -> int:
    folded = (text or "").casefold()
    return max((len(each) for each in beginnings if folded.startswith(each.casefold())), default=0)
