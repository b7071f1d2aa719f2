"""Waiting for records: woken at once by this process, and within milliseconds by others."""

import threading
import time
from collections.abc import Sequence

from events.log.sqlite.database import Database

# How often the files are asked whether another process changed them; asking costs some 3 microseconds.
_ASK_S = 0.004


class Bell:
    """Rung after every append of this process."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._rings = 0

    def ring(self) -> None:
        """Wakes everybody who waits."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def watch(self, databases: Sequence[Database]) -> "Watch":
        """What tells whether these files changed from now on."""
        return Watch(self, databases)

    @property
    def rings(self) -> int:
        """How often it was rung."""
        return self._rings

    def wait(self, rings: int, timeout_s: float) -> None:
        """Waits until it was rung more often than ``rings``, or the time is over."""
        with self._rung:
            self._rung.wait_for(lambda: self._rings != rings, timeout_s)


class Watch:
    """Whether some files changed since it was made."""

    def __init__(self, bell: Bell, databases: Sequence[Database]) -> None:
        self._bell = bell
        self._databases = databases
        self._rings = bell.rings
        self._versions = [database.version() for database in databases]

    def wait(self, timeout_s: float) -> None:
        """Returns when something changed, or the time is over."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0 and not self._changed():
            self._bell.wait(self._rings, min(left, _ASK_S))

    def _changed(self) -> bool:
        return self._bell.rings != self._rings or self._versions != [database.version() for database in self._databases]
