"""The wheel works outside the checkout: its data travels with it, and the edge needs none of the server's packages."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVER_ONLY = ["psycopg", "psycopg_pool", "fastapi", "uvicorn", "jinja2", "argon2", "cryptography", "numpy", "babel"]


def run(*words: str | Path, folder: Path) -> str:
    done = subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, ROOT, folder=folder)
    return next(folder.glob("maixun-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, and this one's dependencies without our checkout. Returns its `bin`."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=True)
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    run(sys.executable, "-m", "pip", "--python", home / "bin/python", "install", *options, wheel, folder=home)
    packages = next(home.glob("lib/python3*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # its own .pth files are not followed
    return home / "bin"


def test_it_decodes_a_packet_anywhere(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "maixun", "decode", "2A35", "1e80005200600007e70a1f0c1e004700010000", folder=tmp_path)
    assert "128" in said
    assert "82" in said


def test_its_configuration_travels_with_it(installed: Path, tmp_path: Path) -> None:
    code = "from maixun import configuration as c; print(c.folder()); c.load_all('**/*.yaml')"
    assert run(installed / "python", "-c", code, folder=tmp_path).strip().endswith("maixun/default_config")


def test_everything_that_is_not_python_is_in_it(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    data = [
        file.relative_to(ROOT).as_posix()
        for package in ("maixun", "devices", "gateway", "ingest", "api")
        for file in (ROOT / package).rglob("*")
        if file.is_file() and file.suffix not in {".pyc", ".py"}
    ]
    configuration = [file.relative_to(ROOT / "config") for file in (ROOT / "config").rglob("*") if file.is_file()]
    assert any(name.endswith(".sql") for name in data)
    assert set(data) <= packed
    assert {f"maixun/default_config/{name.as_posix()}" for name in configuration} <= packed
    assert not any(name.startswith("tests/") for name in packed)


def test_a_gateway_starts_without_the_servers_packages(installed: Path, tmp_path: Path) -> None:
    hidden = f"sys.modules.update(dict.fromkeys({SERVER_ONLY!r}))"  # None there: importing it fails
    code = f"import sys; {hidden}; from maixun.cli import main; main(['gateway', '--help'])"
    assert "--radio" in run(installed / "python", "-c", code, folder=tmp_path)
