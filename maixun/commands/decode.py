"""`maixun decode UUID HEX`: what one characteristic's bytes say, as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from devices.gatt import DECODERS, DecodeError, decode
from devices.gatt.quirks import KNOWN

_WRONG_INPUT = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A characteristic and its bytes."""
    parser.add_argument("uuid", metavar="UUID", help=f"characteristic: {', '.join(DECODERS)}, or its 128-bit form")
    parser.add_argument("hex", metavar="HEX", help="the bytes in hex; spaces, colons and dashes are passed over")
    parser.add_argument("--quirk", action="append", default=[], choices=sorted(KNOWN), help="read as that meter sends")


def run(options: argparse.Namespace) -> int:
    """Print the JSON. Returns 0, or 2 with one sentence on standard error when the bytes do not decode."""
    try:
        packet = bytes.fromhex(options.hex.translate(str.maketrans(":-", "  ")))
    except ValueError:
        print(f"{options.hex!r} is not hex: give two digits 0-9, a-f for each byte", file=sys.stderr)
        return _WRONG_INPUT
    try:
        described = decode(options.uuid, packet, quirks=options.quirk).describe()
    except DecodeError as error:
        print(f"these bytes are no {options.uuid}: {error}", file=sys.stderr)
        return _WRONG_INPUT
    print(json.dumps(described, ensure_ascii=False))
    return 0
