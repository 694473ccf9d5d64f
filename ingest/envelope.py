"""The envelope on the wire, version 1: opens a message's bytes into items, and says what could not be read.

The JSON schema of these types is published as `docs/envelope-1.schema.json`. A message is validated as a whole, which
is fast; only when that fails is it looked at item by item, so that one bad item never costs its neighbours.
"""

from __future__ import annotations

from base64 import b64decode
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple, NotRequired
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import from_json, to_json
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from devices.reading import Flag
from ingest.reason import Reason

VERSION = 1

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Device = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
Raw = Annotated[str, Field(pattern=r"^[ -~]{0,16000}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$", max_length=165_000)]  # `MOST_SAMPLES` and their sums
KindName = Literal[
    "blood_pressure",
    "glucose",
    "continuous_glucose",
    "body",
    "temperature",
    "oximetry",
    "heart_rate",
    "lipids",
    "ecg",
    "symptoms",
]
ClockName = Literal["exact", "corrected", "assumed", "unusable"]
MealName = Literal["fasting", "before_meal", "after_meal", "casual", "bedtime"]

_OPEN = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)  # what we do not know is counted, then dropped


@with_config(_OPEN)
class Curve(TypedDict):
    """The waveform of an ECG: `packed` is the base64 of `devices.waveform.Waveform.pack`, microvolts."""

    sampling_rate: Annotated[float, Field(ge=1, le=10_000)]
    packed: Base64


@with_config(_OPEN)
class Item(TypedDict):
    """One reading, or (with `unusable`) bytes from a meter that hold none; see `devices.reading`."""

    id: Id
    device: Device
    received_at: AwareDatetime
    raw: Raw
    kind: NotRequired[KindName]
    measured_at: NotRequired[AwareDatetime | None]
    clock: NotRequired[ClockName]
    values: NotRequired[Annotated[dict[Name, float], Field(max_length=40)]]
    units: NotRequired[Annotated[dict[Name, Annotated[str, Field(max_length=20)]], Field(max_length=40)]]
    flags: NotRequired[Annotated[list[Name], Field(max_length=64)]]
    user: NotRequired[Annotated[int, Field(ge=0, le=255)]]
    person: NotRequired[Id]
    meal: NotRequired[MealName]
    unusable: NotRequired[Name]
    waveform: NotRequired[Curve]


@with_config(_OPEN)
class Envelope(TypedDict):
    """One message: up to some hundred items of one gateway."""

    v: Literal[1]
    gateway: Annotated[str, Field(min_length=1, max_length=64)]
    sent_at: AwareDatetime
    readings: Annotated[list[Item], Field(max_length=1000)]


class Spoilt(NamedTuple):
    """An item that could not be read although its id could."""

    id: str
    body: bytes


class Opened(NamedTuple):
    """What a message holds. `refused` says why (a part of) it could not be read and nobody can name what it held."""

    items: list[Item]
    spoilt: list[Spoilt]
    refused: Reason | None
    unknown_fields: int


_FLAG_BITS = {flag.name.lower(): flag.value for flag in Flag if flag.name}
_ITEM_FIELDS = frozenset(Item.__annotations__)
_ENVELOPE_FIELDS = frozenset(Envelope.__annotations__)
_ENVELOPE: TypeAdapter[Envelope] = TypeAdapter(Envelope)
_ITEM: TypeAdapter[Item] = TypeAdapter(Item)
_ID: TypeAdapter[str] = TypeAdapter(Id)


def open_message(gateway: str, payload: bytes) -> Opened:
    """Open a message that arrived on this gateway's topic. Never raises, whatever the bytes are."""
    try:
        envelope = _ENVELOPE.validate_json(payload)
    except ValidationError:
        return _open_singly(gateway, payload)
    if envelope["gateway"] != gateway:
        return _refused(Reason.MALFORMED)
    items = envelope["readings"]
    unknown = 0 if envelope.keys() <= _ENVELOPE_FIELDS else len(envelope.keys() - _ENVELOPE_FIELDS)
    for item in items:
        if not item.keys() <= _ITEM_FIELDS:
            unknown += _drop_unknown(item)
    return Opened(items, [], None, unknown)


def item_json(item: Item) -> bytes:
    """The item as it is kept with what is held: the known fields, as JSON."""
    return to_json(item)


def read_item(body: bytes) -> Item:
    """The inverse of `item_json`. Raises `ValidationError` (a `ValueError`) when a later version no longer takes it."""
    return _ITEM.validate_json(body)


def packed(curve: Curve) -> bytes:
    """The bytes of a curve, as they are stored. Raises ValueError."""
    return b64decode(curve["packed"], validate=True)


def uuid_bytes(key: str) -> bytes:
    """The 16 bytes of an `Id`."""
    return bytes.fromhex(key.replace("-", ""))


def flag_bits(names: list[str]) -> int:
    """`devices.reading.Flag` as stored. A name we do not know is a newer gateway's: it has no bit here."""
    return sum({_FLAG_BITS.get(name, 0) for name in names})


def digest(payload: bytes) -> str:
    """What a receipt calls a message whose items could not be named: blake2b-128 of its bytes, in hex."""
    return blake2b(payload, digest_size=16).hexdigest()


def message_id(payload: bytes) -> str:
    """The id under which such a message stands in the ledger: its digest as a version 8 UUID."""
    bits = int(digest(payload), 16) & ~(0xF << 76) & ~(0x3 << 62)
    return str(UUID(int=bits | (8 << 76) | (2 << 62)))


def json_schema() -> dict[str, Any]:
    """The schema published as docs/envelope-1.schema.json."""
    schema = _ENVELOPE.json_schema()
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Maixun envelope, version 1"}


def _refused(reason: Reason) -> Opened:
    return Opened([], [], reason, 0)


def _open_singly(gateway: str, payload: bytes) -> Opened:
    try:
        document = from_json(payload, allow_inf_nan=False)
    except ValueError:
        return _refused(Reason.MALFORMED)
    if not isinstance(document, dict) or not isinstance(document.get("readings"), list):
        return _refused(Reason.MALFORMED)
    if document.get("v") != VERSION:
        return _refused(Reason.UNKNOWN_VERSION)
    if document.get("gateway") != gateway:
        return _refused(Reason.MALFORMED)
    return _sorted_out(document["readings"], document.keys() - _ENVELOPE_FIELDS)


def _sorted_out(candidates: list[Any], unknown: set[str]) -> Opened:
    items, spoilt, refused, unknown_fields = [], [], None, len(unknown)
    for candidate in candidates:
        body = to_json(candidate)
        try:
            item = _ITEM.validate_json(body)
        except ValidationError:
            name = _id_of(candidate)
            if name is None:
                refused = Reason.MALFORMED
            else:
                spoilt.append(Spoilt(name, body))
        else:
            unknown_fields += _drop_unknown(item)
            items.append(item)
    return Opened(items, spoilt, refused, unknown_fields)


def _id_of(candidate: object) -> str | None:
    try:
        return _ID.validate_python(candidate.get("id")) if isinstance(candidate, dict) else None
    except ValidationError:
        return None


def _drop_unknown(item: Item) -> int:
    unknown = item.keys() - _ITEM_FIELDS
    for field in unknown:
        del item[field]  # type: ignore[misc]  # not a field of the type: that is the point
    return len(unknown)
