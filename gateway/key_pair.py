"""A gateway's own key pair: made here, never sent anywhere; only a request for its certificate leaves the machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

_PURPOSE = b"maixun renewal\n"  # so that the signature is good for nothing else; as the server's ingest.enrolment


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`private`: the unencrypted key in PEM, for a file that only its owner reads; `request`: PKCS #10 in PEM."""

    private: bytes
    request: bytes


def new_key_pair() -> KeyPair:
    """A fresh key on the curve P-256. The server chooses the name in the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return KeyPair(
        private=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        request=request.public_bytes(Encoding.PEM),
    )


def sign_renewal(private: bytes, request: bytes) -> bytes:
    """The present key's word for a request; `private` is PEM and may have certificates beside it."""
    key = load_pem_private_key(private, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("this gateway's key is of another kind than the one it was enrolled with: enrol it again")
    return key.sign(_PURPOSE + request, ec.ECDSA(hashes.SHA256()))


def certificate_in(credentials: bytes) -> tuple[bytes, datetime, datetime]:
    """The certificate among PEM blocks, and from when (aware) to when it is good."""
    certificate = x509.load_pem_x509_certificate(credentials)
    pem = certificate.public_bytes(Encoding.PEM)
    return pem, certificate.not_valid_before_utc, certificate.not_valid_after_utc
