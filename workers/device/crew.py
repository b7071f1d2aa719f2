"""The threads at work: never two on one device, and no more behind a jump host than it bears.

What has to wait waits in line and not on a thread: a thousand orders behind one jump host hold up nobody else's.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work on a device. ``via`` is the jump host on the way, if any, and ``bears`` how many tasks may go through it.

    A task keeps its place from its first session to its last: whoever is in the middle of a push, with a timer running
    on the device, must not have to queue for its second session behind others' first ones.
    """

    device: str
    work: Callable[[], None]
    via: str | None = None
    bears: int = 0


class Crew:
    """``size`` threads. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=size, thread_name_prefix="push")
        self._waiting: list[Task] = []
        self._devices: set[str] = set()
        self._through: Counter[str] = Counter()
        self._dismissed = False

    @property
    def running(self) -> int:
        """How many tasks are at work or in line."""
        with self._lock:
            return len(self._waiting) + len(self._devices)

    def enter(self, task: Task) -> None:
        """Begins a task, or puts it in line until its device and its jump host are free."""
        with self._lock:
            if not self._dismissed:
                self._waiting.append(task)
                self._admit()

    def dismiss(self) -> None:
        """Sends away who is in line, and whoever comes; those at work go on."""
        with self._lock:
            self._dismissed = True
            self._waiting.clear()

    def close(self) -> None:
        """Waits for those at work, and lets the threads go."""
        self.dismiss()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _admit(self) -> None:
        """Under the lock: begins what can begin, whoever came first going first."""
        for task in list(self._free()):
            self._waiting.remove(task)
            self._pool.submit(self._run, task)

    def _free(self) -> Iterator[Task]:
        for task in self._waiting:
            if task.device in self._devices or (task.via is not None and self._through[task.via] >= task.bears):
                continue
            self._devices.add(task.device)
            if task.via is not None:
                self._through[task.via] += 1
            yield task

    def _run(self, task: Task) -> None:
        try:
            task.work()
        finally:
            with self._lock:
                self._devices.discard(task.device)
                if task.via is not None:
                    self._through[task.via] -= 1
                if not self._dismissed:
                    self._admit()
