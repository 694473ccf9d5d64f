"""Person tokens: what leaves the kiosk instead of an ID number or a phone number.

The server makes the same token from the same number with the same key; without the key nobody can try numbers out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from pathlib import Path
from uuid import UUID

from maixun.configuration import ConfigurationError

KEY_BYTES = 32
_VERSION_AND_VARIANT = 0xF << 76 | 3 << 62


def of_id_number(number: str, key: bytes) -> UUID:
    """The token of a citizen's ID number; the case of its last letter does not count."""
    return _token(number.strip().upper(), key)


def of_phone(number: str, pin: str, key: bytes) -> UUID:
    """The token of a phone number with its PIN. The colon keeps it apart from every ID number."""
    return _token(f"{number}:{pin}", key)


def load_key(path: Path) -> bytes | None:
    """The key (32 bytes in base64) that enrolment left there; None when there is none yet.

    Raises `ConfigurationError` when the file holds something else.
    """
    try:
        key = base64.b64decode(path.read_text().strip(), validate=True)
    except FileNotFoundError:
        return None
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{path} must hold {KEY_BYTES} bytes in base64: fetch the kiosk's key from the server")
    return key


def _token(text: str, key: bytes) -> UUID:
    """A UUID of version 8 (contents defined by us) from the first half of HMAC-SHA256."""
    digest = int.from_bytes(hmac.digest(key, text.encode(), hashlib.sha256)[:16], "big")
    return UUID(int=digest & ~_VERSION_AND_VARIANT | 8 << 76 | 2 << 62)
