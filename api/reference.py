"""The reference of the JSON interface: the page /docs, drawn from the same OpenAPI document programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from api import access
from api.services import Database, Given

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call: how to make it, what it asks for, what it answers."""

    method: str
    path: str
    summary: str
    text: str
    parameters: list[dict[str, Any]]
    body: str | None
    answers: list[tuple[str, str, str | None]]

    @property
    def anchor(self) -> str:
        """The name by which a link on the page finds it."""
        return f"{self.method}-{self.path}".lower().replace("/", "-").replace("{", "").replace("}", "")


@router.get("/docs")
def show(request: Request, given: Given, connection: Database) -> Response:
    """The reference as a page: nothing on it comes from another host."""
    document = request.app.openapi()
    return given.pages.show(
        request,
        "reference.html",
        viewer=access.find_viewer(request, connection),
        title=document["info"]["title"],
        version=document["info"]["version"],
        about=document["info"]["description"],
        groups=[(tag, list(operations(document, tag["name"]))) for tag in document["tags"]],
    )


def operations(document: dict[str, Any], tag: str) -> Iterator[Operation]:
    """The calls of one group, in the document's order."""
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if tag in call.get("tags", ()):
                yield _operation(document, method, path, call)


def _operation(document: dict[str, Any], method: str, path: str, call: dict[str, Any]) -> Operation:
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return Operation(
        method=method.upper(),
        path=path,
        summary=call["summary"],
        text=call.get("description", ""),
        parameters=[_parameter(document, one) for one in call.get("parameters", [])],
        body=_as_text(example(document, body)) if body else None,
        answers=[_answer(document, status, one) for status, one in call["responses"].items() if status != "422"],
    )


def example(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """An example value of a schema: its own, else one put together from its parts."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example(document, _followed(document, schema))
    if "anyOf" in schema:
        return example(document, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: example(document, part) for name, part in schema.get("properties", {}).items()}
    if "prefixItems" in schema:
        return [example(document, part) for part in schema["prefixItems"]]
    if schema.get("type") == "array":
        return [example(document, schema["items"])]
    return _PLAIN.get(schema.get("format", schema.get("type", "")))


_PLAIN = {
    "integer": 57,
    "number": 1.0,
    "boolean": True,
    "string": "…",
    "date": "1951-04-02",
    "date-time": "2026-11-21T08:02:00Z",
    "uuid": "019a9d2c-1f40-8a11-9c53-0d9a6f2b7e10",
}


def _followed(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _parameter(document: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    schema = _followed(document, parameter["schema"])
    parts = [_followed(document, part) for part in schema.get("anyOf", [schema])]
    kinds = [part.get("format") or part.get("type", "") for part in parts if part.get("type") != "null"]
    choices = [value for part in parts for value in part.get("enum", [])]
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter.get("required", False),
        "kind": " | ".join(str(choice) for choice in choices) or " ".join(kinds),
        "default": schema.get("default", parameter["schema"].get("default")),
        "text": parameter.get("description", ""),
    }


def _answer(document: dict[str, Any], status: str, answer: dict[str, Any]) -> tuple[str, str, str | None]:
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return status, answer.get("description", ""), _as_text(example(document, schema)) if schema else None


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
