"""A device in memory: its configurations, what is staged and pending on it, and everything that was done to it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from automation.config.merge import merged
from automation.config.reading import read_change, read_device
from automation.config.tree import Tree
from automation.config.vendor import Vendor
from automation.platforms.contract import (
    LineRejectedError,
    LockedError,
    Pending,
    SessionLostError,
    UnconfirmedError,
    UnreachableError,
)


@dataclass(frozen=True, slots=True)
class _Timer:
    label: str
    ends: float
    before: Tree


@dataclass(slots=True)
class MemoryDevice:
    """One device. ``journal`` has what was done to it, in order; ``monotonic`` is the clock of its commit timer.

    ``before`` is called with the name of each step before it takes place, and may raise what a real device would;
    ``rejects`` are texts of lines that it refuses; ``deaf``: no connection comes about.
    """

    name: str
    vendor: Vendor
    running: Tree = field(default_factory=Tree)
    startup: Tree = field(default_factory=Tree)
    monotonic: Callable[[], float] = time.monotonic
    before: Callable[[str], None] = lambda _step: None
    rejects: frozenset[str] = frozenset()
    deaf: bool = False
    journal: list[str] = field(default_factory=list)
    _staged: dict[str, Tree] = field(default_factory=dict)
    _timer: _Timer | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def booted(cls, name: str, vendor: Vendor, config: str) -> "MemoryDevice":
        """A device that has just started from its configuration."""
        tree = read_device(config, vendor)
        return cls(name=name, vendor=vendor, running=tree, startup=tree)

    def step(self, step: str) -> None:
        """Notes a step, once nothing keeps it from happening; lets the timer run out first where its time has come."""
        with self._lock:
            self._let_time_pass()
            if self.deaf:
                raise UnreachableError(f"{self.name} does not answer")
            self.before(step)
            self.journal.append(step)

    def stage(self, label: str, text: str, *, replace: bool) -> Tree:
        """Prepares a configuration and says what it would be."""
        with self._lock:
            change = read_change(text, self.vendor)
            for line in change.texts():
                if line in self.rejects:
                    raise LineRejectedError(line, "% Invalid input")
            self._staged[label] = (
                read_device(text, self.vendor) if replace else merged(self.running, change, self.vendor)
            )
            return self._staged[label]

    def commit(self, label: str, timer: timedelta | None) -> None:
        """Makes what was staged effective."""
        with self._lock:
            if self._timer is not None:
                raise LockedError(f"{self._timer.label} is pending")
            if label not in self._staged:
                raise SessionLostError(f"nothing is staged as {label}")
            before, self.running = self.running, self._staged.pop(label)
            if timer is not None:
                self._timer = _Timer(label, self.monotonic() + timer.total_seconds(), before)

    def pending(self) -> Pending | None:
        """What waits for a confirmation."""
        with self._lock:
            self._let_time_pass()
            if self._timer is None:
                return None
            return Pending(label=self._timer.label, left=timedelta(seconds=self._timer.ends - self.monotonic()))

    def confirm(self, label: str) -> None:
        """Makes what is pending stay."""
        with self._lock:
            self._own(label)
            self._timer = None

    def revert(self, label: str) -> None:
        """Undoes what is pending."""
        with self._lock:
            self.running = self._own(label).before
            self._timer = None

    def discard(self, label: str) -> None:
        """Drops what is staged."""
        with self._lock:
            self._staged.pop(label, None)

    def save(self) -> None:
        """Writes running to startup."""
        with self._lock:
            self.startup = self.running

    def edit(self, lines: str) -> None:
        """Somebody edits the device by hand."""
        with self._lock:
            self.running = merged(self.running, read_change(lines, self.vendor), self.vendor)

    def power_cut(self) -> None:
        """Restarts from what was saved."""
        with self._lock:
            self.running, self._timer = self.startup, None
            self._staged.clear()

    def _own(self, label: str) -> _Timer:
        self._let_time_pass()
        if self._timer is None or self._timer.label != label:
            raise UnconfirmedError(f"nothing of {label} is pending on {self.name}")
        return self._timer

    def _let_time_pass(self) -> None:
        if self._timer is not None and self.monotonic() >= self._timer.ends:
            self.running, self._timer = self._timer.before, None
            self.journal.append("timer-fired")
