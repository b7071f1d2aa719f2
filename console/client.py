"""Sends what people ask for, signed, and waits for what is decided about it."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import facts
from events.authority import Authority, RefusedError
from events.codec import FactRecord, decode_fact
from events.commands import Command
from events.control import ApprovalRevoked, Control, HaltLifted, HaltRaised, KeyRegistered, KeyRevoked
from events.log.contract import EventLog, Partition, Reader, Record, Topic
from events.signing import COMMAND, Signer, seal
from workers.control_watch import read_control
from workers.founding import control_record

_FACTS = Partition(Topic.FACTS, 0)
_POLL = timedelta(milliseconds=100)

#: So many commands go into one append.
_AT_ONCE = 200

#: How ids of control records begin; people read and type those of halts.
_PREFIXES: Mapping[type[Control], str] = {
    HaltRaised: "halt",
    HaltLifted: "lift",
    KeyRegistered: "key",
    KeyRevoked: "revoked-key",
    ApprovalRevoked: "revoked-approval",
}

#: A command that nobody has decided about by then is void.
VALID = timedelta(hours=1)

#: How long a decision is waited for.
PATIENCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a command: its facts; none where nobody decided in time. It stays valid until it expires."""

    command: str
    records: tuple[FactRecord, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether anybody decided in time."""
        return bool(self.records)

    @property
    def refusal(self) -> facts.CommandRefused | None:
        """Why it was refused; None where it was carried out or not decided."""
        return next((record.fact for record in self.records if isinstance(record.fact, facts.CommandRefused)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Speaks for the owner of a key."""

    log: EventLog
    name: str
    signer: Signer
    now: Callable[[], datetime]

    def ask(self, command: Command, within: timedelta = PATIENCE) -> Answer:
        """Sends a command and waits for what is decided about it.

        Raises:
            LogError: it could not be sent, or it is unknown whether it was.
        """
        return self.ask_all([(new_id(), command)], within)[0]

    def ask_all(self, commands: Sequence[tuple[str, Command]], within: timedelta = PATIENCE) -> tuple[Answer, ...]:
        """Sends commands, each under an id, and waits until all are decided or nothing is for so long.

        Raises:
            LogError: they could not be sent, or it is unknown whether they were.
        """
        reader = self.log.reader({_FACTS: self._facts_end()})
        try:
            for start in range(0, len(commands), _AT_ONCE):
                part = commands[start : start + _AT_ONCE]
                self.log.append([self._record(command, identity) for identity, command in part])
            return self.await_all(reader, [identity for identity, _ in commands], within)
        finally:
            reader.close()

    def send(self, command: Command, identity: str) -> None:
        """Sends a command under an id of the caller's, and does not wait."""
        self.log.append([self._record(command, identity)])

    @staticmethod
    def await_all(reader: Reader, identities: Iterable[str], within: timedelta) -> tuple[Answer, ...]:
        """What is decided about commands, from where a reader of the facts stands."""
        wanted = list(identities)
        found: dict[str, tuple[FactRecord, ...]] = {}
        deadline = time.monotonic() + within.total_seconds()
        while len(found) < len(wanted) and time.monotonic() < deadline:
            # All facts of one command come in one commit, so the first look that has any has them all.
            for identity, records in _by_command(reader, frozenset(wanted)).items():
                found[identity] = found.get(identity, ()) + records
                deadline = time.monotonic() + within.total_seconds()
        return tuple(Answer(command=identity, records=found.get(identity, ())) for identity in wanted)

    def control(self, message: Control, identity: str | None = None) -> str:
        """Writes a control record: it takes effect at once, whether or not any coordinator is alive.

        Returns:
            The id under which it stands.

        Raises:
            RefusedError: it does not count. Nothing was written where that could be told beforehand.
            LogError: it could not be written, or it is unknown whether it was.
        """
        identity = identity or f"{_PREFIXES[type(message)]}-{secrets.token_hex(4)}"
        record = control_record(self.signer, self.name, message, identity, self.now())
        known = self.authority()
        known.read(known.position, record.value.decode())
        self.log.append([record])
        if identity not in self.authority().seen:
            raise RefusedError("overtaken", f"control record {identity} does not count: another came first; look again")
        return identity

    def authority(self) -> Authority:
        """What control says now: whose keys count, which halts stand.

        Raises:
            LogError: it could not be read.
        """
        return read_control(self.log, self.name)

    def _record(self, command: Command, identity: str) -> Record:
        signed = seal(self.signer, COMMAND, command, log=self.name, id=identity, expires=self.now() + VALID)
        headers = (("ce_specversion", b"1.0"), ("ce_id", identity.encode()), ("ce_type", command.wire.encode()))
        source = ("ce_source", self.name.encode())
        return Record(topic=Topic.COMMANDS, key=identity, value=signed.encode(), headers=(*headers, source))

    def _facts_end(self) -> int:
        reader = self.log.reader({_FACTS: 0})
        try:
            return reader.end(_FACTS)
        finally:
            reader.close()


def new_id() -> str:
    """An id for a command."""
    return f"c-{secrets.token_hex(8)}"


def _by_command(reader: Reader, wanted: frozenset[str]) -> dict[str, tuple[FactRecord, ...]]:
    found: dict[str, tuple[FactRecord, ...]] = {}
    for stored in reader.poll(_POLL):
        record = decode_fact(stored.value)[0]
        identity = _command_of(record)
        if identity in wanted:
            found[identity] = (*found.get(identity, ()), record)
    return found


def _command_of(record: FactRecord) -> str:
    if isinstance(record.fact, facts.CommandRefused):
        return record.fact.command
    return record.cause.removeprefix("command:") if record.cause.startswith("command:") else ""
