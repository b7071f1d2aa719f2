"""One connection of a client to a device."""

import asyncio
from abc import ABC, abstractmethod

from lab.errors import LabError


class SessionGoneError(LabError):
    """The connection is gone; what was going on for it ends. Never leaves the lab."""


class Session(ABC):
    """A connection as its device sees it: `id` tells it from others, `peer` is the client's address."""

    def __init__(self, id_: str, peer: str) -> None:
        self.id = id_
        self.peer = peer
        self.user = ""
        self.gone = False
        self.task: asyncio.Task[None] | None = None

    def cut(self) -> None:
        """Drops the connection without a word, and ends what is going on for it."""
        if self.gone:
            return
        self.gone = True
        self.abort()
        if self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()

    @abstractmethod
    def abort(self) -> None:
        """Drops the connection."""

    def check(self) -> None:
        """Raises SessionGoneError once the connection was cut."""
        if self.gone:
            raise SessionGoneError
