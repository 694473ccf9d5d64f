"""Puts a kiosk together from its settings and the files in the runtime folder."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from devices.metrics import Catalogue
from gateway.kiosk import judgement, pseudonym, vendor
from gateway.kiosk.app import Push
from gateway.kiosk.face import Face
from gateway.kiosk.identify import Identifier
from gateway.kiosk.kiosk import Equipment, Kiosk
from gateway.kiosk.known_people import KnownPeople
from gateway.kiosk.names import Measurement
from gateway.kiosk.pages import Pages
from gateway.kiosk.results import Teller
from gateway.kiosk.settings import KioskSettings, VendorInstrument
from maixun import configuration
from maixun.configuration import ConfigurationError

_log = logging.getLogger(__name__)
T = TypeVar("T")


def listen(host: str, port: int) -> socket.socket:
    """The socket of the page, opened once and kept while the gateway recovers. Raises `ConfigurationError`."""
    try:
        listener = socket.create_server((host, port), backlog=128)
    except OSError as error:
        raise ConfigurationError(
            f"the kiosk cannot listen on {host}:{port} ({error.strerror}): choose another with --kiosk-port"
        ) from None
    # Connections inherit it. asyncio does not see that a socket made here is TCP; without it the body of an answer
    # waits 40 ms for the browser to acknowledge the head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def kiosk(
    settings: KioskSettings,
    folder: Path,
    catalogue: Catalogue,
    known: KnownPeople,
    *,
    hurry: float,
    now: Callable[[], datetime],
) -> Kiosk:
    """The kiosk; `folder` is the runtime folder. Raises `ConfigurationError`."""
    course = settings.course_of_visit(hurry=hurry)
    teller = Teller(_parsed("kiosk/results.yaml", judgement.parse), catalogue)
    equipment = Equipment(
        offers=_offers(settings),
        prints=settings.printer is not None,
        phones_url=settings.phones_url,
        staff_may_type=settings.staff_code is not None,
    )
    return Kiosk(
        equipment,
        _identifier(settings, folder, known),
        teller,
        Face(teller, catalogue, course, timedelta(seconds=settings.warning_seconds)),
        Pages(timedelta(minutes=settings.page_minutes)),
        course,
        now=now,
    )


def _offers(settings: KioskSettings) -> tuple[Measurement, ...]:
    measured = {each.measures for each in settings.instruments}
    typed = {Measurement.WAIST} if settings.waist else set()
    return tuple(each for each in Measurement if each in measured | typed)


def _identifier(settings: KioskSettings, folder: Path, known: KnownPeople) -> Identifier:
    key = pseudonym.load_key(folder / settings.key_file)
    if key is None and (settings.id_card is not None or settings.phone):
        _log.warning("%s is missing: ID cards and phone numbers wait for enrolment", folder / settings.key_file)
    return Identifier(
        known=known,
        list_trusted=timedelta(hours=settings.list_trusted_hours),
        key=key,
        reads_id_cards=settings.id_card is not None,
        phone=settings.phone,
        guest=settings.guest,
        wrong_pins=settings.wrong_pins,
        phone_closed=timedelta(seconds=settings.phone_closed_seconds),
    )


def pushes(settings: KioskSettings, folder: Path) -> dict[str, Push]:
    """The vendors that are entered as instruments and have a key. Raises `ConfigurationError`."""
    devices: dict[str, dict[Measurement, str]] = {}
    for each in settings.instruments:
        if isinstance(each, VendorInstrument):
            devices.setdefault(each.vendor, {})[each.measures] = each.device
    return {name: push for name, of in devices.items() if (push := _push(name, of, folder)) is not None}


def _push(name: str, devices: dict[Measurement, str], folder: Path) -> Push | None:
    path = folder / "secrets" / "vendors" / f"{name}.key"
    try:
        key = path.read_bytes().strip()
    except FileNotFoundError:
        key = b""
    if not key:
        _log.warning("%s is missing or empty: pushes of %s are refused", path, name)
        return None
    return Push(_parsed(f"kiosk/vendors/{name}.yaml", vendor.parse), key, devices)


def _parsed(name: str, parse: Callable[[Any], T]) -> T:
    try:
        return parse(configuration.load(name))
    except ValueError as error:
        raise ConfigurationError(f"{configuration.folder() / name}: {error}") from None
