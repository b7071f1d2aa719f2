"""The log in memory: for tests and simulation, and the plainest statement of what the contract means.

One :class:`MemoryStore` is what a broker or a file is elsewhere; each "process" opens a :class:`MemoryLog` on it. A
fenced commit spends one position in every partition it writes to, as Kafka's markers do, so that nothing above comes
to rely on positions without gaps.
"""

import itertools
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from events.log.checks import (
    check_fenced,
    check_group,
    check_marks,
    check_partitions,
    check_records,
    check_starts,
)
from events.log.contract import (
    Delivery,
    FencedError,
    LogError,
    LogMismatchError,
    Mark,
    Partition,
    Record,
    Stored,
    Topic,
    place,
)
from events.log.opened import Opened
from events.log.sharing import share
from events.log.terms import Terms
from events.log.topics import DEFAULT_SPREAD, TABLE, check_spread

# As many as Kafka's client gives at once, so that nothing above comes to count on larger portions.
_BATCH = 500


@dataclass(slots=True)
class _Tape:
    """One partition: its records and where it ends."""

    records: list[Stored] = field(default_factory=list)
    end: int = 0

    def after(self, position: int, room: int) -> Sequence[Stored]:
        start = bisect_left(self.records, position, key=lambda stored: stored.position)
        return self.records[start : start + room]


@dataclass(slots=True)
class _Group:
    """Who is in a group until when (monotonic seconds), who owns what, and how far it has got."""

    topic: Topic
    members: dict[str, float] = field(default_factory=dict)
    owners: dict[Partition, str] = field(default_factory=dict)
    marks: dict[Partition, Mark] = field(default_factory=dict)

    def evict(self, gone: Collection[str]) -> None:
        for member in gone:
            self.members.pop(member, None)
        self.owners = {partition: owner for partition, owner in self.owners.items() if owner not in gone}

    def owned(self, member: str) -> frozenset[Partition]:
        return frozenset(partition for partition, owner in self.owners.items() if owner == member)


class MemoryStore:
    """What all the logs opened on it share. ``clock`` gives monotonic seconds."""

    def __init__(
        self, *, spread: int = DEFAULT_SPREAD, terms: Terms | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        check_spread(spread)
        self.terms = terms or Terms()
        self.clock = clock
        self.changed = threading.Condition()
        self._counts = {rule.topic: rule.partitions(spread) for rule in TABLE}
        self.tapes = {Partition(topic, number): _Tape() for topic in Topic for number in range(self._counts[topic])}
        self.groups: dict[str, _Group] = {}
        self.joins = itertools.count()
        self.epochs: dict[str, int] = {}
        self.moves: dict[str, dict[Partition, int]] = {}

    def partitions(self, topic: Topic) -> Sequence[Partition]:
        """The partitions of a topic, in order."""
        return [partition for partition in self.tapes if partition.topic is topic]

    def write(self, records: Sequence[Record], spent: int) -> Sequence[int]:
        """Appends; spends ``spent`` positions more in each partition written to. Holding ``changed``."""
        positions = [self._write_one(record) for record in records]
        for partition in {self._where(record) for record in records}:
            self.tapes[partition].end += spent
        self.changed.notify_all()
        return positions

    def _write_one(self, record: Record) -> int:
        partition = self._where(record)
        tape = self.tapes[partition]
        tape.records.append(
            Stored(
                partition=partition,
                position=tape.end,
                key=record.key,
                value=record.value,
                headers=record.headers,
            )
        )
        tape.end += 1
        return tape.end - 1

    def _where(self, record: Record) -> Partition:
        return Partition(record.topic, place(record.key, self._counts[record.topic]))


class _Cursor:
    """Positions that move over tapes."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.at: dict[Partition, int] = {}

    def take(self, skip: Collection[Partition] = ()) -> list[Stored]:
        """The next records of all partitions but ``skip``. Holding ``changed``."""
        taken: list[Stored] = []
        for partition in [partition for partition in self.at if partition not in skip]:
            if records := self._take_from(partition, _BATCH - len(taken)):
                taken += records
                # To the back of the queue, or a busy partition would keep the others waiting for ever.
                self.at[partition] = self.at.pop(partition)
        return taken

    def _take_from(self, partition: Partition, room: int) -> Sequence[Stored]:
        tape, position = self._store.tapes[partition], self.at[partition]
        # Kafka says so too, and a simulation that only knew forgiving logs would not find who relies on that.
        if position > tape.end:
            raise LogMismatchError(
                f"{partition.topic}/{partition.number} ends at {tape.end}, but reading was to go on at {position}: "
                "that position is of another log; start from a position of this one"
            )
        records = tape.after(position, room) if room else ()
        if room:
            # To the end where nothing is left: a commit may have spent positions that no record has.
            self.at[partition] = records[-1].position + 1 if len(records) == room else tape.end
        return records


class MemoryReader:
    """A broadcast read of a :class:`MemoryStore`."""

    def __init__(self, store: MemoryStore, starts: Mapping[Partition, int]) -> None:
        self._store = store
        self._cursor = _Cursor(store)
        self._cursor.at.update(starts)
        self.closed = False

    def poll(self, timeout: timedelta) -> Sequence[Stored]:
        """See the contract."""
        deadline = time.monotonic() + timeout.total_seconds()
        with self._store.changed:
            _refuse_if(self.closed, "reader")
            while not (records := self._cursor.take()):
                if (left := deadline - time.monotonic()) <= 0:
                    return ()
                self._store.changed.wait(left)
            return records

    def position(self, partition: Partition) -> int:
        """See the contract."""
        check_partitions([partition], self._cursor.at)
        return self._cursor.at[partition]

    def end(self, partition: Partition) -> int:
        """See the contract."""
        check_partitions([partition], self._cursor.at)
        with self._store.changed:
            _refuse_if(self.closed, "reader")
            return self._store.tapes[partition].end

    def close(self) -> None:
        """See the contract."""
        self.closed = True


class MemoryMembership:
    """A place in a group of a :class:`MemoryStore`."""

    def __init__(self, store: MemoryStore, group: str, topic: Topic, name: str) -> None:
        self._store = store
        self._name = name
        self._partitions = store.partitions(topic)
        self._group = store.groups[group]
        self._cursor = _Cursor(store)
        self._paused: frozenset[Partition] = frozenset()
        self._lease_ends = float("-inf")
        self._polled = store.clock()
        self.closed = False

    def poll(self, timeout: timedelta) -> Delivery:
        """See the contract."""
        deadline = time.monotonic() + timeout.total_seconds()
        with self._store.changed:
            _refuse_if(self.closed, "membership")
            while True:
                self._polled = self._store.clock()
                gained, lost = self._settle()
                records = self._cursor.take(skip=self._paused)
                left = deadline - time.monotonic()
                if records or gained or lost or left <= 0:
                    return Delivery(records=records, gained=gained, lost=lost)
                # Nobody rings when a session ends.
                self._store.changed.wait(min(left, self._patience()))

    def mark(self, partition: Partition) -> Mark | None:
        """See the contract."""
        check_partitions([partition], self._partitions)
        with self._store.changed:
            return self._group.marks.get(partition)

    def renew(self, marks: Mapping[Partition, Mark]) -> bool:
        """See the contract."""
        check_marks(marks, self._partitions)
        with self._store.changed:
            now = self._store.clock()
            # Who does not poll does not hear that it is to give a partition up, and must not keep it for ever.
            deaf = now - self._polled > self._store.terms.session.total_seconds()
            if self.closed or deaf or self._name not in self._group.members:
                return False
            self._extend(now)
            owned = self._group.owned(self._name)
            self._group.marks.update({partition: mark for partition, mark in marks.items() if partition in owned})
            return True

    def holds(self, partition: Partition) -> bool:
        """See the contract."""
        with self._store.changed:
            return partition in self._cursor.at and self._store.clock() < self._lease_ends

    def pause(self, partitions: frozenset[Partition]) -> None:
        """See the contract."""
        check_partitions(partitions, self._partitions)
        self._paused = partitions

    def leave(self) -> None:
        """See the contract."""
        with self._store.changed:
            self.closed = True
            self._cursor.at.clear()
            self._group.evict([self._name])
            self._store.changed.notify_all()

    def _settle(self) -> tuple[frozenset[Partition], frozenset[Partition]]:
        """Brings this member's share up to date; what it gained and lost."""
        now, group = self._store.clock(), self._group
        group.evict([member for member, until in group.members.items() if until <= now])
        if self._name not in group.members:
            self._extend(now)
        before, owned = frozenset(self._cursor.at), group.owned(self._name)
        targets = share(self._partitions, list(group.members), group.owners)
        wanted = {partition for partition, member in targets.items() if member == self._name}
        kept = before & owned & wanted
        gained = {partition for partition in wanted - kept if group.owners.get(partition, self._name) == self._name}
        self._apply(kept, gained, owned - wanted)
        # Joining and taking are proof enough: what was just gained is held without waiting for a renewal.
        if gained:
            self._extend(now)
        if gained or before - kept:
            self._store.changed.notify_all()
        return frozenset(gained), before - kept

    def _apply(
        self, kept: Collection[Partition], gained: Collection[Partition], given_up: Collection[Partition]
    ) -> None:
        for partition in given_up:
            del self._group.owners[partition]
        self._group.owners.update(dict.fromkeys(gained, self._name))
        marks = self._group.marks
        starts = {partition: marks[partition].position if partition in marks else 0 for partition in sorted(gained)}
        self._cursor.at = {partition: self._cursor.at[partition] for partition in kept} | starts
        self._paused &= set(kept)

    def _extend(self, now: float) -> None:
        self._group.members[self._name] = now + self._store.terms.session.total_seconds()
        self._lease_ends = now + self._store.terms.lease_s

    def _patience(self) -> float:
        """How long it may sleep before it must look whether somebody's session has ended, in seconds."""
        now = self._store.clock()
        return max(0.001, min(until - now for until in self._group.members.values()))


class MemoryWriter:
    """The fenced writer of a :class:`MemoryStore`."""

    def __init__(self, store: MemoryStore, name: str) -> None:
        self._store = store
        self._name = name
        with store.changed:
            self._epoch = store.epochs.get(name, 0) + 1
            store.epochs[name] = self._epoch
            self._moves = store.moves.setdefault(name, {})
        self.closed = False

    def marks(self) -> Mapping[Partition, int]:
        """See the contract."""
        with self._store.changed:
            return dict(self._moves)

    def commit(self, records: Sequence[Record], moves: Mapping[Partition, int]) -> None:
        """See the contract."""
        check_fenced(records)
        check_partitions(moves, self._store.tapes)
        with self._store.changed:
            _refuse_if(self.closed, "writer")
            if self._store.epochs[self._name] != self._epoch:
                raise FencedError(f"the writer {self._name!r} was taken over by another: stop; it goes on there")
            self._store.write(records, spent=1)
            self._moves.update(moves)

    def close(self) -> None:
        """See the contract."""
        self.closed = True


class MemoryLog:
    """One process's log on a :class:`MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._opened = Opened()
        self._closed = False

    def partitions(self, topic: Topic) -> Sequence[Partition]:
        """See the contract."""
        return self._store.partitions(topic)

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """See the contract."""
        check_records(records)
        with self._store.changed:
            _refuse_if(self._closed, "log")
            return self._store.write(records, spent=0)

    def reader(self, starts: Mapping[Partition, int]) -> MemoryReader:
        """See the contract."""
        check_starts(starts, self._store.tapes)
        opened = MemoryReader(self._store, starts)
        return self._opened.keep(opened, opened.close)

    def join(self, group: str, topic: Topic, member: str) -> MemoryMembership:
        """See the contract."""
        check_group(topic)
        with self._store.changed:
            known = self._store.groups.setdefault(group, _Group(topic))
            if known.topic is not topic:
                raise ValueError(f"the group {group!r} shares {known.topic}, not {topic}: use another name")
            name = f"{member}-{next(self._store.joins)}"
        opened = MemoryMembership(self._store, group, topic, name)
        return self._opened.keep(opened, opened.leave)

    def fenced_writer(self, name: str) -> MemoryWriter:
        """See the contract."""
        opened = MemoryWriter(self._store, name)
        return self._opened.keep(opened, opened.close)

    def close(self) -> None:
        """See the contract."""
        self._closed = True
        self._opened.close()


def _refuse_if(closed: bool, what: str) -> None:  # noqa: FBT001
    if closed:
        raise LogError(f"this {what} is closed: open another")
