"""Drivers as plug-ins: ours come the same way as anybody's; a broken one is named and takes nothing else with it."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from devices.catalogue import Model
from devices.catalogue import parse as parse_models
from gateway.drivers import MODEL, NO_MATCH, Advert
from gateway.installed import GROUP, Choice, DriverFailed, Drivers, answerable, installed
from gateway.link import Interrupted
from gateway.session import Session
from maixun.configuration import ConfigurationError, load_all

MODELS = parse_models(load_all("devices/*.yaml"))


class Stub:
    """A driver for the service 1810, or one whose `match` fails."""

    def __init__(self, score: int = MODEL, error: Exception | None = None) -> None:
        self.score = score
        self.error = error

    def match(self, advert: Advert, model: Model) -> int:  # noqa: ARG002 -- a driver's signature
        if self.error is not None:
            raise self.error
        return self.score if "1810" in advert.services else NO_MATCH

    async def run(self, session: Session) -> None:
        raise AssertionError(f"never run here with {session}")


def advert(*services: str) -> Advert:
    return Advert(name=None, services=frozenset(services), data={})


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


@pytest.mark.parametrize(
    ("services", "name"),
    [
        ({"1810"}, "blood-pressure"),
        ({"1808"}, "glucose"),
        ({"181D", "181B", "181C"}, "scale"),
        ({"1809"}, "thermometer"),
        ({"1822", "180D"}, "oximeter"),
        ({"180D"}, "heart-rate"),
        ({"181F"}, "continuous-glucose"),
        ({"180F"}, None),
    ],
)
def test_ours_are_installed_and_know_their_profiles(services: set[str], name: str | None) -> None:
    choice = installed().best(advert(*services), MODELS.standard)
    assert (choice.name if choice else None) == name


def test_a_scale_that_advertises_is_never_connected_to() -> None:
    model = MODELS.find(name="MIBFS")
    choice = installed().best(advert("181B", "181D"), model)
    assert choice is not None
    assert choice.name == "xiaomi-scale"


def test_a_meter_with_two_profiles_is_read_by_both_drivers_the_one_that_asks_first() -> None:
    fitting = installed().all_fitting(advert("1810", "1808", "180D"), MODELS.standard)
    assert [choice.name for choice in fitting] == ["glucose", "blood-pressure"]


def test_a_driver_for_the_very_model_goes_before_the_profiles() -> None:
    ours = installed().best(advert("1810"), MODELS.standard)
    assert ours is not None
    somebodys = Choice("somebody's", Stub())
    assert Drivers([ours, somebodys]).best(advert("1810"), MODELS.standard) == somebodys


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("nowhere.to.be:found", "ModuleNotFoundError"),
        ("tests.gateway.test_installed:MISSING", "AttributeError"),
        ("written_wrong:DRIVER", "SyntaxError"),
    ],
)
def test_one_that_does_not_load_is_named_and_skipped(
    value: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "written_wrong.py").write_text("DRIVER = (")
    monkeypatch.syspath_prepend(tmp_path)
    ours = entry("blood-pressure", "gateway.drivers.indicated:BLOOD_PRESSURE")
    choice = installed([entry("broken", value), ours]).best(advert("1810"), MODELS.standard)
    assert choice is not None
    assert choice.name == "blood-pressure"
    assert "driver 'broken' failed" in caplog.text
    assert value in caplog.text
    assert reason in caplog.text


def test_one_that_fails_while_it_is_asked_is_named_once_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    drivers = Drivers([Choice("a-broken", Stub(error=KeyError("x"))), Choice("good", Stub())])
    for _ in range(3):
        choice = drivers.best(advert("1810"), MODELS.standard)
        assert choice is not None
        assert choice.name == "good"
    assert caplog.text.count("driver 'a-broken' failed: KeyError('x')") == 1


def test_without_any_driver_the_start_stops_and_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="install maixun"):
        installed([])


def test_what_a_visit_may_end_with_is_no_failure() -> None:
    with pytest.raises(Interrupted), answerable("x"):
        raise Interrupted("the meter hung up")
    with pytest.raises(DriverFailed, match="driver 'x' failed: ZeroDivisionError"), answerable("x"):
        raise ZeroDivisionError
