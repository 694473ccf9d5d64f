"""`maixun clips`: makes the kiosk's spoken prompts, Chinese and English; once, or after their sentences changed."""

from __future__ import annotations

import argparse
import sys

from gateway.kiosk import clips
from maixun.runtime import speech
from maixun.runtime.errors import PackagesUnavailable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It needs none."""


def run(_options: argparse.Namespace) -> int:
    """Make what is missing. Returns the exit code."""
    if not clips.missing(clips.folder()):
        return 0
    try:
        program, environment = speech.find(print)
        made = clips.make(clips.Speaker(program, environment), clips.folder())
    except (PackagesUnavailable, clips.Speechless) as why:
        print(f"clips: the kiosk stays silent and says so: {why}; or install espeak-ng and try again", file=sys.stderr)
        return 1
    print(f"clips: {made} spoken prompts made in {clips.folder()}")
    return 0
