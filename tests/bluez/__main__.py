"""`python -m tests.bluez [arguments of pytest]`: the radio's stories in the virtual machine."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from maixun.runtime import prefix
from maixun.runtime.errors import PackagesUnavailable
from tests.bluez import machine
from tests.bluez.bundle import BLUETOOTH

_ROOT = Path(__file__).parent.parent.parent
_STORIES = "tests/gateway/ble"
# An emulated processor is some ten times slower than the one that emulates it.
_PACE = 6
_WITHIN = 1800.0


def main(arguments: Sequence[str]) -> int:
    """Fetches what is missing, runs the stories, returns their exit code."""
    if platform.machine() != "x86_64":
        print("the virtual machine is an x86_64 one, and Debian's packages for it must be had: not here")
        return 1
    try:
        home = prefix.ensure(BLUETOOTH, print)
    except PackagesUnavailable as why:
        print(why, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="maixun-bluez-") as folder:
        initrd = Path(folder) / "initrd"
        initrd.write_bytes(machine.first_files(home, _script(home, arguments)))
        return machine.run(machine.command(home, initrd), within=_WITHIN)


def _script(home: Path, arguments: Sequence[str]) -> str:
    """What is run in the machine, with this very Python and this checkout."""
    environment = {
        "PATH": f"{home / 'usr/bin'}:{os.environ['PATH']}",
        "HOME": "/run",
        "TMPDIR": "/run",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MAIXUN_TEST_BLUETOOTHD": str(home / "usr/libexec/bluetooth/bluetoothd"),
        "MAIXUN_TEST_PACE": str(_PACE),
    }
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--confcutdir={_STORIES}", "-v", "--color=no"]
    which = [] if any(argument.startswith(_STORIES) for argument in arguments) else [_STORIES]
    words = [*pytest, "-m", "not emulated_adapter", *which, *arguments]
    settings = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    return "\n".join([f"cd {shlex.quote(str(_ROOT))}", *settings, shlex.join(words)]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
