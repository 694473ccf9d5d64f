"""Every vector decodes to what its source says."""

from __future__ import annotations

import pytest

from devices.gatt import DecodeError, decode
from tests.devices.vectors import VECTORS, Vector

FULL = "0000{}-0000-1000-8000-00805f9b34fb"
# Packets that hold nothing but what the profile defines; the others have reserved bits, trailing bytes or a wrong sum.
EXACT = {
    "2A08",
    "2A18",
    "2A1C",
    "2A2B",
    "2A37",
    "2A52",
    "2A9C",
    "2A9D",
    "adv:181B:xiaomi",
    "adv:181D:xiaomi",
    "sfloat",
    "float32",
}


@pytest.mark.parametrize("vector", [each for each in VECTORS if not each.refused], ids=str)
def test_a_vector_decodes(vector: Vector) -> None:
    assert decode(vector.uuid, vector.packet, quirks=vector.quirks).describe() == vector.expected


@pytest.mark.parametrize("vector", [each for each in VECTORS if each.refused], ids=str)
def test_a_broken_vector_is_refused(vector: Vector) -> None:
    with pytest.raises(DecodeError):
        decode(vector.uuid, vector.packet, quirks=vector.quirks)


@pytest.mark.parametrize("vector", [each for each in VECTORS if each.uuid in EXACT and not each.refused], ids=str)
def test_an_exact_vector_encodes_to_its_own_bytes(vector: Vector) -> None:
    assert decode(vector.uuid, vector.packet).encode() == vector.packet


@pytest.mark.parametrize("vector", [each for each in VECTORS if len(each.uuid) == 4 and not each.refused], ids=str)
def test_the_full_name_in_any_case_is_the_same_characteristic(vector: Vector) -> None:
    short = decode(vector.uuid, vector.packet, quirks=vector.quirks)
    for name in (FULL.format(vector.uuid), FULL.format(vector.uuid).upper(), vector.uuid.lower()):
        assert decode(name, vector.packet, quirks=vector.quirks) == short


def test_an_unknown_characteristic_is_refused_with_the_known_ones_named() -> None:
    with pytest.raises(DecodeError, match="2A35"):
        decode("2A00", b"\0")
