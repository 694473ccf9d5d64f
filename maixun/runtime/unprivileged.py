"""PostgreSQL refuses to run as root, so root gives the servers another user; for everybody else nothing changes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NOBODY = 65534  # on every Linux; initdb looks its user up, so it must have a line in /etc/passwd


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """How to start a program as somebody who is not root.

    `wrapper`: command to put in front. `owner`: uid that the program's folders must belong to, None for our own.
    """

    wrapper: tuple[str, ...] = ()
    owner: int | None = None

    @staticmethod
    @cache
    def choose() -> Unprivileged:
        """For root a namespace of one user, where files stay root's; where that is blocked, user nobody."""
        if os.geteuid() != 0:
            return AS_WE_ARE
        return IN_NAMESPACE if IN_NAMESPACE.works() else AS_NOBODY

    def works(self) -> bool:
        """Whether programs can be started so here."""
        try:
            return self.run(["true"]).returncode == 0
        except FileNotFoundError:
            return False

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end, output captured."""
        return subprocess.run([*self.wrapper, *command], capture_output=True, text=True, check=False)

    def own(self, folder: Path) -> None:
        """Let that user write below `folder`."""
        if self.owner is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.owner, self.owner, follow_symlinks=False)


AS_WE_ARE = Unprivileged()
IN_NAMESPACE = Unprivileged(("unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}"))
# Keeps one of root's capabilities: the checkout and the cache may lie in a home that is closed to nobody.
# The securebit makes access(2), by which PostgreSQL looks for its programs, respect it.
AS_NOBODY = Unprivileged(
    (
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"),
    ),
    owner=NOBODY,
)
