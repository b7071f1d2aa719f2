"""SSH to an IOS device: who is let in, and what connects a channel to a line."""

import asyncio
import socket
from typing import Any

import asyncssh

from lab.device import Bench
from lab.estate import DeviceSpec
from lab.faults import FaultKind
from lab.ios.device import IosDevice, Line
from lab.ios.shell import Shell
from lab.ios.terminal import HangupError
from lab.journal import Event
from lab.listener import handed_over
from lab.session import SessionGoneError

_LOGIN_SECONDS = 60
_GOODBYE_SECONDS = 1
_LEGACY_EXCHANGE = ("diffie-hellman-group14-sha1",)
_SERVER_VERSION = "Cisco-1.25"
_ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31m"


class _Channel(asyncssh.SSHServerSession[str]):
    """A shell on a line."""

    def __init__(self, line: Line, opened: "asyncio.Future[None]") -> None:
        self._line = line
        self._opened = opened
        self._channel: asyncssh.SSHServerChannel[str] | None = None
        self._is_shell = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[str]) -> None:
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:  # noqa: ANN401, ARG002 - theirs
        return True

    def shell_requested(self) -> bool:
        return not self._opened.done()

    def session_started(self) -> None:
        # A connection has one line, so a second channel on it is refused and must not disturb the first.
        self._is_shell = self._channel is not None
        if self._channel is not None:
            self._line.attached(self._channel.write)
        self._opened.set_result(None)

    def data_received(self, data: str, datatype: int | None) -> None:  # noqa: ARG002 - theirs
        self._line.terminal.feed(data)

    def eof_received(self) -> bool:
        self._hang_up()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - theirs
        self._hang_up()

    def _hang_up(self) -> None:
        if self._is_shell:
            self._line.terminal.hang_up()

    def pause_writing(self) -> None:
        self._line.terminal.pause()

    def resume_writing(self) -> None:
        self._line.terminal.resume()


class _Server(asyncssh.SSHServer):
    """The SSH server of one connection."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._line.connected(conn.abort)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - theirs
        self._line.terminal.hang_up()
        if not self.opened.done():
            self.opened.set_exception(HangupError())
            # Looked at, or asyncio complains where nobody was waiting yet.
            self.opened.exception()

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - theirs
        device = self._line.device
        banner = device.running.child("banner login")
        escapes = _ESCAPES if device.faults.has(FaultKind.ESCAPES) else ""
        if self._connection is not None and (banner or escapes):
            text = banner.text.split("^C")[1] if banner else ""
            self._connection.send_auth_banner(f"{text}{escapes}\n".replace("\n", "\r\n"))
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        line, device = self._line, self._line.device
        user = device.knows(username, password)
        event = Event.LOGIN if user else Event.LOGIN_REFUSED
        device.journal.write(event, user=username, peer=line.peer, session=line.id)
        if user is None:
            return False
        line.user = username
        # As where an AAA server authorises no privilege at login, so that `enable` is needed.
        starts_low = device.spec.user_mode and user.privilege == 15
        line.privilege = 1 if starts_low else user.privilege
        return True

    def session_requested(self) -> _Channel:
        return _Channel(self._line, self.opened)


def _options(key: asyncssh.SSHKey, *, legacy: bool) -> asyncssh.SSHServerConnectionOptions:
    keys = list(asyncssh.load_keypairs([key]))
    if legacy:
        # Gear of that age does not know the SHA-2 signatures of an RSA key.
        keys[0].host_key_algorithms = [b"ssh-rsa"]
    return asyncssh.SSHServerConnectionOptions(
        server_host_keys=keys,
        server_version=_SERVER_VERSION,
        kex_algs=_LEGACY_EXCHANGE if legacy else (),
        encoding="utf-8",
        errors="replace",
        login_timeout=_LOGIN_SECONDS,
        compression_algs=None,
        line_editor=False,
        allow_scp=False,
        agent_forwarding=False,
        x11_forwarding=False,
    )


async def serve_line(line: Line, connection: socket.socket) -> None:
    """Serves the shell of one connection until it ends."""
    device = line.device
    server = _Server(line)
    ssh: asyncssh.SSHServerConnection | None = None
    options = _options(device.host_key, legacy=device.spec.legacy_crypto)
    try:
        ssh = await asyncssh.run_server(handed_over(connection), options=options, server_factory=lambda: server)
        await asyncio.wait_for(server.opened, _LOGIN_SECONDS)
        await Shell(line).run()
    except (asyncssh.Error, OSError, TimeoutError, HangupError, SessionGoneError):
        pass
    finally:
        line.gone = True
        if line.user:
            device.journal.write(Event.LOGOUT, user=line.user, peer=line.peer, session=line.id)
        if ssh is not None:
            await _closed(ssh)


async def _closed(ssh: asyncssh.SSHServerConnection) -> None:
    """Says goodbye, and does not wait long for a client that does not answer."""
    ssh.close()
    try:
        await asyncio.wait_for(ssh.wait_closed(), _GOODBYE_SECONDS)
    except (TimeoutError, asyncio.CancelledError):
        ssh.abort()


def ios_device(spec: DeviceSpec, bench: Bench) -> IosDevice:
    """A device that serves its command line over SSH once it is started."""
    return IosDevice(spec, bench, serve_line)
