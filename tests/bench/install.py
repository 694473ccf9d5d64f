"""How much disk an installation takes: the files of every distribution that an extra brings, as they lie in this .venv.

Nothing is fetched. Ours is the wheel, built from this checkout.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, PathDistribution, distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.bench.figure import Figure

_ROOT = Path(__file__).parents[2]
_MEGABYTE = 1e6
_GATEWAY, _KIOSK, _SERVER = ("gateway",), ("gateway", "kiosk"), ("server",)


def figures() -> Iterator[Figure]:
    """A gateway and a kiosk beside a server."""
    with TemporaryDirectory() as folder:
        wheel = _wheel(Path(folder))
        sizes = {extras: _installed(wheel, extras) for extras in (_GATEWAY, _KIOSK, _SERVER)}
    for extras in (_GATEWAY, _KIOSK):
        yield Figure(name=f"installed size of maixun[{','.join(extras)}]", value=sizes[extras], unit="MB",
                     baseline_name="maixun[server]", baseline=sizes[_SERVER])  # fmt: skip


def _installed(wheel: Path, extras: tuple[str, ...]) -> float:
    """Megabytes of the wheel, unpacked, and of every distribution that it needs here with these extras."""
    archive = zipfile.ZipFile(wheel)
    (about,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    wanted = list(_needs(PathDistribution(zipfile.Path(archive, f"{about}/")), frozenset(extras)))
    found: dict[str, frozenset[str]] = {}
    while wanted:
        name, asked = wanted.pop()
        if name not in found or not asked <= found[name]:
            found[name] = found.get(name, frozenset()) | asked
            wanted += _needs(_distribution(name), found[name])
    unpacked = sum(member.file_size for member in archive.infolist())
    return (unpacked + sum(map(_size, found))) / _MEGABYTE


def _needs(of: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in of.requires or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield canonicalize_name(needed.name), frozenset(needed.extras)


def _size(name: str) -> int:
    files = (Path(str(file.locate())) for file in _distribution(name).files or ())
    return sum(path.stat().st_size for path in files if path.is_file())


def _distribution(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise AssertionError(
            f"{name} is not installed: run make, so that .venv is as pyproject.toml wants it"
        ) from None


def _wheel(folder: Path) -> Path:
    """Built from this checkout."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(_ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("maixun-*.whl"))
