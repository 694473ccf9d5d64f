"""The drivers that are installed: every entry point of the group `maixun.drivers`, ours and other people's alike."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from bleak.exc import BleakError

from devices.catalogue import Model
from gateway.disk import OutboxDamaged, OutboxFull
from gateway.drivers import MODEL, NO_MATCH, PROFILE, Advert, Driver
from gateway.link import Interrupted
from maixun.configuration import ConfigurationError

_log = logging.getLogger(__name__)

GROUP = "maixun.drivers"
# What a driver may raise: a visit that ends, or our own disk.
_AGREED = (Interrupted, BleakError, TimeoutError, EOFError, OutboxFull, OutboxDamaged)


class DriverFailed(Exception):
    """A driver did what no driver may: tell whoever wrote it. The meter keeps what was not confirmed."""


class Choice(NamedTuple):
    """A driver and the name of its entry point."""

    name: str
    driver: Driver


@contextmanager
def answerable(name: str) -> Iterator[None]:
    """What a driver raises against the agreement becomes `DriverFailed`, which names it."""
    try:
        yield
    except _AGREED:
        raise
    except Exception as error:
        raise DriverFailed(f"driver {name!r} failed: {error!r}") from error


class Drivers:
    """Drivers by name. One that fails while it is loaded or asked is named in the log and left out."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        """Use `installed` for those of the entry points."""
        self._drivers = {choice.name: choice.driver for choice in choices}

    def best(self, advert: Advert, model: Model) -> Choice | None:
        """The driver that fits best, the first by name among equals; None when none fits."""
        return next(iter(self.all_fitting(advert, model)), None)

    def all_fitting(self, advert: Advert, model: Model) -> list[Choice]:
        """Whom to let run, one after the other: the best, and where that only knows a profile, those of the others.

        Those that ask go first: they know when they have everything, the rest wait until the meter hangs up.
        """
        scores = {name: self._score(name, advert, model) for name in sorted(self._drivers)}
        names = sorted((name for name in scores if scores[name] > NO_MATCH), key=lambda name: (-scores[name], name))
        if names and PROFILE <= scores[names[0]] < MODEL:
            names = [name for name in names if scores[name] >= PROFILE]
        else:
            names = names[:1]
        return [Choice(name, self._drivers[name]) for name in names]

    def _score(self, name: str, advert: Advert, model: Model) -> int:
        try:
            with answerable(name):
                return self._drivers[name].match(advert, model)
        except DriverFailed as failure:
            _log.error("%s; it is left out from now on", failure)
            del self._drivers[name]
            return NO_MATCH


def installed(found: Iterable[EntryPoint] | None = None) -> Drivers:
    """Loads every driver; `found` stands for the entry points of this installation. Raises `ConfigurationError`."""
    choices = []
    for entry in entry_points(group=GROUP) if found is None else found:
        try:
            with answerable(entry.name):
                choices.append(Choice(entry.name, entry.load()))
        except DriverFailed as failure:
            _log.error("%s (%s); it is skipped", failure, entry.value)
    if not choices:
        raise ConfigurationError("no drivers for meters are installed: install maixun with pip")
    return Drivers(choices)
