"""A jump host: an SSH server that forwards connections to devices of the lab and does nothing else."""

import asyncio
import hmac
import socket
from collections.abc import Awaitable, Callable
from typing import cast

import asyncssh
from asyncssh.forward import SSHForwarder

from lab.estate import JumpSpec
from lab.keys import known_hosts_line, new_host_key
from lab.listener import Listener, handed_over

_LOGIN_SECONDS = 60

Target = tuple[str, int]
"""An address and a port."""


class _Server(asyncssh.SSHServer):
    """One connection to the jump host."""

    def __init__(self, spec: JumpSpec, targets: frozenset[Target], gone: Callable[[], None]) -> None:
        self._spec = spec
        self._targets = targets
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - theirs
        self._gone()

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - theirs
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        # Both are compared whatever comes of the first, in constant time.
        same_user = hmac.compare_digest(username.encode(), self._spec.username.encode())
        same_password = hmac.compare_digest(password.encode(), self._spec.password.encode())
        return same_user and same_password

    def connection_requested(
        self,
        dest_host: str,
        dest_port: int,
        orig_host: str,  # noqa: ARG002 - theirs
        orig_port: int,  # noqa: ARG002 - theirs
    ) -> Awaitable[asyncssh.SSHTCPSession[bytes]]:
        if (dest_host, dest_port) not in self._targets:
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, f"{dest_host} port {dest_port} is no device of this lab"
            )
        return self._forward((dest_host, dest_port))

    async def _forward(self, target: Target) -> asyncssh.SSHTCPSession[bytes]:
        """What asyncssh does itself, but from the jump host's own address, which the devices' access lists see."""
        try:
            _, there = await asyncio.get_running_loop().create_connection(
                SSHForwarder, *target, local_addr=(self._spec.address, 0)
            )
        except OSError as error:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, str(error)) from error
        return cast("asyncssh.SSHTCPSession[bytes]", SSHForwarder(there))


class JumpHost:
    """The jump host; `connections` counts the clients that are connected."""

    def __init__(self, spec: JumpSpec, targets: frozenset[Target]) -> None:
        self.spec = spec
        self.connections = 0
        self._targets = targets
        self._key = new_host_key(legacy=False)
        self._open: set[asyncssh.SSHServerConnection] = set()
        self._listener = Listener(spec.name, spec.address, spec.port, self._admit, self._serve)

    async def start(self) -> None:
        """Begins to listen; raises AddressError where it cannot."""
        self._listener.open()

    async def stop(self) -> None:
        """Ends every connection and stops listening."""
        for connection in list(self._open):
            connection.abort()
        await self._listener.close()

    def known_hosts_line(self) -> str:
        """The line with which a client trusts the jump host."""
        return known_hosts_line(self.spec.address, self.spec.port, self._key)

    def _admit(self, _peer: str) -> bool:
        return self.connections < self.spec.connections

    async def _serve(self, connection: socket.socket, _peer: str) -> None:
        self.connections += 1
        ended = asyncio.Event()
        try:
            ssh = await asyncssh.run_server(
                handed_over(connection),
                server_factory=lambda: _Server(self.spec, self._targets, ended.set),
                server_host_keys=[self._key],
                login_timeout=_LOGIN_SECONDS,
                encoding=None,
            )
            self._open.add(ssh)
            try:
                await ended.wait()
            finally:
                self._open.discard(ssh)
                ssh.abort()
        except (asyncssh.Error, OSError, TimeoutError):
            pass
        finally:
            self.connections -= 1
