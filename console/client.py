"""Sends what people ask for, signed, and waits for what is decided about it."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import facts
from events.codec import FactRecord, decode_fact
from events.commands import Command
from events.control import Control
from events.log.contract import EventLog, Partition, Reader, Record, Topic
from events.signing import COMMAND, Signer, seal
from workers.founding import append_control

_FACTS = Partition(Topic.FACTS, 0)
_POLL = timedelta(milliseconds=100)

#: A command that nobody has decided about by then is void.
VALID = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a command: its facts; none where nobody decided in time. It stays valid until it expires."""

    command: str
    records: tuple[FactRecord, ...]

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

    def ask(self, command: Command, within: timedelta = timedelta(seconds=10)) -> Answer:
        """Sends a command and waits for what is decided about it.

        Raises:
            LogError: it could not be sent, or it is unknown whether it was.
        """
        identity = f"c-{secrets.token_hex(8)}"
        reader = self.log.reader({_FACTS: self._facts_end()})
        try:
            self.send(command, identity)
            return Answer(command=identity, records=tuple(_decided(reader, identity, within)))
        finally:
            reader.close()

    def send(self, command: Command, identity: str) -> None:
        """Sends a command under an id of the caller's, and does not wait."""
        signed = seal(self.signer, COMMAND, command, log=self.name, id=identity, expires=self.now() + VALID)
        headers = (("ce_specversion", b"1.0"), ("ce_id", identity.encode()), ("ce_type", command.wire.encode()))
        source = ("ce_source", self.name.encode())
        record = Record(topic=Topic.COMMANDS, key=identity, value=signed.encode(), headers=(*headers, source))
        self.log.append([record])

    def control(self, message: Control) -> str:
        """Writes a control record: it takes effect at once, whether or not any coordinator is alive.

        Returns:
            The id under which it stands.
        """
        identity = f"{message.wire.lower()}-{secrets.token_hex(6)}"
        append_control(self.log, self.signer, self.name, message, identity, self.now())
        return identity

    def _facts_end(self) -> int:
        reader = self.log.reader({_FACTS: 0})
        try:
            return reader.end(_FACTS)
        finally:
            reader.close()


def _decided(reader: Reader, identity: str, within: timedelta) -> Iterator[FactRecord]:
    """The facts that a command brought about. They come in one commit, so the first look that has any has them all."""
    deadline = time.monotonic() + within.total_seconds()
    while time.monotonic() < deadline:
        found = [record for stored in reader.poll(_POLL) if _is_about(record := decode_fact(stored.value)[0], identity)]
        if found:
            yield from found
            return


def _is_about(record: FactRecord, identity: str) -> bool:
    refused = isinstance(record.fact, facts.CommandRefused) and record.fact.command == identity
    return refused or record.cause == f"command:{identity}"
