"""TLS with a certificate on both sides, on a real broker: the gateway's own is taken, a stranger is not."""

from __future__ import annotations

import asyncio
import datetime
import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.uplink import Uplink
from maixun.runtime.binaries import Binaries
from maixun.runtime.mosquitto import Mosquitto
from tests.gateway.made import outbox, reading, settings
from tests.gateway.test_uplink import running, until

NOW = datetime.datetime.now(datetime.UTC)
# After a handshake that failed; we collect it before the test ends.
paho_leaves_its_socket_to_the_collector = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path) -> None:
        """Makes its own certificate, `ca.pem`."""
        folder.mkdir()
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, folder.name)])
        self.ca, _ = self.issue("ca", authority=True)

    def issue(self, name: str, *, authority: bool = False) -> tuple[Path, Path]:
        """Certificate and key files for that name; a server's is good for localhost."""
        key = self._key if authority else ec.generate_private_key(ec.SECP256R1())
        subject = self._name if authority else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(days=1))
            .not_valid_after(NOW + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        encoding = serialization.Encoding.PEM
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(encoding))
        files[1].write_bytes(
            key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return files


class SecuredMosquitto(Mosquitto):
    """Asks for a certificate and takes the user and client id from it."""

    authority: Authority

    def prepare(self) -> None:
        """The shipped configuration, with TLS."""
        super().prepare()
        certificate, key = self.authority.issue("broker")
        with self._configuration.open("a") as file:
            file.write(
                f"cafile {self.authority.ca}\ncertfile {certificate}\nkeyfile {key}\nrequire_certificate true\n"
                "use_identity_as_username true\nuse_username_as_clientid true\n"
            )


@pytest.fixture
def secured(binaries: Binaries, tmp_path: Path) -> Iterator[SecuredMosquitto]:
    """A running broker of an authority of its own."""
    server = SecuredMosquitto(binaries.mosquitto, tmp_path / "broker")
    server.authority = Authority(tmp_path / "ours")
    server.start()
    yield server
    server.stop()


async def test_a_gateway_with_its_certificate_is_served(tmp_path: Path, secured: SecuredMosquitto) -> None:
    certificate, key = secured.authority.issue("gw-0001")
    tls = {"tls_ca": secured.authority.ca, "tls_certificate": certificate, "tls_key": key}
    box = outbox(tmp_path)
    box.put([reading(1)])
    async with running("gw-0001", f"mqtts://localhost:{secured.port}", box, **tls) as uplink:
        await until(lambda: box.counts().sent == 1 and not uplink.in_flight)


@paho_leaves_its_socket_to_the_collector
async def test_a_stranger_is_not(tmp_path: Path, secured: SecuredMosquitto, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = Authority(tmp_path / "theirs").issue("gw-0001")
    tls = {"tls_ca": secured.authority.ca, "tls_certificate": certificate, "tls_key": key}
    await _refused(tmp_path, secured, tls, caplog)


@paho_leaves_its_socket_to_the_collector
async def test_nor_is_a_broker_that_cannot_show_who_it_is(
    tmp_path: Path, secured: SecuredMosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = secured.authority.issue("gw-0001")
    tls = {"tls_ca": Authority(tmp_path / "theirs").ca, "tls_certificate": certificate, "tls_key": key}
    await _refused(tmp_path, secured, tls, caplog)


async def _refused(
    folder: Path, secured: SecuredMosquitto, tls: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    box = outbox(folder)
    box.put([reading(1)])
    uplink = Uplink("gw-0001", f"mqtts://localhost:{secured.port}", box, settings(**tls))
    stop = asyncio.Event()
    task = asyncio.create_task(uplink.run(stop))
    await until(lambda: "waiting for the broker" in caplog.text)
    stop.set()
    await asyncio.wait_for(task, 5)
    assert box.counts().waiting == 1
    assert "connected to" not in caplog.text
    await until(lambda: uplink._client._thread is None)
    gc.collect()
