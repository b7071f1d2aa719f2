"""The contract of the log: topics, positions, groups, a broadcast read, a fenced writer.

Every adapter (memory, SQLite, Kafka) passes the same tests, and nothing above this module knows which one it has.
A position is the place of a record in its partition. Positions start at 0 and grow but may have gaps: Kafka spends
some on the markers of transactions, so nothing may count with them or expect the next one to be one higher.

An argument that no log could accept (a partition that does not exist, a note that is too long, ``control`` in a
fenced commit) is a ``ValueError``; whatever the log itself refuses or fails at is a :class:`LogError`.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol


class Topic(StrEnum):
    """What a record is for decides the topic; who may write and read each is in docs/architecture.md."""

    COMMANDS = "commands"
    FACTS = "facts"
    ORDERS = "orders"
    REPORTS = "reports"
    CONTROL = "control"
    CHECKPOINTS = "checkpoints"


#: Topics spread over partitions by site; the others have exactly one partition, hence one order of records.
SPREAD = frozenset({Topic.ORDERS, Topic.REPORTS})

#: The most that a record's key, value and headers may take together, in bytes; larger things are blobs.
RECORD_LIMIT = 4 * 1024 * 1024

#: The longest note of a mark, in characters: four bytes each still fit what Kafka keeps beside an offset.
NOTE_LIMIT = 1000


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: Topic
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is appended. The key decides the partition (see :func:`place`)."""

    topic: Topic
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()

    def size(self) -> int:
        """Bytes that key, value and headers take together; what :data:`RECORD_LIMIT` counts."""
        headers = sum(len(name.encode()) + len(value) for name, value in self.headers)
        return len(self.key.encode()) + len(self.value) + headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A record that was read back, with its place."""

    partition: Partition
    position: int
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a group has got in a partition: the position of the next record that is not done.

    ``note`` is the owner's own (up to :data:`NOTE_LIMIT` characters) and comes back to whoever owns the partition next.
    """

    position: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one poll of a group member brought. ``lost`` and ``gained`` are to be handled before ``records``."""

    records: Sequence[Stored] = ()
    gained: frozenset[Partition] = frozenset()
    lost: frozenset[Partition] = frozenset()


class Reader(Protocol):
    """A broadcast read: its own positions, no group. For one thread.

    Reads what is committed; of ``control``, which is never in a transaction, everything.
    """

    def poll(self, timeout: timedelta) -> Sequence[Stored]:
        """The next records, in order within each partition; empty when none came within ``timeout``.

        That it is empty proves nothing: a reader cut off from its log polls on. Compare :meth:`position` and
        :meth:`end` to know that everything was read.

        Raises:
            LogMismatchError: when the log does not hold this reader's position (it is past the end, or records were
                removed): the position is of another log, or the log has lost something. It never jumps elsewhere.
            LogUnavailableError: when the log said that it cannot answer; poll again.
        """
        ...

    def position(self, partition: Partition) -> int:
        """The position of the next record this reader will give; once all was read, past gaps, equal to ``end``.

        A gap at the end is passed over by a poll, so poll until the two are equal.
        """
        ...

    def end(self, partition: Partition) -> int:
        """Where the partition ends, by a fresh request: the position after the last readable record.

        Raises:
            LogUnavailableError: when the log did not answer in time. An old answer is never given in its place.
        """
        ...

    def close(self) -> None:
        """Lets go of connections and files. Closing again does nothing."""
        ...


class Membership(Protocol):
    """A place in a group that shares the partitions of one topic. For one thread, but for :meth:`holds`.

    The partitions are shared out evenly, members keep what they have where that is possible, and no partition moves
    before its owner has given it up (in :meth:`poll` or :meth:`leave`) or its lease has ended.
    """

    def poll(self, timeout: timedelta) -> Delivery:
        """New records of the partitions this member owns, and what it gained or lost since the last poll.

        A gained partition starts at its group's mark, at its beginning where there is none. What was gained is held
        from then on, until the lease ends. One that was lost and regained in between is in both sets: its records
        start at the mark again.

        Raises:
            LogMismatchError, LogUnavailableError: as :meth:`Reader.poll`.
        """
        ...

    def mark(self, partition: Partition) -> Mark | None:
        """The group's mark on a partition; None where nobody has set one. A fresh request.

        Raises:
            LogUnavailableError: when the log did not answer in time.
        """
        ...

    def renew(self, marks: Mapping[Partition, Mark]) -> bool:
        """Sets the marks and renews the lease, in one synchronous request; at least once a second.

        The lease runs for the session less a margin, from the moment this request was *sent*: only a request that
        was answered proves that nobody else owns the partitions. Marks of partitions no longer owned are left out.
        A member that renews but no longer polls loses its lease too: it would not hear that it is to give way.

        Returns:
            Whether the request succeeded, within about a second. False leaves the lease as it was; what it covers
            ends by itself. It is False while a group settles, too: poll on and renew again.
        """
        ...

    def holds(self, partition: Partition) -> bool:
        """Whether the partition is owned under an unexpired lease now. From any thread, without a request."""
        ...

    def pause(self, partitions: frozenset[Partition]) -> None:
        """Stops delivery from these (they stay owned); the others are resumed. What is lost is paused no more."""
        ...

    def leave(self) -> None:
        """Gives the partitions up at once, for others to take over; the marks stay. Leaving again does nothing."""
        ...


class FencedWriter(Protocol):
    """The one writer of its name: opening it shuts every earlier one of that name out, for good. For one thread."""

    def marks(self) -> Mapping[Partition, int]:
        """The positions that this name's commits have moved, whoever held the name. A fresh request.

        Raises:
            LogUnavailableError: when the log did not answer in time.
        """
        ...

    def commit(self, records: Sequence[Record], moves: Mapping[Partition, int]) -> None:
        """Appends all the records and moves all the positions, or does neither.

        Decided and durable when it returns; readers may be given it a moment later. Positions of any partition may
        be moved; records of ``control`` are refused. Without records and moves it does nothing.

        Raises:
            ValueError: for a record of ``control``: whoever must read it could be kept waiting by a transaction.
            FencedError: when the name was opened again elsewhere. Nothing was written and this writer is finished.
            LogUnavailableError: when the outcome is not known; close this writer and open it anew to learn it.
            LogFullError: no room; nothing was written, and the writer may be used again.
            RecordTooLargeError: at least one record is larger than the log takes; nothing was written.
        """
        ...

    def close(self) -> None:
        """Ends the writer; an unfinished commit is undone. Closing again does nothing."""
        ...


class EventLog(Protocol):
    """One log, from one process. Safe to use from several threads."""

    def partitions(self, topic: Topic) -> Sequence[Partition]:
        """The partitions of a topic, in order of their numbers."""
        ...

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """Appends durably and in order within each partition; returns once all are acknowledged.

        Records of ``control`` come in calls of their own: they are kept apart, so that nothing holds a halt up.

        Returns:
            The position of each record. Nobody reads a record before it is acknowledged by as many replicas as the
            topic asks for.

        Raises:
            ValueError: when some records are of ``control`` and others are not.
            LogUnavailableError: the outcome is unknown, all, some or none may be there; append the same records again
                (readers meet ids twice).
            LogFullError: no room; of this call nothing was written.
            RecordTooLargeError: at least one record is larger than the log takes; nothing was written.
        """
        ...

    def reader(self, starts: Mapping[Partition, int]) -> Reader:
        """A broadcast read of these partitions, from these positions on (at least one)."""
        ...

    def join(self, group: str, topic: Topic, member: str) -> Membership:
        """Joins a group as ``member`` (a name for people; need not be unique). A group has one topic for good.

        Not for ``control``, which every process reads whole: that is a ``ValueError``. Partitions come by polling.
        """
        ...

    def fenced_writer(self, name: str) -> FencedWriter:
        """Takes the name over from whoever has it, and clears what that one left unfinished."""
        ...

    def close(self) -> None:
        """Lets go of everything that this log opened: readers, memberships (they leave), writers. Idempotent."""
        ...


class LogError(Exception):
    """The log refused or failed. ``retriable``: whether doing the same again can succeed."""

    retriable = False


class LogUnavailableError(LogError):
    """The log did not answer in time; whether it did as asked is not known."""

    retriable = True


class LogFullError(LogError):
    """The log has no room left; nothing was written."""

    retriable = True


class RecordTooLargeError(LogError):
    """A record is larger than the log takes."""


class FencedError(LogError):
    """Another writer has taken this name over."""


class LogMismatchError(LogError):
    """The log is there, but is not laid out as it must be: topics missing, other partition counts, a foreign file."""


def place(key: str, count: int) -> int:
    """The partition of a key among ``count``: CRC-32 of its UTF-8 bytes, modulo the count.

    Client libraries of Kafka disagree about a key's partition, so we say it ourselves: a device's orders and
    reports must meet in partitions of the same number, whichever adapter wrote them.
    """
    return zlib.crc32(key.encode()) % count
