"""Where a machine becomes a gateway, and where a gateway fetches its next certificate. No account is needed, only the
code that an administrator made, or the certificate itself.
"""

from __future__ import annotations

import base64
import logging
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Base64Bytes, BaseModel, Field

from api.attempts import Limits, claim, forgive
from api.errors import Problem, Refusal
from api.language import msgid
from api.services import Database, Given, Services, plain_rows
from ingest import enrolment
from ingest.authority import Authority, UnusableRequest
from ingest.enrolment import Claimed, NotEntitled
from ingest.fleet_settings import FleetSettings
from ingest.identity import pseudonym_key
from maixun import endpoints
from maixun.configuration import settings

json = APIRouter(prefix="/api/v1/fleet", tags=["fleet"])
_log = logging.getLogger(__name__)
_REFUSED: dict[int | str, dict[str, Any]] = {401: {"model": Problem}, 422: {"model": Problem}, 429: {"model": Problem}}
_UNLIMITED = 1_000_000  # by address alone: a stranger must not be able to keep everybody else from enrolling
_SOMEBODY = "gateway claim"  # takes the login's place in the count of failures; no login has a blank


class Claim(BaseModel):
    """A code and the request for a certificate of the machine's own key."""

    code: str = Field(max_length=40, examples=["K7QF-9M2X-4TRD-8WPC"])
    request: str = Field(max_length=4000, description="a PKCS #10 request in PEM, on the curve P-256")


class Renewal(BaseModel):
    """The present certificate, a request for the next one, and the present key's word for it."""

    certificate: str = Field(max_length=8000, description="PEM")
    request: str = Field(max_length=4000, description="as in a claim")
    signature: Base64Bytes = Field(
        max_length=400, description="ECDSA with SHA-256 over `maixun renewal`, a line feed and the request; base64"
    )


class Credentials(BaseModel):
    """Everything a gateway needs to work."""

    gateway: str = Field(description="its name: in topics, and as the certificate's common name")
    certificate: str = Field(description="PEM")
    authority: str = Field(description="PEM: who signs the broker's certificate and its own")
    broker: str = Field(description="the broker's URL", examples=["mqtts://broker.county.example:8883"])
    pseudonym_key: str = Field(description="32 bytes in base64: what a kiosk makes persons' tokens with")


@json.post("/claim", summary="Become a gateway", responses=_REFUSED)
def claim_it(request: Request, given: Given, asked: Claim) -> Credentials:
    """A code is good once and for some hours. Too many wrong ones from an address are answered with 429 for a while."""
    fleet, address, now = settings(FleetSettings, "fleet"), _address(request), given.now()
    limits = Limits(
        window=timedelta(minutes=fleet.claims_window_minutes), login=_UNLIMITED, address=fleet.claims_failed
    )
    with given.pool.connection() as connection:
        counted = claim(connection, _SOMEBODY, address, now, limits)
    if not counted:
        raise Refusal(429, "too_many_attempts", msgid("尝试次数过多，请过一段时间再试。"))
    try:
        with given.pool.connection() as connection, plain_rows(connection) as tuples:
            claimed = enrolment.claim(
                tuples,
                asked.code,
                asked.request.encode(),
                authority=_authority(given),
                now=now,
                valid=fleet.certificate_valid,
            )
    except NotEntitled:
        raise Refusal(401, "wrong_code", msgid("注册码不正确、已使用或已过期，请向管理员索取新的注册码。")) from None
    except UnusableRequest:
        raise _unusable() from None
    with given.pool.connection() as connection:
        forgive(connection, _SOMEBODY, address)
    _log.info("gateway %s is enrolled", claimed.gateway)
    return _credentials(given, claimed, fleet)


@json.post("/renew", summary="Fetch the next certificate", responses=_REFUSED)
def renew(given: Given, connection: Database, asked: Renewal) -> Credentials:
    """Answered with 401 unless the certificate is one of ours, good, not revoked, and its key has signed."""
    fleet = settings(FleetSettings, "fleet")
    try:
        with plain_rows(connection) as tuples:
            renewed = enrolment.renew(
                tuples,
                asked.certificate.encode(),
                asked.request.encode(),
                asked.signature,
                authority=_authority(given),
                now=given.now(),
                valid=fleet.certificate_valid,
            )
    except NotEntitled:
        raise Refusal(401, "wrong_certificate", msgid("证书无效或已吊销，请重新注册这个网关。")) from None
    except UnusableRequest:
        raise _unusable() from None
    return _credentials(given, renewed, fleet)


def _credentials(given: Services, claimed: Claimed, fleet: FleetSettings) -> Credentials:
    return Credentials(
        gateway=claimed.gateway,
        certificate=claimed.certificate.pem.decode(),
        authority=_authority(given).pem.decode(),
        broker=fleet.broker or endpoints.broker(),
        pseudonym_key=base64.b64encode(pseudonym_key(given.key)).decode(),
    )


def _authority(given: Services) -> Authority:
    return Authority(endpoints.secrets_folder(), given.now())


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _unusable() -> Refusal:
    return Refusal(422, "unusable_request", msgid("证书请求无法使用：请更新网关程序后重试。"))
