"""Who a resident is: names sealed and ID numbers hashed with one key that lies outside the database."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maixun import secret_file
from maixun.endpoints import runtime_folder

KEY_BYTES = 32
NONCE_BYTES = 12  # what AES-GCM is made for; random, so one key is good for far more than a county's names


class IdentityKeyError(Exception):
    """The identity key is missing, malformed, or not the one a name was sealed with; the message says what to do."""


def seal(name: str, key: bytes) -> bytes:
    """A name as AES-256-GCM ciphertext: nonce (12 bytes), then text and tag."""
    return _sealed(name.encode(), key, b"name")


def unseal(sealed: bytes, key: bytes) -> str:
    """The name that `seal` sealed. Raises `IdentityKeyError` for another key or changed bytes."""
    return _unsealed(sealed, key, b"name").decode()


def seal_file(content: bytes, key: bytes) -> bytes:
    """A file with names in it, in the same way and with a key of its own."""
    return _sealed(content, key, b"file")


def unseal_file(sealed: bytes, key: bytes) -> bytes:
    """The file that `seal_file` sealed. Raises `IdentityKeyError`."""
    return _unsealed(sealed, key, b"file")


def hash_id_number(number: str, key: bytes) -> bytes:
    """HMAC-SHA256 of an ID number (32 bytes): equal numbers are found, none is read back. Case does not count."""
    return hmac.digest(_derived(key, b"id number"), number.strip().upper().encode(), hashlib.sha256)


def pseudonym_key(key: bytes) -> bytes:
    """The 32 bytes that kiosks get at enrolment: good for pseudonyms and for nothing else."""
    return _derived(key, b"pseudonym")


def pseudonym(said: str, key: bytes) -> UUID:
    """What stands for whoever identifies so: a version 8 UUID from HMAC-SHA256, as a kiosk makes it.

    `said` is an ID number in capitals, or `<phone>:<PIN>`.
    """
    digest = bytearray(hmac.digest(pseudonym_key(key), said.encode(), hashlib.sha256)[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def load_key() -> bytes:
    """The 32-byte key: `MAIXUN_IDENTITY_KEY` (base64), else `secrets/identity.key` in the runtime folder."""
    given = os.environ.get("MAIXUN_IDENTITY_KEY")
    if given:
        return _parsed(given, "MAIXUN_IDENTITY_KEY")
    path = runtime_folder() / "secrets" / "identity.key"
    if not path.exists():
        secret_file.write_once(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)))
    return _parsed(path.read_text(), str(path))


def _sealed(plain: bytes, key: bytes, purpose: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_derived(key, purpose)).encrypt(nonce, plain, None)


def _unsealed(sealed: bytes, key: bytes, purpose: bytes) -> bytes:
    try:
        return AESGCM(_derived(key, purpose)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        raise IdentityKeyError(
            f"a {purpose.decode()} cannot be opened: the identity key is not the one it was sealed with;"
            " restore that key"
        ) from None


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each purpose, so that one use can tell nothing about the other."""
    return hashlib.blake2b(key=key, person=purpose, digest_size=KEY_BYTES).digest()


def _parsed(text: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise IdentityKeyError(f"{origin} must hold {KEY_BYTES} random bytes in base64 (`openssl rand -base64 32`)")
    return key
