"""How much disk an installation takes: the files of every distribution that an extra brings, as they lie in this .venv.

Nothing is fetched. Ours is the wheel, built from this checkout.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
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
    ours = _wheel()
    baseline = (ours + _brought_by(_SERVER)) / _MEGABYTE
    for extras in (_GATEWAY, _KIOSK):
        megabytes = (ours + _brought_by(extras)) / _MEGABYTE
        yield Figure(name=f"installed size of maixun[{','.join(extras)}]", value=megabytes, unit="MB",
                     baseline_name="maixun[server]", baseline=baseline)  # fmt: skip


def _brought_by(extras: tuple[str, ...]) -> int:
    """Bytes of all distributions that `maixun[extras]` needs here, ours left out."""
    wanted, found = [("maixun", frozenset(extras))], dict[str, frozenset[str]]()
    while wanted:
        name, extra = wanted.pop()
        if extra <= found.get(name, frozenset()) and name in found:
            continue
        found[name] = found.get(name, frozenset()) | extra
        wanted += _needs(name, found[name])
    return sum(_size(name) for name in found if name != "maixun")


def _needs(name: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in _distribution(name).requires or ():
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


def _wheel() -> int:
    """Bytes of our own wheel, unpacked."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, str(_ROOT)]
        subprocess.run(command, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("maixun-*.whl")
        return sum(member.file_size for member in zipfile.ZipFile(wheel).infolist())
