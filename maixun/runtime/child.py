"""How we start a process that is ours to look after: apart from the terminal, and never outliving us."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from maixun.runtime.unprivileged import AS_WE_ARE, Unprivileged


def start(
    command: Sequence[str],
    log: Path | None,
    *,
    stop_signal: signal.Signals,
    user: Unprivileged = AS_WE_ARE,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command`, output appended to `log` (None: our own). If we die first, the kernel sends it `stop_signal`.

    In a session of its own: Ctrl-C reaches only us, and we stop everything in order. From the main thread only: to the
    kernel the thread is the parent.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start processes from the main thread: they end with the thread that started them")
    with log.open("ab") if log else nullcontext() as output:
        return subprocess.Popen(
            [*user.wrapper, *_end_with_us(stop_signal), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,
            env=environment,
        )


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, within: float) -> None:
    """Ask it to end and wait `within` seconds for that; then it is killed."""
    process.send_signal(stop_signal)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log file, or a note that there is none."""
    if not log.is_file():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _end_with_us(stop_signal: signal.Signals) -> Sequence[str]:
    """Part of util-linux, so on every Debian; elsewhere a killed run leaves its servers behind."""
    if shutil.which("setpriv") is None:
        return ()
    return ("setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--")
