"""A wrong setting stops the start, with a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import connection
from gateway.patience import Patience
from gateway.settings import GatewaySettings
from maixun import configuration
from maixun.configuration import ConfigurationError
from tests.gateway.made import settings


def test_the_shipped_file_is_complete_and_right() -> None:
    shipped = configuration.settings(GatewaySettings, "gateway")
    assert shipped.wall_clock().utcoffset(None) is None or shipped.zone == "Asia/Shanghai"
    assert shipped.limits().reserve_bytes == 16 << 20


def test_one_key_can_be_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIXUN_GATEWAY_RETRY_SECONDS", "2.5")
    assert configuration.settings(GatewaySettings, "gateway").limits().retry_seconds == 2.5


def test_more_in_flight_than_a_broker_takes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIXUN_GATEWAY_MESSAGES_IN_FLIGHT", "21")
    with pytest.raises(ConfigurationError, match="messages_in_flight"):
        configuration.settings(GatewaySettings, "gateway")


def test_the_radios_patience_is_changed_one_limit_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIXUN_GATEWAY_RADIO", "{silence: 600}")
    assert configuration.settings(GatewaySettings, "gateway").radio == Patience(silence=600.0)
    monkeypatch.setenv("MAIXUN_GATEWAY_RADIO", "{silence: 0}")
    with pytest.raises(ConfigurationError, match=r"radio\.silence"):
        configuration.settings(GatewaySettings, "gateway")
    monkeypatch.setenv("MAIXUN_GATEWAY_RADIO", "{silense: 600}")
    with pytest.raises(ConfigurationError, match=r"radio\.silense"):
        configuration.settings(GatewaySettings, "gateway")


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ConfigurationError, match="zone 'Asia/Peking' is unknown"):
        settings(zone="Asia/Peking").wall_clock()


@pytest.mark.parametrize(
    ("gateway", "broker", "says"),
    [
        ("gw/1", "mqtt://localhost", "is no name for a gateway"),
        ("+", "mqtt://localhost", "is no name for a gateway"),
        ("gw-1", "localhost:1883", "must look like mqtt://"),
        ("gw-1", "http://localhost", "must look like mqtt://"),
    ],
)
def test_a_wrong_name_or_address_is_refused(gateway: str, broker: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        connection.client(gateway, broker, settings())


def test_a_missing_certificate_is_named_and_a_password_is_not() -> None:
    with pytest.raises(ConfigurationError, match=r"tls_ca names /nowhere/ca\.pem") as refused:
        connection.client("gw-1", "mqtts://gw-1:secret@localhost", settings(tls_ca=Path("/nowhere/ca.pem")))
    assert "secret" not in str(refused.value)
    assert connection.client("gw-1", "mqtt://gw-1:secret@localhost", settings())[1] == "localhost:1883"
