"""Candidate rules beside the current ones: one file in its place, or a whole folder; and what differs between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import yaml

from maixun.configuration import ConfigurationError

Documents = Mapping[str, Any]  # parsed YAML by file name, "rules/glucose.yaml"
_ABSENT = object()


def read(path: Path, current: Documents) -> Documents:
    """The rules with a candidate file in its place, or all those of a folder. Raises `ConfigurationError`."""
    if path.is_dir():
        found = {f"rules/{file.name}": _parsed(file.name, _text(file)) for file in sorted(path.glob("*.yaml"))}
        if not found:
            raise ConfigurationError(f"{path} holds no *.yaml: name a folder of rule files, or one file")
        return found
    return with_file(path.name, _text(path), current)


def with_file(name: str, text: str, current: Documents) -> Documents:
    """The current rules with one candidate in place of the file of its name, else of that of its kinds of reading.

    Raises `ConfigurationError` when it is not YAML or takes no file's place.
    """
    document = _parsed(name, text)
    own = f"rules/{PurePath(name).name}"
    kinds = document.get("kinds") if isinstance(document, dict) else None
    same_kinds = (each for each, other in current.items() if kinds and other.get("kinds") == kinds)
    place = own if own in current else next(same_kinds, None)
    if place is None:
        raise ConfigurationError(f"{name} takes the place of no rule file: call it as one of {', '.join(current)}")
    return {**current, place: document}


def differences(current: Documents, candidate: Documents) -> list[dict[str, str]]:
    """What is not the same: `{file, where, current, candidate}`, "–" where there is nothing."""
    found = []
    for file in sorted({*current, *candidate}):
        one, other = _flat(current, file), _flat(candidate, file)
        for where in [*one, *(where for where in other if where not in one)]:
            before, after = one.get(where, _ABSENT), other.get(where, _ABSENT)
            if before != after:
                found.append({"file": file, "where": where, "current": _shown(before), "candidate": _shown(after)})
    return found


def _flat(documents: Documents, file: str) -> dict[str, Any]:
    return dict(_leaves(documents[file])) if file in documents else {}


def _leaves(part: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the way to it; parts of a list go by their `name` where they have one."""
    if isinstance(part, dict) and part:
        for key, value in part.items():
            yield from _leaves(value, f"{where}.{key}" if where else str(key))
    elif isinstance(part, list) and any(isinstance(each, dict) for each in part):
        for number, each in enumerate(part, 1):
            yield from _leaves(each, f"{where}[{each.get('name', number) if isinstance(each, dict) else number}]")
    else:
        yield where, part


def _shown(value: Any) -> str:
    return "–" if value is _ABSENT else str(value)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None


def _parsed(name: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name} is not YAML: {error}") from None
