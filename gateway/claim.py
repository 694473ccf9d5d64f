"""How this machine becomes a gateway, and how the gateway fetches its next certificate: two calls to the server."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.identity import Identity
from gateway.key_pair import certificate_in, new_key_pair, sign_renewal

_PATIENCE = 20.0  # seconds for the server's answer
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_RENEW_AT = 0.1  # of its validity left: a month and more of a year's certificate, enough to be seen and mended


class ClaimRefused(Exception):
    """The server did not give credentials; the message says why and what to do."""


class _Credentials(BaseModel):
    """The server's answer."""

    model_config = ConfigDict(frozen=True)
    gateway: str
    certificate: str
    authority: str
    broker: str
    pseudonym_key: str


def claim(server: str, code: str, folder: Path) -> Identity:
    """Exchange the code for this gateway's own credentials and write them down. Raises `ClaimRefused`."""
    pair = new_key_pair()
    answer = _ask(server, "claim", {"code": code, "request": pair.request.decode()})
    return _kept(folder, server, pair.private, answer)


def renew(identity: Identity) -> Identity:
    """Exchange the present certificate for the next one. Raises `ClaimRefused`; the present one stays good."""
    present, pair = identity.credentials.read_bytes(), new_key_pair()
    certificate, _, _ = certificate_in(present)
    asked = {
        "certificate": certificate.decode(),
        "request": pair.request.decode(),
        "signature": base64.b64encode(sign_renewal(present, pair.request)).decode(),
    }
    return _kept(identity.folder, identity.server, pair.private, _ask(identity.server, "renew", asked))


def _kept(folder: Path, server: str, private: bytes, answer: _Credentials) -> Identity:
    _, begins, ends = certificate_in(answer.certificate.encode())
    identity = Identity(folder, answer.gateway, server, answer.broker, ends - (ends - begins) * _RENEW_AT)
    identity.write(
        credentials=private + answer.certificate.encode(),
        authority=answer.authority.encode(),
        pseudonym_key=answer.pseudonym_key.encode(),
    )
    return identity


def _ask(server: str, what: str, body: dict[str, str]) -> _Credentials:
    url = urlsplit(server)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ClaimRefused("the server's address must look like https://maixun.county.example")
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        raise ClaimRefused("the answer holds secrets: use the server's https:// address")
    request = urllib.request.Request(  # noqa: S310 - one of the two schemes above
        f"{url.scheme}://{url.netloc}/api/v1/fleet/{what}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Origin": f"{url.scheme}://{url.netloc}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
            return _Credentials.model_validate_json(answer.read())
    except urllib.error.HTTPError as error:
        raise ClaimRefused(f"{server} says: {_reason(error)}") from None
    except ValidationError:
        raise ClaimRefused(f"{server} gives an answer of another version: update this gateway") from None
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
        raise ClaimRefused(f"{server} cannot be reached: {error}") from None


def _reason(error: urllib.error.HTTPError) -> str:
    """The server's own sentence, where it has one."""
    try:
        body: Any = json.loads(error.read())
        return str(body["says"]["en"])
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
    finally:
        error.close()
