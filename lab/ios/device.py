"""A simulated IOS-XE device and its terminal lines."""

import asyncio
import functools
import itertools
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import asyncssh

from lab.config.editor import Editor, Place
from lab.config.grammar import Grammar, load_grammar
from lab.config.rendering import rendered
from lab.config.tree import Node
from lab.device import Bench, Device, configured
from lab.estate import DeviceSpec
from lab.faults import FaultKind, Moment
from lab.hardware import ports_of
from lab.ios import clock, vtys
from lab.ios.rewrites import ios_rewrites
from lab.ios.terminal import Terminal
from lab.keys import known_hosts_line, new_host_key
from lab.session import Session

INDENT = 1
_LOG_LINES = 200
#: What an AAA server of the lab gives to whom it vouches for.
_AAA_PRIVILEGE = 15
_FACTORY = ("version 17.9", "hostname Router", "line con 0", "line vty 0 4")
_COMMITS = {
    # Lines take effect one by one here: a change begins with configuration mode and is whole when that ends.
    Moment.BEFORE: r"conf(?:igure|ig|i)?(?: t\S*)?(?: revert.*| lock)?|configure replace .*",
    Moment.AFTER: r"end|\x1a|configure replace .*",
}


@functools.cache
def ios_grammar() -> Grammar:
    """The grammar of IOS-XE, read once."""
    tables = resources.files("lab.ios") / "tables"
    names = ("global.yaml", "interface.yaml", "routing.yaml", "exec.yaml")
    return load_grammar(*((tables / name).read_text() for name in names))


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRevert:
    """A change that reverts unless it is confirmed. `minutes` are the vendor's; `before` is what comes back."""

    before: Node
    user: str
    minutes: int
    armed: datetime
    timers: tuple[asyncio.TimerHandle, ...]

    def cancel(self) -> None:
        """Stops the timers."""
        for timer in self.timers:
            timer.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingReload:
    """A reload that is scheduled. `due` is in the loop's time, `at` on the wall, as the device says it."""

    by: str
    reason: str
    at: datetime
    due: float
    timers: tuple[asyncio.TimerHandle, ...]

    def cancel(self) -> None:
        """Stops the timers."""
        for timer in self.timers:
            timer.cancel()


class Line(Session):
    """A VTY with somebody on it: `number` is its own, `privilege` the level at which its user works.

    `config_place` is where the next configuration line goes while `in_config` is true.
    """

    def __init__(self, device: "IosDevice", id_: str, peer: str, number: int) -> None:
        super().__init__(id_, peer)
        self.device = device
        self.number = number
        self.privilege = 1
        section = vtys.section(device.running, number)
        self.length = vtys.setting(section, "length", 24)
        self.width = vtys.setting(section, "width", 80)
        self.monitor = False
        self.in_config = False
        self.config_place: Place = ()
        self.terminal = Terminal(self._send)
        self._write: Callable[[str], None] | None = None
        self._drop: Callable[[], None] | None = None

    def connected(self, drop: Callable[[], None]) -> None:
        """Tells the line how its connection is dropped."""
        self._drop = drop

    def attached(self, write: Callable[[str], None]) -> None:
        """Tells the line where its output goes."""
        self._write = write

    def _send(self, text: str) -> None:
        if self._write is not None and not self.gone:
            self._write(text)

    def abort(self) -> None:
        """Drops the connection."""
        if self._drop is not None:
            self._drop()
        self.terminal.hang_up()

    @property
    def timeout(self) -> float | None:
        """After how many seconds without input the line hangs up."""
        minutes = vtys.idle_minutes(vtys.section(self.device.running, self.number))
        return None if minutes is None else minutes * self.device.bench.minute

    @property
    def place(self) -> str:
        """Where the user sits, as in `by admin on vty0 (10.0.0.5)`."""
        return f"{self.user} on vty{self.number} ({self.peer})"


ServeLine = Callable[[Line, socket.socket], Awaitable[None]]
"""Serves a connection on a line until it ends."""


class IosDevice(Device):
    """An IOS-XE router or switch: a command line over SSH, a revert timer, a scheduled reload, a configuration lock.

    `lock_owner` is who holds the configuration: a line, `console` for somebody else, or None. `revert` and `reload`
    are what is pending on the device itself, whoever began it. `archived` names the archived configurations in flash.
    """

    def __init__(self, spec: DeviceSpec, bench: Bench, serve_line: ServeLine) -> None:
        grammar = ios_grammar()
        ports = ports_of(grammar, spec.startup)
        editor = Editor(grammar, ios_rewrites(grammar, ports, bench.salt))
        base = configured(editor, (*_FACTORY, *(f"interface {port}" for port in sorted(ports))))
        super().__init__(spec, bench, editor, base)
        self.revert: PendingRevert | None = None
        self.reload: PendingReload | None = None
        self.lock_owner: Line | str | None = None
        self.log: list[str] = []
        self.archived: list[str] = []
        self._key = new_host_key(legacy=spec.legacy_crypto)
        self._serve_line = serve_line
        self._held = False

    @property
    def hostname(self) -> str:
        """The name in the prompt."""
        line = self.running.child("hostname")
        return line.text.removeprefix("hostname ") if line else "Router"

    @property
    def lines(self) -> list[Line]:
        """The lines that are taken."""
        return [session for session in self.sessions.values() if isinstance(session, Line)]

    @property
    def host_key(self) -> asyncssh.SSHKey:
        """The key that the device proves itself with."""
        return self._key

    def new_identity(self) -> None:
        """Gives the device a new host key."""
        self._key = new_host_key(legacy=self.spec.legacy_crypto)

    def trust(self) -> tuple[list[str], dict[str, bytes]]:
        """The device's known_hosts line."""
        return [known_hosts_line(self.spec.address, self.spec.port, self._key)], {}

    def text(self, config: Node) -> str:
        """A configuration as the device writes it to a file."""
        head = ["!", f"! Last configuration change at {clock.stamp(self.changed, config)}{self._by()}", "!"]
        return "\n".join((*head, *rendered(config, INDENT), "!", "end", ""))

    def _by(self) -> str:
        return f" by {self.changed_by}" if self.changed_by else ""

    def write_log(self, message: str) -> None:
        """Adds a message to the log, and shows it on lines with `terminal monitor`."""
        entry = f"{clock.log_stamp(self.bench.now())}: {message}"
        self.log = [*self.log[1 - _LOG_LINES :], entry]
        for line in self.lines:
            if line.monitor:
                line.terminal.tell(f"\n{entry}\n")

    def broadcast(self, text: str) -> None:
        """Writes a message on every line."""
        for line in self.lines:
            line.terminal.tell(text)

    # Who may come in.

    def free_line(self, peer: str) -> int | None:
        """The first line that is free and takes this peer."""
        if self.faults.has(FaultKind.VTY_EXHAUSTED):
            return None
        taken = {line.number for line in self.lines}
        free = itertools.filterfalse(taken.__contains__, range(vtys.count(self.running)))
        return next((number for number in free if vtys.lets_in(self.running, number, peer, self.spec.address)), None)

    def welcomes(self, peer: str, session: Session | None = None) -> bool:
        """Whether a line takes a new connection of this peer, or an existing session may go on."""
        if isinstance(session, Line):
            return vtys.lets_in(self.running, session.number, peer, self.spec.address)
        return self.free_line(peer) is not None

    def knows(self, name: str, password: str) -> vtys.User | None:
        """The user with this name, if the password is theirs and no fault refuses them."""
        if self.faults.strike(FaultKind.REFUSE_LOGIN, name):
            return None
        if self.vouched_for(name, password):
            return vtys.User(privilege=_AAA_PRIVILEGE, secret=None)
        user = vtys.user(self.running, name)
        if user is None or (user.secret is not None and not self.bench.logins.right(password, user.secret)):
            return None
        return user

    async def serve(self, connection: socket.socket, peer: str) -> None:
        """Serves one SSH connection."""
        number = self.free_line(peer)
        if number is None:
            return
        line = Line(self, self.next_id("vty"), peer, number)
        line.task = asyncio.current_task()
        # A terminal line is taken from the connection on, before anybody has logged in.
        self.sessions[line.id] = line
        try:
            await self._serve_line(line, connection)
        finally:
            self.sessions.pop(line.id, None)
            self.release(line)

    # The configuration lock.

    def release(self, line: Line) -> None:
        """Ends a line's hold on the configuration; it has left configuration mode or is gone."""
        if self.lock_owner is line:
            self.lock_owner = None
        # Losing the session ends configuration mode as `end` does.
        if line.in_config:
            line.in_config = False
            self.settle()

    def lock(self, *, held: bool) -> None:
        """Makes somebody on the console hold the configuration lock, or let go of it."""
        if held:
            self.lock_owner, self._held = "console", True
        # Only what this fault took is given back: a user may have taken the lock since.
        elif self._held:
            self.lock_owner, self._held = None, False

    def forget(self) -> None:
        """Drops the revert timer, the scheduled reload and the lock."""
        for pending in (self.revert, self.reload):
            if pending is not None:
                pending.cancel()
        self.revert = self.reload = None
        self.lock_owner, self._held = None, False
        self.log = []

    def usual_commit(self, moment: Moment) -> str:
        """The command that begins or ends a change."""
        return _COMMITS[moment]
