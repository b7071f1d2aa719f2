"""What a log has opened and must close with itself."""

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar


class Closing(Protocol):
    """Something that says whether it was closed."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        ...


_Thing = TypeVar("_Thing", bound=Closing)


class Opened:
    """Holds on to everything opened until it is closed: a thing nobody refers to may have threads that live on."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._things: list[tuple[Closing, Callable[[], None]]] = []

    def keep(self, thing: _Thing, close: Callable[[], None]) -> _Thing:
        """Remembers how to close a thing, and gives it back."""
        with self._changing:
            self._things = [(known, how) for known, how in self._things if not known.closed]
            self._things.append((thing, close))
        return thing

    def close(self) -> None:
        """Closes what is still open, the latest first."""
        with self._changing:
            things, self._things = self._things, []
        for thing, close in reversed(things):
            if not thing.closed:
                close()
