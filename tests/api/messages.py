"""Every text of the pages that must be translated, as found in templates and sources."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir

import api

API = Path(api.__file__).parent
METHODS = [("web/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
KEYWORDS = {"_": None, "msgid": None}


def used() -> dict[str, str]:
    """Text → one place that uses it."""
    found: dict[str, str] = {}
    for file, line, text, _comments, _context in extract_from_dir(API, METHODS, keywords=KEYWORDS):
        assert isinstance(text, str)
        found[text] = f"{file}:{line}"
    return found
