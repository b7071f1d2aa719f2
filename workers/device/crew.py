"""Who is at work: how many orders, and never two of them on one device."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Crew:
    """Counts the orders in hand and keeps each device to one of them. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._devices: set[str] = set()
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
