"""Two machines on a cable that can be cut: network namespaces of our own, joined by two ends of a virtual Ethernet."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from maixun.runtime import binaries

SERVER, GATEWAY = "10.77.0.1", "10.77.0.2"  # only these two see each other: any private addresses would do
_CABLE = "cable"  # name of the Ethernet end in either machine
_PATIENCE = 20.0
# Run inside a machine: makes a socket there and hands it to the process that holds the other end of our input.
_MAKE_SOCKET = """
import socket
with socket.socket(fileno=0) as asker, socket.socket() as made:
    socket.send_fds(asker, [b"."], [made.fileno()])
"""


class Machine:
    """A network with nothing in it but loopback. `enter`: what to put before a command that is to run there."""

    def __init__(self, make: Sequence[str], *, own_user: bool) -> None:
        """`make`: the command that makes the namespaces. Raises `OSError` when it cannot."""
        self._holder = subprocess.Popen(
            [*make, "sh", "-c", "echo made; exec cat"],  # they live as long as somebody is in them: until we close it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "made\n":
            _, said = self._holder.communicate()
            raise OSError(said.strip())
        user = ("--user", "--preserve-credentials") if own_user else ()
        self.process_id = self._holder.pid
        self.enter = ("nsenter", f"--target={self.process_id}", *user, "--net")

    def close(self) -> None:
        """The namespaces are gone when the last process in them ends."""
        self._holder.communicate(timeout=_PATIENCE)

    def run(self, *command: str | Path) -> None:
        """Run a command in it, to its end."""
        done = subprocess.run([*self.enter, *command], capture_output=True, text=True, check=False, timeout=_PATIENCE)
        if done.returncode:
            raise OSError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")

    def socket(self) -> socket.socket:
        """A TCP socket that belongs to this machine, for our own use: sockets stay in the network they were made in."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            command = [*self.enter, sys.executable, "-I", "-c", _MAKE_SOCKET]
            subprocess.run(command, stdin=theirs.fileno(), check=True, timeout=_PATIENCE)
            _, (descriptor,), _, _ = socket.recv_fds(ours, 1, 1)
        made = socket.socket(fileno=descriptor)
        made.settimeout(_PATIENCE)
        return made


class Cable:
    """Joins `server` and `gateway`, which reach each other as `SERVER` and `GATEWAY`."""

    def __init__(self, server: Machine, gateway: Machine, ip: Path) -> None:
        """`ip`: the program of iproute2."""
        self.server = server
        self.gateway = gateway
        self._ip = ip
        peer = ("peer", "name", _CABLE, "netns", str(gateway.process_id))
        server.run(ip, "link", "add", "name", _CABLE, "type", "veth", *peer)
        for machine, address in ((server, SERVER), (gateway, GATEWAY)):
            machine.run(ip, "link", "set", "dev", "lo", "up")
            machine.run(ip, "address", "add", f"{address}/24", "dev", _CABLE)
            machine.run(ip, "link", "set", "dev", _CABLE, "up")

    def cut(self) -> None:
        """Pull it out at the server's end: the gateway's own settings are not touched, it only loses its carrier."""
        self.server.run(self._ip, "link", "set", "dev", _CABLE, "down")

    def mend(self) -> None:
        """Plug it in again."""
        self.server.run(self._ip, "link", "set", "dev", _CABLE, "up")

    def carries(self) -> bool:
        """Whether the gateway's end has a carrier, as the kernel sees it."""
        show = [*self.gateway.enter, str(self._ip), "-oneline", "link", "show", "dev", _CABLE]
        return ",LOWER_UP" in subprocess.run(show, capture_output=True, text=True, check=True, timeout=_PATIENCE).stdout


@contextmanager
def cable() -> Iterator[Cable]:
    """Two machines and their cable, gone at the end. As root or as anybody who may have a user namespace."""
    with ExitStack() as stack:
        server, own_user = _first_machine()
        stack.callback(server.close)
        gateway = Machine((*server.enter, "unshare", "--net"), own_user=own_user)
        stack.callback(gateway.close)
        yield Cable(server, gateway, binaries.ip(print))


def _first_machine() -> tuple[Machine, bool]:
    """Root needs no user namespace, in which it could not read the files of others; everybody else needs one."""
    refusals = []
    for make, own_user in ((("unshare", "--net"), False), (("unshare", "--user", "--map-root-user", "--net"), True)):
        try:
            return Machine(make, own_user=own_user), own_user
        except OSError as refusal:
            refusals.append(str(refusal))
    raise AssertionError(
        f"this machine lets us make no network namespace ({'; '.join(refusals)}): "
        "run as root, or allow user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
    )


class Relay:
    """Lets `SERVER` on the cable stand for a server of ours outside it: whatever connects there is carried on."""

    def __init__(self, server: Machine, port: int) -> None:
        """`port`: of the server on 127.0.0.1; the same on the cable."""
        self._port = port
        self._open: set[socket.socket] = set()
        self._listener = server.socket()
        self._listener.settimeout(None)
        self._listener.bind((SERVER, port))
        self._listener.listen()
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def close(self) -> None:
        """End every connection."""
        _hang_up(self._listener)
        for each in tuple(self._open):
            _hang_up(each)
        for thread in self._threads:
            thread.join(_PATIENCE)

    def _begin(self, work: Callable[..., None], *given: socket.socket) -> None:
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with self._listener, suppress(OSError):  # which is how it hears that it was closed
            while True:
                inner, _ = self._listener.accept()
                self._begin(self._carry, inner)

    def _carry(self, inner: socket.socket) -> None:
        """Bytes both ways, until either ends."""
        with inner, socket.create_connection(("127.0.0.1", self._port), _PATIENCE) as outer, suppress(OSError):
            self._open.add(inner)
            other = {inner: outer, outer: inner}
            while True:
                for source in select.select(list(other), [], [])[0]:
                    if not (received := source.recv(65_536)):
                        return
                    other[source].sendall(received)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be over already
        connection.shutdown(socket.SHUT_RDWR)
