"""A virtual machine with Debian's kernel and the host's files, whose processor is emulated: it needs no privilege."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.bluez.archive import Entry, pack
from tests.bluez.modules import Modules

_ENDED = re.compile(r"the stories ended with (\d+)\s*$")
_HERE = Path(__file__).parent
# A quiet kernel that ends instead of waiting when something is wrong, and trusts the entropy it is given. It must not
# test its timer: on a busy computer an emulated one comes too late, and the kernel stops there.
_KERNEL_LINE = "console=ttyS0 quiet panic=-1 random.trust_cpu=on mitigations=off tsc=reliable no_timer_check"
_NO_RESULT = 2


def first_files(home: Path, script: str) -> bytes:
    """The first file system: `init`, busybox, modules, and `script`, which is run with the host's files around it."""
    (kernel,) = (home / "usr/lib/modules").iterdir()
    modules = Modules(kernel).in_order()
    entries = [
        Entry("init", (_HERE / "init").read_bytes()),
        Entry("busybox", (home / "usr/bin/busybox").read_bytes()),
        Entry("order", "".join(f"{name}\n" for name in modules).encode()),
        Entry("stories", script.encode()),
        *(Entry(f"modules/{name}", content) for name, content in modules.items()),
    ]
    return pack(entries, folders=("proc", "host", "layer", "root"))


def command(home: Path, initrd: Path) -> list[str]:
    """QEMU without screen, network or disk. Emulated, because a host's /dev/kvm may not take a Debian kernel."""
    (kernel,) = (home / "boot").glob("vmlinuz-*")
    return [
        str(home / "usr/bin/qemu-system-x86_64"),
        *("-L", str(home / "usr/share/qemu"), "-L", str(home / "usr/share/seabios")),
        *("-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1536"),
        *("-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-nic", "none"),
        *("-kernel", str(kernel), "-initrd", str(initrd), "-append", _KERNEL_LINE),
        *("-virtfs", "local,path=/,mount_tag=host,security_model=none,multidevs=remap,readonly=on"),
        *("-object", "rng-random,id=random,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=random"),
    ]


def run(words: Sequence[str], *, within: float) -> int:
    """Runs the machine, showing its console; ends it after `within` seconds. Returns the stories' exit code."""
    code = _NO_RESULT
    with_us = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []  # it never outlives us
    with subprocess.Popen(
        [*with_us, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as qemu:
        assert qemu.stdout is not None
        alarm = threading.Timer(within, qemu.kill)
        alarm.start()
        try:
            for line in qemu.stdout:
                print(line.rstrip(), flush=True)
                if ended := _ENDED.search(line.rstrip()):
                    code = int(ended[1])
        finally:
            alarm.cancel()
            qemu.kill()
    return code
