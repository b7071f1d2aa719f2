"""A listening socket whose connections are looked at before anything is said on them."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Awaitable, Callable

from lab.errors import AddressError

Admit = Callable[[str], bool]
"""Whether a peer, by its address, may connect now."""

Serve = Callable[[socket.socket, str], Awaitable[None]]
"""Serves one connection of a peer, and closes its socket."""

_BACKLOG = 64
_LOGGER = logging.getLogger(__name__)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def reset(connection: socket.socket) -> None:
    """Ends a connection as a closed port would: with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.close()


def handed_over(connection: socket.socket) -> socket.socket:
    """The same connection for an asyncio transport to own and close; the listener will not close it any more."""
    return socket.socket(fileno=connection.detach())


class Listener:
    """Accepts connections on one address and port and serves each in a task of its own."""

    def __init__(self, name: str, address: str, port: int, admit: Admit, serve: Serve) -> None:
        self._name, self._address, self._port = name, address, port
        self._admit, self._serve = admit, serve
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begins to listen; raises AddressError where the address or port cannot be had."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.settimeout(0)
            listening.bind((self._address, self._port))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            raise AddressError(self._name, self._address, self._port, error.strerror or str(error)) from error
        self._socket = listening
        self._accepting = asyncio.get_running_loop().create_task(self._accept(listening))

    def shut(self) -> None:
        """Stops listening; connections that are served go on."""
        if self._accepting is not None:
            self._accepting.cancel()
            self._tasks.add(self._accepting)
            self._accepting.add_done_callback(self._tasks.discard)
            self._accepting = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    async def close(self) -> None:
        """Stops listening and serving, and waits until every task has ended."""
        self.shut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, (peer, _) = await loop.sock_accept(listening)
            except OSError:
                # The peer has gone, or there are no descriptors left just now.
                await asyncio.sleep(0.05)
                continue
            if not self._admit(peer):
                reset(connection)
                continue
            task = loop.create_task(self._run(connection, peer))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # A mistake in the lab ends one connection; it must not pass for a device that hangs up.
        if not task.cancelled() and task.exception() is not None:
            _LOGGER.error("%s: a connection ended by a mistake in the lab", self._name, exc_info=task.exception())

    async def _run(self, connection: socket.socket, peer: str) -> None:
        with contextlib.suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._serve(connection, peer)
