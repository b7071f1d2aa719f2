"""Who is at work: how many orders, never two of them on one device, and no more than a jump host bears."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Crew:
    """Counts the orders in hand and keeps them apart. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._devices: set[str] = set()
        self._through: Counter[str] = Counter()
        self.running = 0

    def entered(self) -> None:
        """An order is in hand."""
        with self._changed:
            self.running += 1

    def left(self) -> None:
        """An order is no longer in hand."""
        with self._changed:
            self.running -= 1

    @contextmanager
    def alone_at(self, device: str) -> Iterator[None]:
        """Waits until nobody of this worker is at a device, and keeps others away meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: device not in self._devices)
            self._devices.add(device)
        try:
            yield
        finally:
            with self._changed:
                self._devices.discard(device)
                self._changed.notify_all()

    @contextmanager
    def through(self, jump_host: str | None, most: int) -> Iterator[None]:
        """Waits until so few orders go through a jump host that another one may.

        An order keeps its place from its first session to its last: whoever is in the middle of a push, with a timer
        running on the device, must not have to queue for its second session behind others' first ones.
        """
        if jump_host is None:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._through[jump_host] < most)
            self._through[jump_host] += 1
        try:
            yield
        finally:
            with self._changed:
                self._through[jump_host] -= 1
                self._changed.notify_all()
