"""Ways to a device: straight, or through a jump host, to which there is one login for as long as the way is open."""

import contextlib
import socket
import threading
from functools import partial
from typing import Protocol

import paramiko

from automation.platforms.contract import Endpoint, Limits, UnreachableError
from automation.platforms.links import Connection, Leg, dial, reason, where
from automation.platforms.ssh import log_in

_PIECE = 65536


class Way(Protocol):
    """A way that can be taken several times."""

    def open(self) -> Connection:
        """A connection to the device.

        Raises:
            PlatformError: none came about.
        """
        ...

    def close(self) -> None:
        """Gives the way up, with whatever still goes over it."""
        ...


class Straight:
    """Straight to the device."""

    def __init__(self, device: Endpoint, limits: Limits) -> None:
        self._device = device
        self._limits = limits

    def open(self) -> Connection:
        """A TCP connection, see :func:`dial`."""
        return dial(self._device, self._limits)

    def close(self) -> None:
        """Nothing is kept open."""


class ThroughJumpHost:
    """Through a jump host: what is sent to the device, its host key included, goes past the jump host unseen."""

    def __init__(self, device: Endpoint, via: Endpoint, limits: Limits) -> None:
        self._device = device
        self._via = via
        self._limits = limits
        self._client = log_in(via, partial(dial, via, limits), limits)

    def open(self) -> Connection:
        """A channel that leads to the device.

        Raises:
            UnreachableError: the jump host does not reach the device, or is gone.
        """
        transport = self._client.get_transport()
        target = (self._device.address, self._device.port)
        if transport is None:
            raise UnreachableError(f"{where(self._device)}: the way through {where(self._via)} was given up")
        try:
            return Leg(transport.open_channel("direct-tcpip", target, ("127.0.0.1", 0), timeout=self._seconds))
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise UnreachableError(f"{where(self._device)} through {where(self._via)}: {reason(error)}") from error

    @property
    def _seconds(self) -> float:
        return self._limits.connect.total_seconds()

    def close(self) -> None:
        """Logs out of the jump host."""
        self._client.close()


def way_to(device: Endpoint, via: Endpoint | None, limits: Limits) -> Way:
    """The way to a device.

    Raises:
        PlatformError: the jump host does not let us in.
    """
    return Straight(device, limits) if via is None else ThroughJumpHost(device, via, limits)


def real_socket(connection: Connection) -> socket.socket:
    """A connection as a socket of the operating system, which TLS needs."""
    if isinstance(connection, socket.socket):
        return connection
    # OpenSSL reads from a descriptor, and a channel has none that bytes come out of.
    ours, theirs = socket.socketpair()
    for source, sink in ((theirs, connection), (connection, theirs)):
        threading.Thread(target=_pump, args=(source, sink, theirs), name="jump", daemon=True).start()
    return ours


def _pump(source: Connection, sink: Connection, local: socket.socket) -> None:
    """Copies until one side ends, then ends both."""
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        # A close alone would not wake the other direction up.
        local.shutdown(socket.SHUT_RDWR)
    for side in (source, sink):
        side.close()
