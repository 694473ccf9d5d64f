"""Bytes of any known characteristic to what they say: `decode(uuid, packet)`; one module a profile."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from devices.gatt import (
    blood_pressure,
    body_composition,
    cgm_session,
    continuous_glucose,
    cuff_pressure,
    current_time,
    date_time,
    glucose,
    glucose_context,
    heart_rate,
    omron,
    oximetry,
    racp,
    raw_number,
    temperature,
    weight,
    xiaomi_scale,
)
from devices.gatt.fields import DecodeError

__all__ = ["DECODERS", "DecodeError", "Decoded", "decode", "short_name"]

_BASE = "-0000-1000-8000-00805F9B34FB"


class Decoded(Protocol):
    """What every decoder returns: a frozen dataclass of its profile."""

    def describe(self) -> object:
        """Plain data for JSON, with the field names of the test vectors."""

    def encode(self) -> bytes:
        """The bytes that decode to this."""


Decoder = Callable[[bytes, Collection[str]], Decoded]

DECODERS: dict[str, Decoder] = {
    "2A08": date_time.decode,
    "2A18": glucose.decode,
    "2A1C": temperature.decode,
    "2A2B": current_time.decode,
    "2A34": glucose_context.decode,
    "2A35": blood_pressure.decode,
    "2A36": cuff_pressure.decode,
    "2A37": heart_rate.decode,
    "2A52": racp.decode,
    "2A5E": oximetry.decode,
    "2A9C": body_composition.decode,
    "2A9D": weight.decode,
    "2AA7": continuous_glucose.decode,
    "2AAA": cgm_session.decode,
    "adv:181B:xiaomi": xiaomi_scale.decode_body,
    "adv:181D:xiaomi": xiaomi_scale.decode_weight,
    "omron:HEM-7142T2": omron.decode,
    "sfloat": raw_number.decode_sfloat,
    "float32": raw_number.decode_float32,
}
_BY_FOLDED_NAME = {name.upper(): name for name in DECODERS}


def short_name(uuid: str) -> str:
    """The one name of a characteristic: "2A35" for "2a35" and for its 128-bit form; an unknown one in upper case."""
    folded = uuid.upper()
    if folded.startswith("0000") and folded.endswith(_BASE) and len(folded) == 36:
        folded = folded[4:8]
    return _BY_FOLDED_NAME.get(folded, folded)


def decode(uuid: str, packet: bytes, *, quirks: Collection[str] = ()) -> Decoded:
    """What `packet` of characteristic `uuid` says, read with the sender's quirks (`devices.gatt.quirks`).

    `uuid` is short ("2A35"), full (128 bits) or one of our own names ("adv:181D:xiaomi"), in any case.
    Raises DecodeError for an unknown characteristic and for bytes that are not what the profile defines.
    """
    decoder = DECODERS.get(uuid) or DECODERS.get(short_name(uuid))
    if decoder is None:
        raise DecodeError(f"no decoder for characteristic {uuid}; known are {', '.join(DECODERS)}")
    return decoder(packet, quirks)
