"""What must hold for every decoder, whatever bytes come."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.gatt import DECODERS, DecodeError, decode
from devices.gatt.continuous_glucose import ContinuousGlucose
from devices.gatt.quirks import KNOWN
from devices.gatt.racp import abort, count_all, report_all, report_from

# Bytes that are always there, and what each flag bit adds (bit: bytes); flags in the first byte.
LAYOUTS: Mapping[str, tuple[int, Mapping[int, int]]] = {
    "2A35": (7, {1: 7, 2: 2, 3: 1, 4: 2}),
    "2A36": (7, {1: 7, 2: 2, 3: 1, 4: 2}),
    "2A18": (10, {0: 2, 1: 3, 3: 2}),
    "2A34": (3, {0: 3, 1: 1, 2: 1, 3: 3, 4: 3, 6: 2, 7: 1}),
    "2A9D": (3, {1: 7, 2: 1, 3: 4}),
    "2A1C": (5, {1: 7, 2: 1}),
    "2A5E": (5, {0: 7, 1: 2, 2: 3, 3: 2}),
    "2A37": (2, {0: 1, 3: 2, 4: 2}),
}
FIXED = {
    "2A08": 7,
    "2A2B": 10,
    "2AAA": 9,
    "adv:181B:xiaomi": 13,
    "adv:181D:xiaomi": 10,
    "omron:HEM-7142T2": 14,
    "sfloat": 2,
    "float32": 4,
}
BODY = {1: 7, 2: 1} | dict.fromkeys(range(3, 12), 2)


def cgm(payload: bytes) -> bytes:
    """Random bytes as a record of the right size, so that more than its first byte is looked at."""
    return bytes([len(payload) + 1]) + payload


PACKETS = st.binary(max_size=40) | st.binary(min_size=5, max_size=20).map(cgm)


@pytest.mark.parametrize("uuid", DECODERS)
@given(packet=PACKETS, quirks=st.sets(st.sampled_from(sorted(KNOWN))))
@settings(max_examples=300)
def test_any_bytes_decode_or_are_refused_and_what_decodes_encodes_to_itself(
    uuid: str, packet: bytes, quirks: set[str]
) -> None:
    try:
        value = decode(uuid, packet, quirks=quirks)
    except DecodeError:
        return
    value.describe()
    if isinstance(value, ContinuousGlucose) and any(record.crc_ok is False for record in value.records):
        with pytest.raises(ValueError, match="check sum"):
            value.encode()
        return
    assert decode(uuid, value.encode(), quirks=quirks - {"beurer-be"}) == value


@pytest.mark.parametrize("uuid", LAYOUTS)
def test_every_combination_of_flags_needs_its_fields_and_no_more(uuid: str) -> None:
    always, optional = LAYOUTS[uuid]
    unused = [bit for bit in range(8) if bit not in optional]
    for count in range(len(optional) + 1):
        for bits in combinations(optional, count):
            flags = sum(1 << bit for bit in bits)
            size = always + sum(optional[bit] for bit in bits)
            _needs(uuid, bytes([flags]), size)
            for bit in unused if uuid != "2A37" else ():
                decode(uuid, bytes([flags | 1 << bit]).ljust(size, b"\1"))


@given(st.sets(st.sampled_from(sorted(BODY))))
def test_body_composition_needs_the_fields_it_announces_and_no_more(bits: set[int]) -> None:
    flags = sum(1 << bit for bit in bits)
    _needs("2A9C", flags.to_bytes(2, "little"), 4 + sum(BODY[bit] for bit in bits))


@pytest.mark.parametrize(("uuid", "size"), FIXED.items())
def test_a_fixed_packet_needs_its_size(uuid: str, size: int) -> None:
    _needs(uuid, b"", size)


def _needs(uuid: str, head: bytes, size: int) -> None:
    whole = head.ljust(size, b"\1")
    value = decode(uuid, whole)
    for short in range(size):
        with pytest.raises(DecodeError):
            decode(uuid, whole[:short])
    if uuid != "2A37":  # there, more bytes are more RR intervals
        assert decode(uuid, whole + b"\xff\xff\xff") == value


@pytest.mark.parametrize(
    ("request_", "hex_"),
    [(report_all(), "0101"), (report_from(258), "0103010201"), (count_all(), "0401"), (abort(), "0300")],
)
def test_requests_are_the_bytes_of_the_profile(request_: bytes, hex_: str) -> None:
    assert request_.hex() == hex_
    assert decode("2A52", request_).encode() == request_


def test_a_request_is_described() -> None:
    assert decode("2A52", report_from(7)).describe() == {"op": "report", "operator": 3, "operand": "010700"}


@pytest.mark.parametrize(("packet", "count"), [("050001", 1), ("05000201", 258), ("050004030201", 0x01020304)])
def test_a_count_comes_in_one_two_or_four_bytes(packet: str, count: int) -> None:
    assert decode("2A52", bytes.fromhex(packet)).describe() == {"op": "count", "n": count}


@pytest.mark.parametrize(
    "packet",
    ["0101", "0106", "010301ff00", "0102 02 e20704110f3300", "01040101000200", "0402050102", "0101ff", "02050102"],
)
def test_a_request_that_has_what_its_operator_needs_is_read(packet: str) -> None:
    sent = bytes.fromhex(packet)
    assert decode("2A52", sent).encode() == sent


@pytest.mark.parametrize("packet", ["0103", "010301", "01030102", "0104010100", "010302e20704110f33"])
def test_a_request_without_the_bounds_that_its_operator_needs_is_refused(packet: str) -> None:
    with pytest.raises(DecodeError, match="operand"):
        decode("2A52", bytes.fromhex(packet))


@pytest.mark.parametrize(
    "packet", ["", "01", "0000", "0701", "0500", "0501", "05010201", "0500010203", "050001020304ff", "06", "060001"]
)
def test_what_is_no_record_access_is_refused(packet: str) -> None:
    with pytest.raises(DecodeError):
        decode("2A52", bytes.fromhex(packet))
