"""Debian packages without root: an apt of its own (folders, lists, status), `dpkg -x` instead of an installation."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from maixun.runtime.errors import PackagesUnavailable
from maixun.runtime.packages import SUITE, Bundle

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class PrivateApt:
    """apt-get with every folder below `folder`, knowing one source: `mirror`, release trixie."""

    def __init__(self, folder: Path, mirror: str) -> None:
        """Lay the folders out; nothing is fetched yet."""
        if not _KEYRING.is_file():
            raise PackagesUnavailable("Debian's keys are missing: install the package debian-archive-keyring")
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {mirror} {SUITE} main\n")
        self.archives = folder / "cache/archives"
        self._options = [
            f"-oDir::Etc::sourcelist={folder / 'sources.list'}",
            "-oDir::Etc::sourceparts=/dev/null",
            f"-oDir::State::Lists={folder / 'lists'}",
            f"-oDir::State::status={folder / 'status'}",
            f"-oDir::Cache={folder / 'cache'}",
            "-oAPT::Sandbox::User=",  # there is no privilege to drop, and user _apt cannot enter these folders
            "-oAPT::Install-Recommends=false",
            "-oAcquire::Languages=none",
            "-oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
            "-oAcquire::Retries=3",
            "-oDebug::NoLocking=true",
        ]

    def fetch(self, bundle: Bundle) -> list[Path]:
        """Download the bundle's packages, with their dependencies if it asks for them. Returns the .deb files."""
        self._run(self.archives, "update")
        if bundle.closure:
            self._run(self.archives, "install", "--download-only", "--yes", *bundle.packages)
        else:
            self._run(self.archives, "download", *bundle.packages)
        return sorted(self.archives.glob("*.deb"))

    def _run(self, folder: Path, *words: str) -> None:
        _run(["apt-get", "-qq", *self._options, *words], folder)


def unpack(archives: Iterable[Path], root: Path, unwanted: Sequence[str]) -> None:
    """Extract every archive below `root` and remove what matches `unwanted` (globs relative to `root`)."""
    for archive in archives:
        _run(["dpkg", "-x", str(archive), str(root)], root)
    for pattern in unwanted:
        for path in list(root.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise PackagesUnavailable(f"{command[0]} is missing: embedded services need a Debian-like system") from None
    if done.returncode:
        raise PackagesUnavailable(
            f"{command[0]} failed ({done.stderr.strip() or done.stdout.strip() or done.returncode})"
        )
