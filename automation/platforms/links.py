"""Connections to a device: TCP, straight or through a jump host. Whatever goes wrong here, nothing was sent to it."""

import socket

import paramiko

from automation.platforms.contract import Endpoint, Limits, UnreachableError

#: What bytes go over: TCP, or a channel of a jump host that leads to it.
Connection = socket.socket | paramiko.Channel

#: After so much silence TCP asks whether the other side is there, so often, this many times (seconds, seconds, times).
_PROBES = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


def dial(endpoint: Endpoint, limits: Limits) -> socket.socket:
    """A TCP connection that notices when the other side is gone.

    Raises:
        UnreachableError: there is nobody, or no answer in time.
    """
    try:
        connection = socket.create_connection((endpoint.address, endpoint.port), limits.connect.total_seconds())
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


def where(endpoint: Endpoint) -> str:
    """How a message names an endpoint."""
    return f"{endpoint.name} ({endpoint.address} port {endpoint.port})"


def reason(error: Exception) -> str:
    """What an error says, or what it is called where it says nothing."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__
