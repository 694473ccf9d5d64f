"""Imports point one way, and the edge stays light: read from the source, not from a running program."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEAVES = {
    "maixun.configuration",
    "maixun.endpoints",
    "maixun.known_people",
    "maixun.logs",
    "maixun.pushed",
    "maixun.secret_file",
    "maixun.stopping",
}

MAY_IMPORT = {
    "devices": {"devices"},
    "gateway": {"gateway", "devices", *LEAVES},
    "ingest": {"ingest", "devices", *LEAVES},
    "api": {"api", "ingest", "devices", "maixun_assets", *LEAVES},
    "maixun/runtime": {"maixun.runtime", *LEAVES},
}
LEAF_FILES = [f"{name.replace('.', '/')}.py" for name in sorted(LEAVES)]
SERVER_PACKAGES = {"psycopg", "psycopg_pool", "fastapi", "starlette", "uvicorn", "numpy", "cryptography", "argon2"}
PURE = ["devices", "ingest/alerting/rules.py", "ingest/alerting/episode.py", "ingest/checks.py"]
PURE += [f"ingest/alerting/{name}.py" for name in ("replay", "confirmation", "comparison", "candidate")]
PURE += [f"ingest/alerting/{name}.py" for name in ("escalation", "hours", "rota", "channels/message")]
OUTSIDE_WORLD = {
    "socket",
    "subprocess",
    "sqlite3",
    "threading",
    "asyncio",
    "psycopg",
    "paho",
    "bleak",
    "requests",
    "httpx",
}


def imported(file: Path) -> Iterator[str]:
    """Every module a file names, wherever in the file it does so."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def python_files(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def below(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


OURS = {"devices", "gateway", "ingest", "api", "maixun", "maixun_assets", "tests"}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in python_files(package)
        for module in imported(file)
        if below(module, OURS) and not below(module, MAY_IMPORT[package])
    ]
    assert wrong == []


@pytest.mark.parametrize("leaf", LEAF_FILES)
def test_the_common_ground_knows_nobody(leaf: str) -> None:
    assert [module for module in imported(ROOT / leaf) if below(module, OURS)] == []


# Heavier packages that a part of the edge needs, which is loaded only when that part is asked for
LOADED_WHEN_ASKED_FOR = {
    "gateway/key_pair.py": {"cryptography"},  # a key and a request, when a gateway is enrolled
    "devices/ecg": {"numpy"},  # when there is an ECG
    "gateway/kiosk": {"fastapi", "starlette", "uvicorn", "numpy"},  # when a gateway serves a kiosk
}
MAY_LOAD_ECG = ("devices/ecg", "gateway/ecg", "api/ecg.py", "api/ecg_paper.py", "maixun/commands/ecg.py")


@pytest.mark.parametrize("package", ["devices", "gateway"])
def test_the_edge_needs_no_server_package(package: str) -> None:
    found = {
        (file.relative_to(ROOT).as_posix(), module)
        for file in python_files(package)
        for module in imported(file)
        if below(module, SERVER_PACKAGES - allowed(file))
    }
    assert found == set()


def allowed(file: Path) -> set[str]:
    place = file.relative_to(ROOT)
    return {name for part, names in LOADED_WHEN_ASKED_FOR.items() if place.is_relative_to(part) for name in names}


def test_the_ecg_and_its_numpy_are_imported_only_by_what_is_asked_for_an_ecg() -> None:
    found = {
        place.as_posix()
        for package in (*MAY_IMPORT, "maixun")
        for file in python_files(package)
        for place in [file.relative_to(ROOT)]
        if not any(place.is_relative_to(part) for part in MAY_LOAD_ECG)
        and any(below(module, {"devices.ecg", "gateway.ecg"}) for module in imported(file))
    }
    assert found == set()


FOLLOW_UPS = [
    f"ingest/followups/{name}.py"
    for name in ("plan", "course", "packages", "period", "risks", "rehearsal", "form", "entry", "outcome", "order")
]


@pytest.mark.parametrize("place", [*PURE, *FOLLOW_UPS, "ingest/alerting/classification.py"])
def test_the_core_touches_neither_network_nor_disk_nor_database(place: str) -> None:
    found = {module for file in python_files(place) for module in imported(file) if below(module, OUTSIDE_WORLD)}
    assert found == set()
