"""What was typed into a visit form, checked against it: values, and what is wrong with which field. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ingest.followups.form import Field, Form

Raw = Mapping[str, Sequence[str]]  # as a browser sends it: every name with all its values
TEXT_LIMIT = 300
MEDICATIONS = 8  # rows of the form


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a field cannot be taken as it is; `values` fill the places of the text that `code` stands for."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """Values by key, as typed types; problems by key; keys a complete form still needs."""

    values: Mapping[str, Any]
    problems: Mapping[str, Problem]
    missing: tuple[str, ...]


def check(form: Form, raw: Raw) -> Entry:
    """Everything that was typed, and what is wrong with it. Nothing typed is lost: the page shows `raw` again."""
    values: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for each in form.fields():
        value, problem = _read(each, raw)
        if problem is not None:
            problems[each.key] = problem
        elif value not in (None, "", []):
            values[each.key] = value
    missing = tuple(each.key for each in form.fields() if each.required and each.key not in values)
    return Entry(values, problems, tuple(key for key in missing if key not in problems))


def _read(each: Field, raw: Raw) -> tuple[Any, Problem | None]:
    typed = [text.strip() for text in raw.get(each.key, ()) if text.strip()]
    match each.kind:
        case "mass_index":
            return None, None
        case "choices":
            return _choices(each, typed)
        case "medications":
            return _medications(raw)
        case _ if not typed:
            return None, None
        case "number":
            return _number(each, typed[0])
        case "choice":
            return (typed[0], None) if typed[0] in each.options else (None, Problem("unknown_choice"))
        case "date":
            return _date(typed[0])
        case _:
            return (
                (typed[0], None) if len(typed[0]) <= TEXT_LIMIT else (None, Problem("too_long", {"most": TEXT_LIMIT}))
            )


def _number(each: Field, text: str) -> tuple[float | None, Problem | None]:
    try:
        value = round(float(text.replace("，", ".").replace(",", ".")), each.decimals)
    except ValueError:
        return None, Problem("not_a_number")
    low, high = each.low or 0, each.high or 0
    if not low <= value <= high:  # also NaN
        return None, Problem("out_of_range", {"low": f"{low:g}", "high": f"{high:g}"})
    return value, None


def _choices(each: Field, typed: list[str]) -> tuple[list[str], Problem | None]:
    if any(code not in each.options for code in typed):
        return [], Problem("unknown_choice")
    if each.alone in typed and len(typed) > 1:
        return [], Problem("alone")
    return [code for code in each.options if code in typed], None


def _date(text: str) -> tuple[str | None, Problem | None]:
    try:
        return date.fromisoformat(text).isoformat(), None
    except ValueError:
        return None, Problem("not_a_date")


def _medications(raw: Raw) -> tuple[list[dict[str, str]], Problem | None]:
    """Name, times a day and dose, a row each; a row without a name but with a dose is wrong."""
    rows = [
        {part: _one(raw, f"medication_{part}_{number}") for part in ("name", "times", "dose")}
        for number in range(MEDICATIONS)
    ]
    filled = [row for row in rows if any(row.values())]
    if any(not row["name"] for row in filled):
        return [], Problem("medication_without_name")
    if any(len(text) > TEXT_LIMIT for row in filled for text in row.values()):
        return [], Problem("too_long", {"most": TEXT_LIMIT})
    return filled, None


def _one(raw: Raw, name: str) -> str:
    return next((text.strip() for text in raw.get(name, ())), "")


def typed(form: Form, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The other way round: stored values as a browser would send them, for a form that is opened again."""
    raw: dict[str, list[str]] = {}
    for each in form.fields():
        value = values.get(each.key)
        if each.kind == "medications":
            for number, row in enumerate(value or []):
                raw |= {f"medication_{part}_{number}": [row.get(part, "")] for part in ("name", "times", "dose")}
        elif isinstance(value, list):
            raw[each.key] = [str(code) for code in value]
        elif value is not None:
            raw[each.key] = [f"{value:.{each.decimals}f}" if each.kind == "number" else str(value)]
    return raw
