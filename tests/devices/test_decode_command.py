"""`maixun decode` as a person uses it."""

from __future__ import annotations

import json

import pytest

from maixun.cli import main
from tests.devices.vectors import VECTORS


def test_it_prints_what_the_bytes_say(capsys: pytest.CaptureFixture[str]) -> None:
    for vector in VECTORS:
        quirks = [word for quirk in vector.quirks for word in ("--quirk", quirk)]
        code = main(["decode", vector.uuid, vector.packet.hex(), *quirks])
        printed = capsys.readouterr()
        if vector.refused:
            assert code == 2
            assert printed.out == ""
            assert vector.uuid in printed.err
        else:
            assert code == 0
            assert json.loads(printed.out) == vector.expected


def test_bytes_may_be_written_as_tools_print_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "2A08", "E2:07:04-11 0f3300"]) == 0
    assert json.loads(capsys.readouterr().out) == "2018-04-17T15:51:00"


@pytest.mark.parametrize("wrong", ["0", "0x16", "zz", "1 6"])
def test_what_is_no_hex_is_explained(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "2A35", wrong]) == 2
    assert "is not hex" in capsys.readouterr().err
