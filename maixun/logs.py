"""One line a happening, on standard error: time, level, process, message. Never a name, an ID number or a value."""

from __future__ import annotations

import logging
import os


def start(process: str) -> None:
    """Set up logging for a process; `MAIXUN_LOG` names the level (default INFO)."""
    logging.basicConfig(
        level=os.environ.get("MAIXUN_LOG", "INFO").upper(),
        format=f"%(asctime)s %(levelname)-7s {process} %(name)s: %(message)s",
        force=True,
    )
