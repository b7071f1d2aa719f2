"""The contract of the log: topics, positions, groups, a broadcast read, a fenced writer.

Every adapter (memory, SQLite, Kafka) passes the same tests, and nothing above this module knows which one it has.
A position is the place of a record in its partition. Positions grow but may have gaps: Kafka spends some on the
markers of transactions, so nothing may count with them or expect the next one to be one higher.
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

    ``note`` is the owner's own (up to 1,000 characters) and comes back to whoever owns the partition next.
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
        """The next records, in order within each partition; empty when none came within ``timeout``."""
        ...

    def position(self, partition: Partition) -> int:
        """The position of the next record this reader will give; past the end, and past gaps, equal to ``end``."""
        ...

    def end(self, partition: Partition) -> int:
        """Where the partition ends, by a fresh request: the position after the last readable record.

        Raises:
            LogUnavailableError: when the log did not answer in time. An old answer is never given in its place.
        """
        ...

    def close(self) -> None:
        """Lets go of connections and files."""
        ...


class Membership(Protocol):
    """A place in a group that shares the partitions of one topic. For one thread, but for :meth:`holds`."""

    def poll(self, timeout: timedelta) -> Delivery:
        """New records of the partitions this member owns, and what it gained or lost since the last poll.

        A gained partition starts at its group's mark, at its beginning where there is none.
        """
        ...

    def mark(self, partition: Partition) -> Mark | None:
        """The group's mark on a partition; None where nobody has set one."""
        ...

    def renew(self, marks: Mapping[Partition, Mark]) -> bool:
        """Sets the marks and renews the lease, in one synchronous request; at least once a second.

        The lease runs for the session less a margin, from the moment this request was *sent*: only a request that
        was answered proves that nobody else owns the partitions. Marks of partitions no longer owned are left out.

        Returns:
            Whether the request succeeded. False leaves the lease as it was; what it covers ends by itself.
        """
        ...

    def holds(self, partition: Partition) -> bool:
        """Whether the partition is owned under an unexpired lease now. From any thread, without a request."""
        ...

    def pause(self, partitions: frozenset[Partition]) -> None:
        """Stops delivery from these (they stay owned); the others are resumed."""
        ...

    def leave(self) -> None:
        """Gives the partitions up at once, for others to take over; the marks stay."""
        ...


class FencedWriter(Protocol):
    """The one writer of its name: opening it shuts every earlier one of that name out, for good."""

    def marks(self) -> Mapping[Partition, int]:
        """The positions that this name's commits have moved, whoever held the name."""
        ...

    def commit(self, records: Sequence[Record], moves: Mapping[Partition, int]) -> None:
        """Appends all the records and moves all the positions, or does neither.

        Raises:
            FencedError: when the name was opened again elsewhere. Nothing was written and this writer is finished.
            LogUnavailableError: when the outcome is not known; close this writer and open it anew to learn it.
        """
        ...

    def close(self) -> None:
        """Ends the writer; an unfinished commit is undone."""
        ...


class EventLog(Protocol):
    """One log, from one process. Safe to use from several threads."""

    def partitions(self, topic: Topic) -> Sequence[Partition]:
        """The partitions of a topic, in order of their numbers."""
        ...

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """Appends durably and in order within each partition; returns once all are acknowledged.

        Returns:
            The position of each record. Nobody reads a record before it is acknowledged by as many replicas as the
            topic asks for.

        Raises:
            LogUnavailableError: the outcome is unknown; append the same records again (readers meet ids twice).
            LogFullError: no room; of this call nothing was written.
            RecordTooLargeError: at least one record is larger than the log takes; nothing was written.
        """
        ...

    def reader(self, starts: Mapping[Partition, int]) -> Reader:
        """A broadcast read of these partitions, from these positions on."""
        ...

    def join(self, group: str, topic: Topic, member: str) -> Membership:
        """Joins a group as ``member`` (a name for people; need not be unique)."""
        ...

    def fenced_writer(self, name: str) -> FencedWriter:
        """Takes the name over from whoever has it, and clears what that one left unfinished."""
        ...

    def close(self) -> None:
        """Lets go of everything that this log opened."""
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
