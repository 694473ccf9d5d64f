"""Where configuration lies and how it is read: YAML, unknown keys refused, single keys overridden by environment."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

_BESIDE_THE_PACKAGES = Path(__file__).parent.parent / "config"
_INSIDE_THE_WHEEL = Path(__file__).parent / "default_config"


class ConfigurationError(Exception):
    """A file is missing or wrong; the message names the file, the key and what to do."""


class Settings(BaseModel):
    """Base of every process's settings: frozen, and a key nobody knows stops the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=Settings)


@cache
def folder() -> Path:
    """The configuration folder: `MAIXUN_CONFIG`, else the checkout's `config/`, else the wheel's own copy."""
    named = os.environ.get("MAIXUN_CONFIG")
    for candidate in (Path(named) if named else _BESIDE_THE_PACKAGES, _INSIDE_THE_WHEEL):
        if (candidate / "metrics.yaml").is_file():
            return candidate
    raise ConfigurationError(
        f"no configuration in {named or _BESIDE_THE_PACKAGES}: set MAIXUN_CONFIG to a folder with metrics.yaml"
    )


def load(name: str) -> Any:
    """The parsed content of one configuration file, e.g. `load("rules/glucose.yaml")`."""
    path = folder() / name
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not YAML: {error}") from None


def load_all(pattern: str) -> dict[str, Any]:
    """Every file that matches, by its name relative to the folder, in order: `load_all("rules/*.yaml")`."""
    return {str(p.relative_to(folder())): load(str(p.relative_to(folder()))) for p in sorted(folder().glob(pattern))}


def settings(model: type[S], process: str) -> S:
    """Settings of one process: `config/<process>.yaml`, each top-level key overridable as `MAIXUN_<PROCESS>_<KEY>`."""
    values = dict(load(f"{process}.yaml") or {})
    for key in model.model_fields:
        override = os.environ.get(f"MAIXUN_{process}_{key}".upper())
        if override is not None:
            values[key] = yaml.safe_load(override)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(f"{folder() / process}.yaml: {error}") from None
