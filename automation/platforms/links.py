"""Connections to a device: TCP, straight or through a jump host. Whatever goes wrong here, nothing was sent to it."""

import contextlib
import socket

import paramiko

from automation.platforms.contract import DeviceBusyError, Endpoint, Limits, UnreachableError

#: After so much silence TCP asks whether the other side is there, so often, this many times (seconds, seconds, times).
_PROBES = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


class Leg:
    """The leg from a jump host to a device, as a socket: paramiko's channel, which raises where a socket does not."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        # paramiko looks at this of its sockets before it waits for its own thread.
        self._closed = False

    def settimeout(self, seconds: float | None) -> None:
        """How long sending and receiving may take."""
        self._channel.settimeout(seconds)

    def recv(self, most: int) -> bytes:
        """The next bytes; none where the other side has ended."""
        return self._channel.recv(most)

    def send(self, data: bytes) -> int:
        """Sends some of the bytes and says how many."""
        try:
            return self._channel.send(data)
        except (EOFError, paramiko.SSHException) as error:
            raise ConnectionResetError("the way through the jump host is gone") from error

    def sendall(self, data: bytes) -> None:
        """Sends all of the bytes."""
        while data:
            data = data[self.send(data) :]

    def close(self) -> None:
        """Ends the leg; the jump host may be gone already."""
        self._closed = True
        with contextlib.suppress(EOFError, OSError, paramiko.SSHException):
            self._channel.close()


#: What bytes go over.
Connection = socket.socket | Leg


def dial(endpoint: Endpoint, limits: Limits) -> socket.socket:
    """A TCP connection that notices when the other side is gone.

    Raises:
        UnreachableError: there is nobody, or no answer in time.
        DeviceBusyError: somebody is there, and hangs up.
    """
    try:
        connection = socket.create_connection((endpoint.address, endpoint.port), limits.connect.total_seconds())
    except ConnectionResetError as error:
        raise hung_up(endpoint) from error
    except OSError as error:
        raise UnreachableError(f"{where(endpoint)}: {reason(error)}") from error
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, value in _PROBES:
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
    # What was sent and never acknowledged: half-open TCP would wait a quarter of an hour otherwise.
    unanswered = round(limits.answer.total_seconds() * 1000)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unanswered)
    return connection


def hung_up(endpoint: Endpoint) -> DeviceBusyError:
    """The error for who hangs up before saying anything: a full device, or one whose access list denies us."""
    return DeviceBusyError(
        f"{where(endpoint)} hung up at once: all its lines are taken, or it does not let this address in"
    )


def where(endpoint: Endpoint) -> str:
    """How a message names an endpoint."""
    return f"{endpoint.name} ({endpoint.address} port {endpoint.port})"


def reason(error: Exception) -> str:
    """What an error says, or what it is called where it says nothing."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__
