"""Where Debian packages come from on this machine: its own apt settings, never a host name of ours."""

from __future__ import annotations

import os
import subprocess

from maixun.runtime.errors import PackagesUnavailable

_DEBIAN_RELEASES = frozenset(
    ["bookworm", "trixie", "forky", "duke", "oldstable", "stable", "testing", "unstable", "sid"]
)


def debian_mirror() -> str:
    """The URI of a Debian archive: `MAIXUN_DEBIAN_MIRROR`, else the first apt knows. Raises `PackagesUnavailable`."""
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
    """`<uri> <release>` of every configured source, in order; both styles of file, lists fetched or not."""
    command = [
        "apt-get",
        "indextargets",
        "--no-release-info",
        "--format",
        "$(REPO_URI) $(RELEASE)",
        "Created-By: Packages",
    ]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        raise PackagesUnavailable("this machine has no apt-get to fetch Debian packages with") from None
    return answer.stdout.splitlines()
