"""A simulated EOS switch and the HTTP connections to it."""

import asyncio
import functools
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from importlib import resources

from lab.config import access, facts
from lab.config.editor import Editor
from lab.config.grammar import Grammar, load_grammar
from lab.config.rendering import rendered
from lab.config.tree import Node
from lab.device import Bench, Device, configured
from lab.eos.rewrites import eos_rewrites
from lab.errors import FaultError
from lab.estate import DeviceSpec
from lab.faults import Fault, FaultKind, Moment
from lab.hardware import ports_of
from lab.keys import Certificate, new_certificate
from lab.session import Session

INDENT = 3
_FACTORY = ("no aaa root", "spanning-tree mode mstp", "no ip routing")
_COMMIT = r"configure session \S+ commit.*|commit.*|configure replace .*"
FOREIGN_SESSION = "ops-manual-change"


class SessionState(Enum):
    """What becomes of a configuration session."""

    PENDING = "pending"
    COMMIT_TIMER = "pendingCommitTimer"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSession:
    """A named candidate configuration, forked from the running one when it was opened.

    While a commit timer runs, `before` is what comes back when it fires and `due` when that is, in seconds of uptime.
    """

    name: str
    candidate: Node
    user: str
    state: SessionState = SessionState.PENDING
    before: Node | None = None
    due: float = 0.0
    timer: asyncio.TimerHandle | None = None
    completed: datetime | None = None


class HttpConnection(Session):
    """One HTTP connection of a client; `transport` is what is dropped when it is cut."""

    def __init__(self, id_: str, peer: str) -> None:
        super().__init__(id_, peer)
        self.transport: asyncio.Transport | None = None

    def abort(self) -> None:
        """Drops the connection."""
        if self.transport is not None:
            self.transport.abort()


ServeHttp = Callable[["EosDevice", HttpConnection, socket.socket], Awaitable[None]]
"""Serves a connection until it ends."""


@functools.cache
def eos_grammar() -> Grammar:
    """The grammar of EOS, read once."""
    tables = resources.files("lab.eos") / "tables"
    names = ("global.yaml", "interface.yaml", "routing.yaml", "exec.yaml")
    return load_grammar(*((tables / name).read_text() for name in names))


class EosDevice(Device):
    """An EOS switch: eAPI over HTTPS, configuration sessions, a commit timer."""

    def __init__(self, spec: DeviceSpec, bench: Bench, serve_http: ServeHttp) -> None:
        grammar = eos_grammar()
        ports = ports_of(grammar, spec.startup)
        editor = Editor(grammar, eos_rewrites(grammar, ports, bench.salt))
        base = configured(editor, (*_FACTORY, *(f"interface {port}" for port in sorted(ports))))
        super().__init__(spec, bench, editor, base)
        self.config_sessions: dict[str, ConfigSession] = {}
        self.sessions_opened = 0
        self._serve_http = serve_http
        self._certificate = self._new_certificate()
        self.tls = self._certificate.server_context()

    @property
    def hostname(self) -> str:
        """The name that the switch goes by."""
        return facts.value(self.running, "hostname") or "localhost"

    @property
    def uptime(self) -> float:
        """Seconds since the switch started."""
        return (self.bench.now() - self.booted).total_seconds()

    def new_identity(self) -> None:
        """Gives the switch a new certificate."""
        self._certificate = self._new_certificate()
        self.tls = self._certificate.server_context()

    def _new_certificate(self) -> Certificate:
        return new_certificate(self.spec.name, self.spec.address, self.bench.now())

    def trust(self) -> tuple[list[str], dict[str, bytes]]:
        """The switch's certificate."""
        return [], {self.spec.name: self._certificate.certificate}

    def text(self, config: Node) -> str:
        """A configuration as the switch writes it to a file."""
        return "\n".join((*self.header(), *rendered(config, INDENT), "!", "end", ""))

    def header(self) -> tuple[str, ...]:
        """The comment lines with which every configuration begins."""
        model, version = self.spec.model or "vEOS-lab", self.spec.version
        device = f"! device: {self.hostname} ({model}, EOS-{version})"
        return (device, "!", "! boot system flash:/vEOS-lab.swi", "!")

    # Who may come in.

    def welcomes(self, peer: str, session: Session | None = None) -> bool:  # noqa: ARG002 - the same for all
        """Whether the API listens in the management VRF and its access list lets the peer in."""
        api = self.running.child("management api http-commands")
        vrf = self._management_vrf()
        inside = api.child(f"vrf {vrf}") if api else None
        if api is None or not self._listens(api, inside, vrf):
            return False
        name = self._guard(api, inside, vrf)
        return name is None or access.permits(self._access_list(name), self._visit(peer))

    @staticmethod
    def _listens(api: Node, inside: Node | None, vrf: str) -> bool:
        # The API is off by default, so a line with the key `shutdown` says `no shutdown`; HTTPS is on by default.
        up = api.child("shutdown") is not None and api.child("protocol https") is None
        return up and (vrf == "default" or (inside is not None and inside.child("shutdown") is not None))

    @staticmethod
    def _guard(api: Node, inside: Node | None, vrf: str) -> str | None:
        for section, key in ((inside, "ip access-group"), (api, f"ip access-group vrf {vrf}")):
            line = section.child(key) if section else None
            if line is not None:
                return line.text.split()[2]
        line = api.child("ip access-group")
        return line.text.split()[2] if line is not None and vrf == "default" else None

    def _management_vrf(self) -> str:
        carriers = facts.carriers(self.running, self.spec.address)
        return (facts.value(carriers[0], "vrf") if carriers else None) or "default"

    def _access_list(self, name: str) -> Node | None:
        return self.running.child(f"ip access-list {name}") or self.running.child(f"ip access-list standard {name}")

    def _visit(self, peer: str) -> access.Visit:
        return access.Visit(
            source=ipaddress.IPv4Address(peer),
            target=ipaddress.IPv4Address(self.spec.address),
            services=frozenset({"443", "https"}),
        )

    def knows(self, name: str, password: str) -> bool:
        """Whether the user with this name has this password, and no fault refuses them."""
        if self.faults.strike(FaultKind.REFUSE_LOGIN, name):
            return False
        if self.vouched_for(name, password):
            return True
        words = (facts.value(self.running, f"username {name}") or "").split()
        # EOS lets nobody without a password in from the network.
        return "secret" in words and self.bench.logins.right(password, words[-1])

    async def serve(self, connection: socket.socket, peer: str) -> None:
        """Serves one HTTPS connection."""
        session = HttpConnection(self.next_id("http"), peer)
        session.task = asyncio.current_task()
        self.sessions[session.id] = session
        try:
            await self._serve_http(self, session, connection)
        finally:
            session.gone = True
            self.sessions.pop(session.id, None)

    def set_fault(self, fault: Fault) -> None:
        """Sets a fault from now on; raises FaultError for one that only a terminal can have."""
        if fault.kind is FaultKind.VTY_EXHAUSTED:
            raise FaultError(f"{self.spec.name} runs eos, which has no terminal lines to exhaust; use it on ios")
        super().set_fault(fault)

    def lock(self, *, held: bool) -> None:
        """Opens somebody else's configuration session, or drops it."""
        if held:
            self.config_sessions.setdefault(
                FOREIGN_SESSION, ConfigSession(name=FOREIGN_SESSION, candidate=self.running, user="ops")
            )
        else:
            self.config_sessions.pop(FOREIGN_SESSION, None)

    def forget(self) -> None:
        """Drops every configuration session and the commit timer."""
        for session in self.config_sessions.values():
            if session.timer is not None:
                session.timer.cancel()
        self.config_sessions = {}

    def usual_commit(self, moment: Moment) -> str:  # noqa: ARG002 - the same for both
        """The command that applies a change."""
        return _COMMIT
