"""Examples in a Markdown page: requests in ```http blocks, each followed by the answer, which a test compares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

ANYTHING = "…"  # in an example: whatever stands there
_BLOCKS = re.compile(r"```http\n(.+?)```\s*```(json|csv|text)(?: (\d{3}))?\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A request and its answer. `{etag}` and `{next}` stand for what the answer before gave."""

    method: str
    path: str
    headers: dict[str, str]
    form: str  # json | csv | text: no body
    status: int
    answer: str


def examples(page: Path) -> Iterator[Example]:
    """Those of a page, in order."""
    for request, form, status, answer in _BLOCKS.findall(page.read_text(encoding="utf-8")):
        first, *rest = request.strip().splitlines()
        method, path = first.split(" ", 1)
        headers = dict(line.split(": ", 1) for line in rest)
        yield Example(method, path, headers, form, int(status or 200), answer)


@dataclass
class Reader:
    """Somebody who follows the page, example by example."""

    client: TestClient
    remembered: dict[str, str] = field(default_factory=lambda: {"etag": "", "next": ""})

    def ask(self, example: Example) -> Response:
        """Send the request of an example."""
        filled = {name: self._filled(value) for name, value in example.headers.items()}
        answer = self.client.request(example.method, self._filled(example.path), headers=filled)
        self.remembered["etag"] = answer.headers.get("etag", "")
        if answer.content and example.form == "json" and answer.status_code == 200 and isinstance(answer.json(), dict):
            self.remembered["next"] = answer.json()["next"] or ""
        return answer

    def _filled(self, text: str) -> str:
        for name, value in self.remembered.items():
            text = text.replace("{" + name + "}", value)
        return text


def same(said: str, answer: Response, form: str) -> bool:
    """Whether an answer is the one that is written there."""
    if form == "json":
        return _fits(json.loads(said), answer.json())
    if form == "csv":
        return said.splitlines() == answer.content.decode("utf-8-sig").splitlines()
    return not answer.content


def _fits(said: Any, found: Any) -> bool:
    if said == ANYTHING:
        return True
    if isinstance(said, dict) and isinstance(found, dict):
        return said.keys() == found.keys() and all(_fits(value, found[key]) for key, value in said.items())
    if isinstance(said, list) and isinstance(found, list):
        return len(said) == len(found) and all(map(_fits, said, found))
    return bool(said == found)
