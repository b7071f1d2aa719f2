"""Whatever is done to it, the log in SQLite answers as the log in memory does."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from events.log.contract import (
    Delivery,
    EventLog,
    FencedError,
    FencedWriter,
    Mark,
    Membership,
    Partition,
    Reader,
    Record,
    Stored,
    Topic,
)
from events.log.memory import MemoryLog, MemoryStore
from events.log.sqlite.log import SqliteLog
from events.log.terms import Terms

NOW = timedelta(0)
# Nothing ends by itself here: time is not what is compared.
TERMS = Terms(session=timedelta(hours=1))
SPREAD = 3
KEYS = st.sampled_from(["a", "b", "c", "d"])
BATCHES = st.lists(st.tuples(st.sampled_from([Topic.FACTS, Topic.ORDERS, Topic.REPORTS]), KEYS), max_size=5)
ORDERS = [Partition(Topic.ORDERS, number) for number in range(SPREAD)]
NAMES = st.sampled_from(["coordinator", "notary"])
COMMANDS = Partition(Topic.COMMANDS, 0)


class Pair:
    """The same thing twice: in memory, and in SQLite."""

    def __init__(self, memory: Any, sqlite: Any) -> None:
        self.memory = memory
        self.sqlite = sqlite


def told(records: Sequence[Stored]) -> list[tuple[Partition, str, bytes]]:
    """What must be the same of records; positions are each log's own."""
    found = [(record.partition, record.key, record.value) for record in records]
    return sorted(found, key=lambda each: each[0])


class Logs(RuleBasedStateMachine):
    """Does the same to both logs, from several "processes", and compares what they say."""

    readers = Bundle("readers")
    writers = Bundle("writers")
    members = Bundle("members")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        store = MemoryStore(spread=SPREAD, terms=TERMS)
        self.logs: list[tuple[EventLog, EventLog]] = [
            (MemoryLog(store), SqliteLog(Path(self.folder.name), spread=SPREAD, terms=TERMS)) for _ in range(2)
        ]
        self.appended = 0
        self.joined: list[Pair] = []

    def teardown(self) -> None:
        for memory, sqlite in self.logs:
            memory.close()
            sqlite.close()
        self.folder.cleanup()

    def batch(self, wanted: list[tuple[Topic, str]]) -> list[Record]:
        self.appended += len(wanted)
        return [
            Record(topic=topic, key=key, value=f"{self.appended}.{number}".encode(), headers=(("n", b"\xff"),))
            for number, (topic, key) in enumerate(wanted)
        ]

    @rule(process=st.integers(0, 1), wanted=BATCHES)
    def append(self, process: int, wanted: list[tuple[Topic, str]]) -> None:
        records = self.batch(wanted)
        memory, sqlite = self.logs[process]
        assert len(memory.append(records)) == len(sqlite.append(records)) == len(records)

    @rule(process=st.integers(0, 1))
    def append_control(self, process: int) -> None:
        for log in self.logs[process]:
            log.append([Record(topic=Topic.CONTROL, key="k", value=b"halt")])

    @rule(target=readers, process=st.integers(0, 1))
    def open_reader(self, process: int) -> Pair:
        memory, sqlite = self.logs[process]
        starts = {partition: 0 for topic in Topic for partition in memory.partitions(topic)}
        return Pair(memory.reader(starts), sqlite.reader(starts))

    @rule(reader=readers)
    def read(self, reader: Pair) -> None:
        memory, sqlite = self.all_of(reader.memory), self.all_of(reader.sqlite)
        assert told(memory) == told(sqlite)

    def all_of(self, reader: Reader) -> list[Stored]:
        found: list[Stored] = []
        while records := reader.poll(NOW):
            found += records
        partitions = {partition for log, _ in self.logs[:1] for topic in Topic for partition in log.partitions(topic)}
        assert all(reader.position(partition) == reader.end(partition) for partition in partitions)
        return found

    @rule(target=writers, process=st.integers(0, 1), name=NAMES)
    def open_writer(self, process: int, name: str) -> Pair:
        memory, sqlite = self.logs[process]
        return Pair(memory.fenced_writer(name), sqlite.fenced_writer(name))

    @rule(writer=writers, wanted=BATCHES, position=st.integers(0, 1000))
    def commit(self, writer: Pair, wanted: list[tuple[Topic, str]], position: int) -> None:
        records = self.batch(wanted)
        assert self.fenced(writer.memory, records, position) == self.fenced(writer.sqlite, records, position)
        assert writer.memory.marks() == writer.sqlite.marks()

    def fenced(self, writer: FencedWriter, records: list[Record], position: int) -> bool:
        try:
            writer.commit(records, {COMMANDS: position})
        except FencedError:
            return True
        return False

    @rule(target=members, process=st.integers(0, 1))
    def join(self, process: int) -> Pair:
        memory, sqlite = self.logs[process]
        pair = Pair(memory.join("workers", Topic.ORDERS, "m"), sqlite.join("workers", Topic.ORDERS, "m"))
        self.joined.append(pair)
        return pair

    @rule(member=members)
    def poll(self, member: Pair) -> None:
        if member not in self.joined:
            return
        memory: Delivery = member.memory.poll(NOW)
        sqlite: Delivery = member.sqlite.poll(NOW)
        assert (memory.gained, memory.lost) == (sqlite.gained, sqlite.lost)
        assert told(memory.records) == told(sqlite.records)

    @rule(member=members, number=st.integers(0, SPREAD - 1), note=st.text(max_size=5))
    def renew(self, member: Pair, number: int, note: str) -> None:
        marks = {ORDERS[number]: Mark(position=0, note=note)}
        assert member.memory.renew(marks) == member.sqlite.renew(marks)

    @rule(member=members)
    def leave(self, member: Pair) -> None:
        member.memory.leave()
        member.sqlite.leave()
        if member in self.joined:
            self.joined.remove(member)

    @invariant()
    def hold_the_same(self) -> None:
        for partition in ORDERS:
            holders: list[list[int]] = [
                [number for number, pair in enumerate(self.joined) if self.holds(pair, which, partition)]
                for which in ("memory", "sqlite")
            ]
            assert holders[0] == holders[1]
            assert len(holders[0]) <= 1

    def holds(self, pair: Pair, which: str, partition: Partition) -> bool:
        membership: Membership = getattr(pair, which)
        return membership.holds(partition)


TestLogs = Logs.TestCase
TestLogs.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
