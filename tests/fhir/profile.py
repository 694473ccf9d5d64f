"""Whether a resource keeps to a profile's cardinalities and fixed values, slices included; read from its snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
_FIXED = re.compile(r"(fixed|pattern)[A-Z]")


class _Element:
    """One element of a snapshot and what stands below it, by the last part of its id."""

    def __init__(self, said: Json) -> None:
        self.said = said
        self.below: dict[str, _Element] = {}

    @property
    def fixed(self) -> Any:
        """The value it must have; None: any."""
        return next((value for key, value in self.said.items() if _FIXED.match(key)), None)


def problems(resource: Json, definition: Json) -> list[str]:
    """What the resource lacks, or has otherwise than the profile fixes it."""
    return list(_below(resource, _tree(definition), definition["id"]))


def _tree(definition: Json) -> _Element:
    first, *rest = definition["snapshot"]["element"]
    root = _Element(first)
    for said in rest:
        *way, last = said["id"].split(".")[1:]
        place = root
        for part in way:
            place = place.below[part]
        place.below[last] = _Element(said)
    return root


def _below(node: Json, element: _Element, where: str) -> Iterator[str]:
    for part, child in element.below.items():
        name, _, sliced = part.partition(":")
        found = _values(node, name)
        if sliced and not name.endswith("[x]"):
            found = [one for one in found if _is_of(one, child, element.below[name])]
        yield from _judged(found, child, f"{where}.{part}")


def _judged(found: list[Any], element: _Element, where: str) -> Iterator[str]:
    least, most = element.said.get("min", 0), element.said.get("max", "*")
    if len(found) < least or (most != "*" and len(found) > int(most)):
        yield f"{where}: {len(found)} instead of {least}..{most}"
    for one in found:
        if element.fixed is not None and one != element.fixed:
            yield f"{where}: {one!r} instead of {element.fixed!r}"
        if isinstance(one, dict):
            yield from _below(one, element, where)


def _is_of(value: Json, sliced: _Element, whole: _Element) -> bool:
    """Whether a value belongs to the slice: it has what the slice fixes at every place that tells slices apart."""
    for discriminator in whole.said["slicing"]["discriminator"]:
        way = discriminator["path"].split(".")
        wanted = set(_fixed_at(sliced, way))
        if wanted and not wanted <= set(_at(value, way)):
            return False
    return True


def _fixed_at(element: _Element, way: list[str]) -> Iterator[Any]:
    if not way:
        if element.fixed is not None:
            yield element.fixed
        return
    for part, child in element.below.items():
        if part.partition(":")[0] == way[0]:
            yield from _fixed_at(child, way[1:])


def _at(value: Any, way: list[str]) -> Iterable[Any]:
    if not way:
        return [value]
    return [leaf for one in _values(value, way[0]) for leaf in _at(one, way[1:])]


def _values(node: Json, name: str) -> list[Any]:
    if name.endswith("[x]"):
        stem = name.removesuffix("[x]")
        return [value for key, value in node.items() if re.match(rf"{stem}[A-Z]", key)]
    value = node.get(name, [])
    return value if isinstance(value, list) else [value]
