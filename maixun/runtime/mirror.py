"""Where Debian packages come from on this machine: its own apt settings, never a host name of ours."""

from __future__ import annotations

import os
import subprocess

from maixun.runtime.errors import PackagesUnavailable

_DEBIAN_RELEASES = frozenset("bookworm trixie forky duke oldstable stable testing unstable sid".split())


def debian_mirror() -> str:
    """The URI of a Debian archive: `MAIXUN_DEBIAN_MIRROR`, else the first one apt is set up with. Raises `PackagesUnavailable`."""
    named = os.environ.get("MAIXUN_DEBIAN_MIRROR")
    if named:
        return named
    for line in _package_sources():
        uri, release = line.rsplit(" ", 1)
        if release in _DEBIAN_RELEASES:
            return uri
    raise PackagesUnavailable(
        "apt on this machine names no Debian archive: set MAIXUN_DEBIAN_MIRROR to one, "
        "or set MAIXUN_DATABASE and MAIXUN_BROKER to servers you have"
    )


def _package_sources() -> list[str]:
    """`<uri> <release>` of every configured source, in order; both styles of source file, whether or not lists were fetched."""
    command = [
        "apt-get",
        "indextargets",
        "--no-release-info",
        "--format",
        "$(REPO_URI) $(RELEASE)",
        "Created-By: Packages",
    ]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 fixed words
    except (FileNotFoundError, subprocess.CalledProcessError):
        raise PackagesUnavailable(
            "Debian packages need apt-get: install PostgreSQL 17 and Mosquitto 2.0.18 or later and set MAIXUN_DATABASE and MAIXUN_BROKER"
        ) from None
    return answer.stdout.splitlines()
