"""Turns templates into pages: one Jinja environment a language, times in one zone, addresses with fingerprints."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api import language, visit_words, words
from api.language import Language, translator
from api.navigation import bar
from maixun.configuration import ConfigurationError

WEB = Path(__file__).parent / "web"
STATIC = WEB / "static"


class Pages:
    """Renders templates. Safe to use from several threads."""

    def __init__(self, zone: ZoneInfo, now: Callable[[], datetime], causes: Mapping[str, Mapping[str, str]]) -> None:
        """`zone` is where times are shown, `now` the present in UTC, `causes` what alerts are about, by language."""
        self._zone, self._now, self._causes = zone, now, causes
        self._environments = {each: self._environment(each) for each in Language}

    def render(self, spoken: Language, template: str, /, **context: object) -> str:
        """A template as text, without a request: for rows of the live stream."""
        return self._environments[spoken].get_template(template).render(**context)

    def show(self, request: Request, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """A template as the answer to a request, in the visitor's language."""
        spoken = language.of(request)
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        text = self.render(spoken, template, path=request.url.path, here=here, now=self._now(), **context)
        return HTMLResponse(text, status_code=status)

    def _environment(self, spoken: Language) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(WEB / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        translate = translator(spoken)
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            translate, lambda one, many, n: translate(one if n == 1 else many), newstyle=True
        )
        environment.globals.update(
            language=spoken.value,
            other=next(each for each in Language if each is not spoken).value,
            static=lambda name: f"/static/{name}?v={_fingerprint(STATIC / name)}",
            asset=lambda name: f"/assets/{name}?v={_fingerprint(assets() / name)}",
            words=words,
            visit_words=visit_words,
            bar=lambda viewer: bar(viewer, spoken),
            cause=lambda name: self._causes.get(name, {}).get(spoken.value, name),
        )
        environment.filters.update(
            local=self._local,
            age=self._age,
            number=number,
            whole=whole,
            prose=prose,
            iso=lambda moment: moment.isoformat(),
        )
        return environment

    def _local(self, moment: datetime | str) -> str:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def _age(self, born: date) -> int:
        return age(born, self._now().astimezone(self._zone).date())


def age(born: date, today: date) -> int:
    """Completed years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def number(value: float) -> str:
    """A measured value without an empty decimal: 128, 6.1."""
    return f"{value:.1f}".removesuffix(".0")


def whole(value: float) -> str:
    """A value that meters show without decimals, as alerts write it: a kilopascal meter's 218.26 mmHg is 218."""
    return f"{value:.0f}"


def prose(text: str) -> Markup:
    """A paragraph of an API description: `code` and **bold** as HTML, everything else escaped."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", marked))  # noqa: S704 - escaped above


@cache
def assets() -> Path:
    """The folder of the browser's libraries. Raises `ConfigurationError` when the package is not installed."""
    if find_spec("maixun_assets") is None:
        raise ConfigurationError("the browser's libraries are not installed: run `make run`, or `pip install ./assets`")
    return Path(str(files("maixun_assets"))) / "vendor"


@cache
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
