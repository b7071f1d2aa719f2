"""One coordinator's time as the only one: fenced in, the state read, batch by batch until it is fenced out."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog

from automation.rollout.advance import advance
from automation.rollout.evolve import evolve
from automation.rollout.state import State, empty
from events.codec import decode_fact
from events.control import HaltRaised, Subject
from events.log.contract import EventLog, FencedWriter, Partition, Reader, Record, Stored, Topic
from events.signing import CONTROL, Signer, seal
from workers.coordinator.inputs import Inbox
from workers.coordinator.ledger import Ledger

#: The name under which coordinators fence each other: the log's, never a process's.
WRITER = "coordinator"

_FACTS = Partition(Topic.FACTS, 0)
_CONTROL = Partition(Topic.CONTROL, 0)

#: How often one thing may lead to another within a batch before the rest waits for the next.
_ROUNDS = 16

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Reign:
    """An active coordinator. ``writer`` was opened before the state was read, which fenced the one before it."""

    log: EventLog
    inbox: Inbox
    signer: Signer
    now: Callable[[], datetime]
    writer: FencedWriter
    state: State
    control: Reader
    arrivals: Reader
    raised: set[str] = field(default_factory=set)

    @classmethod
    def begin(
        cls,
        log: EventLog,
        name: str,
        inbox: Inbox,
        signer: Signer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Self:
        """Shuts the predecessor out, clears what it left unfinished, and reads the state.

        Raises:
            LogError: the log could not be read or written.
            ImpossibleFactError, MessageError: the facts are not whole, or not for this software to read.
        """
        with ExitStack() as unless_it_begins:
            writer = log.fenced_writer(WRITER)
            unless_it_begins.callback(writer.close)
            started = time.monotonic()
            state = read_state(log, name)
            _log.info("state read", facts=state.seq, seconds=round(time.monotonic() - started, 3))
            control = log.reader({_CONTROL: state.authority.position})
            unless_it_begins.callback(control.close)
            arrivals = log.reader(_starts(log, writer.marks()))
            unless_it_begins.pop_all()
        return cls(
            log=log,
            inbox=inbox,
            signer=signer,
            now=now,
            writer=writer,
            state=state,
            control=control,
            arrivals=arrivals,
        )

    def step(self, patience: timedelta) -> int:
        """One batch: what came in, and what is due by now. Waits up to ``patience`` for something to come in.

        Returns:
            How many facts were written.

        Raises:
            LogError: nothing of this batch counts, or it is unknown whether it does; begin a new reign.
            BlobError: what has to be kept could not be; nothing of this batch counts.
        """
        arrived = self.arrivals.poll(patience)
        # Control is read after them and decided before them: what was lifted before a command was sent is lifted.
        noted = self._control_to_its_end()
        ledger = Ledger(self.state, self.inbox.blobs)
        at = self.now()
        for stored in (*noted, *arrived):
            ledger.enter(self.inbox.decide(ledger.state, stored, at), at)
        self._advance(ledger, at)
        facts = ledger.state.seq - self.state.seq
        self._commit(ledger, arrived)
        self._raise_own_halts(at)
        return facts

    def end(self) -> None:
        """Lets go of the log; the name stays with whoever took it."""
        for part in (self.arrivals, self.control, self.writer):
            part.close()

    def _advance(self, ledger: Ledger, at: datetime) -> None:
        for _ in range(_ROUNDS):
            due = list(advance(ledger.state, at))
            if not due:
                return
            for decision in due:
                ledger.enter(decision, at)

    def _commit(self, ledger: Ledger, arrived: Sequence[Stored]) -> None:
        if not ledger.records and not arrived:
            return
        moves = {stored.partition: stored.position + 1 for stored in arrived}
        self.writer.commit(ledger.records, moves)
        self.state = ledger.state

    def _control_to_its_end(self) -> list[Stored]:
        end = self.control.end(_CONTROL)
        records: list[Stored] = []
        while self.control.position(_CONTROL) < end:
            records.extend(self.control.poll(timedelta(milliseconds=50)))
        return records

    def _raise_own_halts(self, at: datetime) -> None:
        """Puts the halts that were decided here where the workers look. Known to be done once it is read back."""
        for halt, (subject, reason) in self.state.own_halts.items():
            if halt in self.raised:
                continue
            self.raised.add(halt)
            message = HaltRaised(subjects=(Subject.parse(subject),), reason=reason)
            signed = seal(
                self.signer, CONTROL, message, log=self.state.authority.log, id=halt, expires=at + timedelta(days=1)
            )
            self.log.append([Record(topic=Topic.CONTROL, key=halt, value=signed.encode())])


def read_state(log: EventLog, name: str) -> State:
    """The state that all the facts fold into.

    Raises:
        LogError: the log could not be read.
        ImpossibleFactError, MessageError: the facts are not whole, or not for this software to read.
    """
    state = empty(name)
    reader = log.reader({_FACTS: 0})
    try:
        end = reader.end(_FACTS)
        while reader.position(_FACTS) < end:
            for stored in reader.poll(timedelta(milliseconds=200)):
                record, head = decode_fact(stored.value)
                state = evolve(state, record, head)
    finally:
        reader.close()
    return state


def _starts(log: EventLog, marks: Mapping[Partition, int]) -> dict[Partition, int]:
    partitions = (*log.partitions(Topic.COMMANDS), *log.partitions(Topic.REPORTS))
    return {partition: marks.get(partition, 0) for partition in partitions}
