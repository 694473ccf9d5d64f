"""The kernel's modules that the machine needs, each after those it depends on."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator
from pathlib import Path

from maixun.runtime.errors import PackagesUnavailable

# The host's files and a layer above them; Bluetooth with an adapter of ours; the cryptography of pairing, of which
# bluetoothd and the kernel ask by the algorithm's name, so that no dependency tells.
NEEDED = (
    *("9pnet_virtio", "9p", "overlay", "virtio_rng"),
    *("hci_vhci", "uhid"),
    *("cmac", "ccm", "ctr", "ecdh_generic", "algif_hash", "algif_skcipher"),
)
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


class Modules:
    """Those of one kernel, from an unpacked package."""

    def __init__(self, folder: Path) -> None:
        """`folder`: usr/lib/modules/<version>."""
        self._files = {_name(file.name): file for file in folder.rglob("*.ko.xz")}
        self._built_in = {_name(line) for line in (folder / "modules.builtin").read_text().split()}

    def in_order(self) -> dict[str, bytes]:
        """The modules' files by name, in the order in which they can be loaded; the kernel itself unpacks them."""
        found: dict[str, bytes] = {}
        for name in NEEDED:
            for needed, content in self._with_dependencies(name):
                found.setdefault(needed, content)
        return found

    def _with_dependencies(self, name: str) -> Iterator[tuple[str, bytes]]:
        if name in self._built_in:
            return
        if name not in self._files:
            raise PackagesUnavailable(f"Debian's kernel has no module {name} any more: see tests/bluez/modules.py")
        compressed = self._files[name].read_bytes()
        told = _DEPENDS.search(lzma.decompress(compressed))
        for needed in told[1].decode().split(",") if told else ():
            if needed:
                yield from self._with_dependencies(_name(needed))
        yield name, compressed


def _name(file: str) -> str:
    """Dashes and underscores are one and the same in a module's name."""
    return file.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
