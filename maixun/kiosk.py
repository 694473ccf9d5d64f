"""A kiosk beside a gateway: with the instruments of config/kiosk.yaml, or with simulated ones for a demonstration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from devices.clock import ClockPolicy
from devices.metrics import parse
from devices.simulator.fleet import Instrument, Setting
from devices.simulator.simulation import Simulation
from gateway.kiosk.assembly import listen
from gateway.kiosk.names import Measurement
from gateway.kiosk.part import KioskPart
from gateway.kiosk.settings import FilePrinter, KioskSettings, RadioInstrument
from gateway.kiosk.simulated import SimulatedInstruments
from gateway.passkey_desk import PasskeyDesk
from maixun import configuration, endpoints

_MEASURES = {
    Instrument.CUFF: Measurement.BLOOD_PRESSURE,
    Instrument.OXIMETER: Measurement.OXIMETRY,
    Instrument.THERMOMETER: Measurement.TEMPERATURE,
    Instrument.GLUCOSE_METER: Measurement.GLUCOSE,
    Instrument.SCALE: Measurement.BODY,
}


def real(
    gateway: str, *, zone: tzinfo, policy: ClockPolicy, port: int | None, passkeys: PasskeyDesk | None
) -> KioskPart:
    """The kiosk as configured, on `port` or the configured one. Raises `ConfigurationError`."""
    settings = configuration.settings(KioskSettings, "kiosk")
    listener = listen(settings.host, settings.port if port is None else port)
    return KioskPart(
        gateway, settings, listener, folder=endpoints.runtime_folder(), zone=zone, policy=policy, passkeys=passkeys
    )


def simulated(
    gateway: str, devices: Mapping[Measurement, str], *, zone: tzinfo, policy: ClockPolicy, port: int | None
) -> KioskPart:
    """A kiosk to walk through in a browser: rests are short, `devices` measure by themselves, slips go into a file.

    Raises `ConfigurationError`.
    """
    configured = configuration.settings(KioskSettings, "kiosk")
    listener = listen(configured.host, configured.port if port is None else port)
    pretended = {
        "instruments": tuple(RadioInstrument(measures=each, by="radio", device=name) for each, name in devices.items()),
        "id_card": None,
        "printer": FilePrinter(kind="file", path=endpoints.runtime_folder() / "slip.escpos"),
        "phones_url": f"http://127.0.0.1:{listener.getsockname()[1]}",
    }
    played = SimulatedInstruments(devices, parse(configuration.load("metrics.yaml")), zone=zone)
    return KioskPart(
        gateway,
        configured.model_copy(update=pretended),
        listener,
        folder=endpoints.runtime_folder(),
        zone=zone,
        policy=policy,
        hurry=configured.simulated_hurry,
        companions=[played.run],
    )


def instruments(simulation: Simulation, station: int) -> dict[Measurement, str]:
    """The registered name of each instrument in that station's kiosk."""
    meters = [meter for meter in simulation.meters if meter.setting is Setting.KIOSK and meter.station == station]
    devices = {_MEASURES[meter.instrument]: meter.address for meter in meters}
    return devices | {Measurement.LIPIDS: f"lipids:{simulation.county.stations[station].gateway}"}
