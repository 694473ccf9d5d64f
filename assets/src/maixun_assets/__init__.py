"""Third-party JavaScript as files of a Python package, so that no page asks another host for anything."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """The folder to serve: htmx.min.js, echarts.min.js, and their licences."""
    return Path(__file__).parent / "vendor"
