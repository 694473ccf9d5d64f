"""PostgreSQL refuses to run as root, so root gives the servers another user; for everybody else nothing changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NOBODY = 65534  # `nobody` on every Linux; initdb looks its user up, so it must have a line in /etc/passwd


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """How to start a program as somebody who is not root.

    `wrapper`: command to put in front. `user`: uid to change to, or None; then the program's folders must belong to it.
    """

    wrapper: tuple[str, ...] = ()
    user: int | None = None

    @staticmethod
    @cache
    def choose() -> Unprivileged:
        """As root a namespace of one user, where files stay root's; where that is blocked, user nobody."""
        if os.geteuid() != 0:
            return Unprivileged()
        namespace = ("unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
        if (
            shutil.which("unshare")
            and subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0
        ):
            return Unprivileged(wrapper=namespace)
        return Unprivileged(user=NOBODY)

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end, output captured."""
        return subprocess.run(
            [*self.wrapper, *command],
            capture_output=True,
            text=True,
            check=False,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )

    def closed_folder(self, path: Path) -> Path | None:
        """The first folder on the way to `path` that this user may not enter; None for a user of our own rights."""
        if self.user is None:
            return None
        return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)

    def own(self, folder: Path) -> None:
        """Let that user write below `folder`."""
        if self.user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user, self.user, follow_symlinks=False)
