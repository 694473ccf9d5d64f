"""A small certificate authority of this installation: for its gateways, its broker and its ingest workers.

Key and certificate lie in one file among the runtime folder's secrets. Whoever has it can make gateways: keep it, and
back it up, like the identity key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from maixun import secret_file
from maixun.configuration import ConfigurationError

_CURVE = ec.SECP256R1
_OWN_YEARS = timedelta(days=20 * 365)  # longer than the machines will live; replacing it means enrolling all anew
_BACKDATED = timedelta(days=1)  # a gateway without a battery for its clock may be behind when it first connects
_USAGE = {"client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH}


class UnusableRequest(Exception):
    """A request for a certificate that cannot be granted; the message says why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate: PEM, its serial number in hexadecimal, SHA-256 of its DER form, and its end."""

    pem: bytes
    serial: str
    fingerprint: bytes
    expires_at: datetime


class Authority:
    """Issues and revokes. Made at first use."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Open the authority in that folder, or make it. Raises `ConfigurationError`."""
        path = folder / "authority.pem"
        if not path.exists():
            secret_file.write_once(path, _made(now))
        try:
            key = load_pem_private_key(path.read_bytes(), None)
            self._certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except (ValueError, TypeError) as error:
            raise ConfigurationError(f"{path} cannot be read ({error}): restore it from a backup") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigurationError(f"{path} holds another kind of key than was made here: restore it from a backup")
        self._key = key
        self.pem = self._certificate.public_bytes(Encoding.PEM)

    def issue(self, request: bytes, name: str, *, now: datetime, valid: timedelta) -> Issued:
        """A client's certificate for the key in a PEM request; the name is ours, not the request's.

        Raises `UnusableRequest`.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
            key = asked.public_key()
            proven = asked.is_signature_valid
        except (ValueError, InvalidSignature) as error:
            raise UnusableRequest(f"this is no certificate request: {error}") from None
        if not (proven and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVE)):
            raise UnusableRequest("the request must be signed with its own key, on the curve P-256")
        return self._sign(key, name, "client", now, valid, ())

    def server(self, names: Sequence[str], *, now: datetime, valid: timedelta) -> tuple[Issued, bytes]:
        """A server's certificate for host names or IP addresses, and its new private key as PEM."""
        key = ec.generate_private_key(_CURVE())
        return self._sign(key.public_key(), names[0], "server", now, valid, names), private_pem(key)

    def client(self, name: str, *, now: datetime, valid: timedelta) -> tuple[Issued, bytes]:
        """A certificate for one of our own processes, and its new private key as PEM."""
        key = ec.generate_private_key(_CURVE())
        return self._sign(key.public_key(), name, "client", now, valid, ()), private_pem(key)

    def vouches_for(self, certificate: x509.Certificate, now: datetime) -> bool:
        """Whether it is one of ours and has not expired. Whether it was revoked, the database knows."""
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc

    def revocations(self, revoked: Iterable[tuple[str, datetime]], now: datetime) -> bytes:
        """The list for the broker, as PEM: (serial, since when).

        It never runs out, since with an expired list Mosquitto would refuse every gateway.
        """
        made = x509.CertificateRevocationListBuilder().issuer_name(self._certificate.subject)
        made = made.last_update(now - _BACKDATED).next_update(now + _OWN_YEARS)
        for serial, since in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(since)
            made = made.add_revoked_certificate(entry.build())
        return made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _sign(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        usage: str,
        now: datetime,
        valid: timedelta,
        hosts: Sequence[str],
    ) -> Issued:
        made = _builder(key, name, self._certificate.subject, now, now + valid)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([_USAGE[usage]]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = made.add_extension(issuer, critical=False)
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        return issued(made.sign(self._key, hashes.SHA256()))


def issued(certificate: x509.Certificate) -> Issued:
    """What the database notes of a certificate."""
    return Issued(
        pem=certificate.public_bytes(Encoding.PEM),
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(hashes.SHA256()),
        expires_at=certificate.not_valid_after_utc,
    )


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as unencrypted PEM: whoever writes it down sees to it that only its owner reads it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _made(now: datetime) -> bytes:
    """A new authority: its private key and its certificate, both in PEM."""
    key = ec.generate_private_key(_CURVE())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Maixun authority")])
    made = _builder(key.public_key(), "Maixun authority", name, now, now + _OWN_YEARS)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(_SIGNS, critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return private_pem(key) + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    key: ec.EllipticCurvePublicKey, name: str, issuer: x509.Name, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(until)
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
