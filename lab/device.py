"""What both platforms have in common: configuration, flash, sessions, journal, faults, restarts."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lab.config import facts
from lab.config.editor import Editor, Refused
from lab.config.hashes import Logins, Salt
from lab.config.loading import Typist
from lab.config.tree import EMPTY, Node
from lab.errors import StartupConfigError
from lab.estate import DeviceSpec
from lab.faults import Fault, FaultKind, Faults, Moment
from lab.journal import Event, Journal, Now
from lab.listener import Listener
from lab.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the devices of a lab share. `minute` is how many seconds a vendor's minute lasts here."""

    folder: Path
    minute: float
    now: Now
    salt: Salt
    logins: Logins


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file in a device's flash."""

    text: str
    written: datetime


class Device(ABC):
    """A device of the lab. Every method runs on the lab's event loop."""

    def __init__(self, spec: DeviceSpec, bench: Bench, editor: Editor, base: Node) -> None:
        self.spec = spec
        self.bench = bench
        self.editor = editor
        self.base = base
        self.faults = Faults()
        self.journal = Journal(bench.folder / "journal" / f"{spec.name}.jsonl", spec.name, bench.now)
        self.running = self.startup = base
        self.flash: dict[str, File] = {}
        self.sessions: dict[str, Session] = {}
        self.booted = self.changed = bench.now()
        self.changed_by = ""
        self.saved: datetime | None = None
        self.restart_reason = "Reload Command"
        self.up = False
        self._listener = Listener(spec.name, spec.address, spec.port, self._admit, self._serve_new)
        self._boot: asyncio.TimerHandle | None = None
        self._hung: set[asyncio.Future[None]] = set()
        self._count = 0
        self._in_band = False

    # What the platforms add.

    @abstractmethod
    def welcomes(self, peer: str, session: Session | None = None) -> bool:
        """Whether the running config lets a new connection of this peer in, or an existing session go on."""

    @abstractmethod
    async def serve(self, connection: socket.socket, peer: str) -> None:
        """Serves one connection until it ends."""

    @abstractmethod
    def usual_commit(self, moment: Moment) -> str:
        """The expression for the command before or after which a dropped connection hurts most."""

    @abstractmethod
    def forget(self) -> None:
        """Drops what does not survive a restart: timers, locks, pending sessions."""

    @abstractmethod
    def text(self, config: Node) -> str:
        """A configuration as the device writes it to a file."""

    @abstractmethod
    def lock(self, *, held: bool) -> None:
        """Makes somebody else hold the configuration, or let go of it."""

    @abstractmethod
    def new_identity(self) -> None:
        """Gives the device a new host key or certificate."""

    @abstractmethod
    def trust(self) -> tuple[list[str], dict[str, bytes]]:
        """The known_hosts lines and the certificates by name with which a client trusts this device."""

    @property
    @abstractmethod
    def hostname(self) -> str:
        """The name that the device goes by now."""

    # Life.

    def start(self, startup: Iterable[str]) -> None:
        """Loads the startup config and begins to listen.

        Raises StartupConfigError for a line that the device refuses, AddressError where it cannot listen.
        """
        typist = Typist(self.editor, self.base)
        for entered in typist.type(startup):
            if isinstance(entered.result, Refused):
                raise StartupConfigError(self.spec.name, entered.number, entered.line, entered.result.reason())
        self.startup = self.running = typist.config
        # A device whose startup config does not mention the address is managed past its own interfaces.
        self._in_band = bool(facts.carriers(self.startup, self.spec.address))
        self._listener.open()
        self.up = True

    async def stop(self) -> None:
        """Ends every session and stops listening."""
        if self._boot is not None:
            self._boot.cancel()
        self.up = False
        self.forget()
        for session in list(self.sessions.values()):
            session.cut()
        await self._listener.close()

    def restart(self, reason: str, *, seconds: float | None = None) -> None:
        """Loses everything but the startup config and flash, and comes back after a while."""
        self.journal.write(Event.REBOOTED, detail=reason)
        # All at once and without waiting: nothing that is under way may still reach the configuration.
        self.up = False
        self._listener.shut()
        self.forget()
        self.cut_all()
        if self._boot is not None:
            self._boot.cancel()
        delay = self.spec.reboot_seconds if seconds is None else seconds
        self._boot = asyncio.get_running_loop().call_later(delay, self._come_back, reason)

    def _come_back(self, reason: str) -> None:
        self._boot = None
        self.running = self.startup
        self.booted = self.changed = self.bench.now()
        self.changed_by, self.restart_reason = "", reason
        self._listener.open()
        self.up = True

    # Connections.

    def _admit(self, peer: str) -> bool:
        admitted = self.reachable and self.welcomes(peer)
        if not admitted:
            self.journal.write(Event.CONNECTION_REFUSED, peer=peer)
        return admitted

    async def _serve_new(self, connection: socket.socket, peer: str) -> None:
        slow = self.faults.strike(FaultKind.SLOW_BANNER, peer)
        if slow:
            await asyncio.sleep(slow.seconds)
        # It may have begun to restart while the connection waited.
        if self.up:
            await self.serve(connection, peer)

    def vouched_for(self, name: str, password: str) -> bool:
        """Whether an AAA server knows the user with this password; the configuration need not."""
        known = self.spec.credentials
        return known is not None and known.remote and (known.username, known.password) == (name, password)

    def next_id(self, kind: str) -> str:
        """A name for a new session."""
        self._count += 1
        return f"{kind}-{self._count}"

    @property
    def reachable(self) -> bool:
        """Whether an interface that is up has the device's management address."""
        return not self._in_band or facts.carries(self.running, self.spec.address)

    def cut(self, session: Session, why: str) -> None:
        """Cuts a session and writes why."""
        if not session.gone:
            self.journal.write(Event.SESSION_CUT, user=session.user, peer=session.peer, session=session.id, detail=why)
            session.cut()

    def cut_all(self) -> None:
        """Cuts every session without a word."""
        for session in list(self.sessions.values()):
            session.cut()

    # Configuration.

    def change(self, config: Node, by: str) -> None:
        """Makes a configuration the running one. Where it takes the way to the device down, all sessions are cut."""
        # A line that changes nothing leaves no stamp, as on real gear.
        if config is not self.running:
            self.running = config
            self.changed, self.changed_by = self.bench.now(), by
        if not self.reachable:
            for session in list(self.sessions.values()):
                self.cut(session, "the interface with the management address is down")

    def settle(self) -> None:
        """Cuts the sessions whose peers the running config no longer lets in."""
        for session in list(self.sessions.values()):
            if not self.welcomes(session.peer, session):
                self.cut(session, "an access list no longer permits the peer")

    def replace_with(self, text: str) -> tuple[Node, list[Refused]]:
        """The configuration that a file describes, and the lines of it that the device refuses."""
        return self._typed(self.base, text)

    def merged_with(self, text: str) -> tuple[Node, list[Refused]]:
        """The running configuration with a file's lines typed into it, and the lines that the device refuses."""
        return self._typed(self.running, text)

    def _typed(self, config: Node, text: str) -> tuple[Node, list[Refused]]:
        typist = Typist(self.editor, config)
        results = [entered.result for entered in typist.type(text.splitlines())]
        return typist.config, [result for result in results if isinstance(result, Refused)]

    def save(self, session: Session, config: Node | None = None) -> bool:
        """Makes a configuration, or the running one, the startup config; false where flash is full."""
        if self.faults.strike(FaultKind.FLASH_FULL, "save"):
            return False
        self.startup, self.saved = config or self.running, self.bench.now()
        self.journal.write(Event.SAVED, **_who(session))
        return True

    def store(self, name: str, text: str) -> bool:
        """Writes a file to flash; false where flash is full."""
        if self.faults.strike(FaultKind.FLASH_FULL, name):
            return False
        self.flash[name] = File(text=text, written=self.bench.now())
        return True

    def edit_by_hand(self, lines: Iterable[str]) -> list[str]:
        """Types lines as a person at the console; returns the refused ones with the reasons."""
        typist, refused = Typist(self.editor, self.running), []
        for entered in typist.type(lines):
            wrong = entered.result.reason() if isinstance(entered.result, Refused) else ""
            result = "refused" if wrong else "accepted"
            self.journal.write(
                Event.EDITED_BY_HAND, user="console", session="console", line=entered.line.strip(), result=result
            )
            if wrong:
                refused.append(f"{entered.line.strip()}: {wrong}")
        self.change(typist.config, "console")
        # A person at the console types no `end` that anybody could wait for.
        self.settle()
        return refused

    # Faults.

    def set_fault(self, fault: Fault) -> None:
        """Sets a fault from now on."""
        self.faults.add(fault)
        self.journal.write(Event.FAULT_SET, detail=fault.model_dump_json(exclude_defaults=True))
        if fault.kind is FaultKind.LOCKED:
            self.lock(held=True)

    def clear_faults(self, kind: FaultKind | None = None) -> None:
        """Takes faults away; a session that hangs goes on where it stopped."""
        for fault in self.faults.clear(kind):
            self.journal.write(Event.FAULT_CLEARED, detail=fault.kind.value)
        if not self.faults.has(FaultKind.LOCKED):
            self.lock(held=False)
        # Whoever hangs goes on where it stopped, as after a stall that passes.
        if not self.faults.has(FaultKind.HANG):
            for hung in list(self._hung):
                hung.set_result(None)

    async def before(self, session: Session, command: str) -> None:
        """Lets the faults strike that come before a command; raises SessionGoneError where one ends the session."""
        slow = self.faults.strike(FaultKind.SLOW, command)
        if slow:
            await asyncio.sleep(slow.seconds)
        if self.faults.strike(FaultKind.HANG, command):
            await self._hang(session)
        self._strike(session, command, Moment.BEFORE)

    def after(self, session: Session, command: str) -> None:
        """Lets the faults strike that come after a command; raises SessionGoneError where one ends the session."""
        self._strike(session, command, Moment.AFTER)

    def _strike(self, session: Session, command: str, moment: Moment) -> None:
        if self.faults.strike(FaultKind.DROP, command, moment=moment, usual=self.usual_commit(moment)):
            self.cut(session, f"fault: dropped {moment.value} {command!r}")
        for kind in (FaultKind.POWER_CUT, FaultKind.REBOOT):
            if self.faults.strike(kind, command, moment=moment):
                self.restart(f"fault: {kind.value} {moment.value} {command!r}")
        # Whatever struck, the command that was on its way ends here if its session is gone.
        session.check()

    async def _hang(self, session: Session) -> None:
        hung = asyncio.get_running_loop().create_future()
        self._hung.add(hung)
        self.journal.write(Event.FAULT_FIRED, session=session.id, detail=FaultKind.HANG.value)
        try:
            await hung
        finally:
            self._hung.discard(hung)

    def account(self, session: Session, line: str, mode: str, *, refused: bool = False, detail: str = "") -> None:
        """Writes a command to the journal."""
        result = "refused" if refused else "accepted"
        self.journal.write(Event.COMMAND, **_who(session), line=line, mode=mode, result=result, detail=detail)


def _who(session: Session) -> dict[str, str]:
    return {"user": session.user, "peer": session.peer, "session": session.id}


def configured(editor: Editor, lines: Iterable[str]) -> Node:
    """The configuration that lines make of nothing; raises StartupConfigError for one that is refused."""
    typist = Typist(editor, EMPTY)
    for entered in typist.type(lines):
        if isinstance(entered.result, Refused):
            raise StartupConfigError("factory defaults", entered.number, entered.line, entered.result.reason())
    return typist.config
