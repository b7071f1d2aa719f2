"""What a namespace's kernel was told: every route and address that came or went, however briefly it was there."""

import os
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.frr.errors import FrrLabError
from lab.frr.namespaces import Network

LISTENING_WITHIN_S = 10.0


class WatchError(FrrLabError):
    """ip monitor does not listen."""


class KernelWatch:
    """IPv4 routes and addresses as `ip monitor` tells them while the context is open.

    What went begins with `Deleted`: `blackhole 10.1.0.0/16 proto 196 metric 20`, `Deleted blackhole 10.1.0.0/16 …`.
    """

    def __init__(self, network: Network) -> None:
        self._command = network.inside("ip", "-4", "-oneline", "monitor", "address", "route")
        self._said = b""

    def __enter__(self) -> Self:
        self._told = tempfile.TemporaryFile("w+b")
        self._process = subprocess.Popen(  # noqa: S603 (the lab's own words, no shell)
            self._command, stdin=subprocess.DEVNULL, stdout=self._told, stderr=subprocess.STDOUT
        )
        try:
            self._await_listening()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def lines(self) -> list[str]:
        """What has been told so far. It comes a moment after the kernel acted: wait for what should be there."""
        if not self._told.closed:
            self._said = self._read()
        return [" ".join(line.split()) for line in self._said.decode("utf-8", "replace").splitlines()]

    def came(self, what: str) -> bool:
        """Whether a line of something that was added has this in it."""
        return any(what in line and not line.startswith("Deleted") for line in self.lines)

    def went(self, what: str) -> bool:
        """Whether a line of something that was taken away has this in it."""
        return any(what in line and line.startswith("Deleted") for line in self.lines)

    def _await_listening(self) -> None:
        give_up = time.monotonic() + LISTENING_WITHIN_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() >= give_up:
                raise WatchError(f"ip monitor does not listen: {' '.join(self.lines)[-300:]}")
            time.sleep(0.005)

    def _listens(self) -> bool:
        """Whether the kernel lists a netlink socket of the process that belongs to groups."""
        pid = str(self._process.pid)
        try:
            rows = Path(f"/proc/{pid}/net/netlink").read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # it has ended
            return False
        return any(row[2] == pid and int(row[3], 16) for row in map(str.split, rows))

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._said = self._read()
        self._told.close()

    def _read(self) -> bytes:
        # At an offset of its own: the one that comes with the descriptor is the writer's.
        return os.pread(self._told.fileno(), os.fstat(self._told.fileno()).st_size, 0)
