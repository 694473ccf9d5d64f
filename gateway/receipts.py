"""What the server says became of readings; only a receipt lets the gateway stop sending one."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError


class Outcome(StrEnum):
    """Where the server put a reading. In all three it is safe there: accepted, or held with its bytes for a person."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


class Receipt(BaseModel):
    """The outcome of one reading; `reason` says why it was not accepted."""

    model_config = ConfigDict(frozen=True)
    id: UUID
    outcome: Outcome
    reason: str | None = None


class MessageReceipt(BaseModel):
    """The outcome of a message that could not be opened, named by the digest of its bytes (`gateway.wire.digest`)."""

    model_config = ConfigDict(frozen=True)
    digest: str
    outcome: Outcome
    reason: str | None = None


class Receipts(BaseModel):
    """One receipts message. Fields a later server adds are ignored."""

    model_config = ConfigDict(frozen=True)
    v: int = 1
    receipts: tuple[Receipt, ...] = ()
    messages: tuple[MessageReceipt, ...] = ()


class ReceiptError(Exception):
    """A receipts message that cannot be read: it is dropped, the readings are sent again later."""


def parse(payload: bytes) -> Receipts:
    """Read a receipts message. Raises `ReceiptError`."""
    try:
        receipts = Receipts.model_validate_json(payload)
    except ValidationError as error:
        raise ReceiptError(f"{error.error_count()} errors in a receipts message of {len(payload)} bytes") from None
    if receipts.v != 1:
        raise ReceiptError(f"receipts of version {receipts.v} are unknown here: update this gateway")
    return receipts
