"""Logs to test: each adapter as a world in which any number of processes can open the same log."""

import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import pytest
from kafka import KafkaAdminClient

from events.log.contract import (
    Delivery,
    EventLog,
    LogUnavailableError,
    Mark,
    Membership,
    Partition,
    Reader,
    Record,
    Stored,
    Topic,
    place,
)
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings
from events.log.kafka.topics import apply_topics
from events.log.memory import MemoryLog, MemoryStore
from events.log.sqlite.log import SqliteLog
from events.log.terms import Terms

SPREAD = 4
TERMS = Terms(session=timedelta(seconds=2), margin=timedelta(milliseconds=500), deadline=timedelta(seconds=5))
# On Kafka a member must be heard of every quarter of its session, from a thread of its own; machines may be busy.
KAFKA_TERMS = Terms(session=timedelta(seconds=4), margin=timedelta(seconds=1), deadline=timedelta(seconds=10))
PATIENCE_S = 40.0


class World(Protocol):
    """One log, which any number of processes can open."""

    name: str
    spread: int
    terms: Terms

    def open(self) -> EventLog:
        """The log, as another process would open it; closed by the world at the end."""
        ...


@dataclass
class MemoryWorld:
    name: str = "memory"
    spread: int = SPREAD
    terms: Terms = TERMS
    store: MemoryStore = field(default_factory=lambda: MemoryStore(spread=SPREAD, terms=TERMS))
    closing: ExitStack = field(default_factory=ExitStack)

    def open(self) -> EventLog:
        log = MemoryLog(self.store)
        self.closing.callback(log.close)
        return log


@dataclass
class SqliteWorld:
    folder: Path
    name: str = "sqlite"
    spread: int = SPREAD
    terms: Terms = TERMS
    closing: ExitStack = field(default_factory=ExitStack)

    def open(self) -> EventLog:
        # The first one makes it; those that come later open it as commands of the console do, control first.
        if self.folder.exists():
            log = SqliteLog(self.folder, terms=self.terms, control_first=True)
        else:
            log = SqliteLog(self.folder, spread=self.spread, terms=self.terms)
        self.closing.callback(log.close)
        return log


@dataclass
class KafkaWorld:
    settings: KafkaSettings
    name: str = "kafka"
    spread: int = SPREAD
    terms: Terms = KAFKA_TERMS
    closing: ExitStack = field(default_factory=ExitStack)

    def open(self) -> EventLog:
        log = KafkaLog(self.settings)
        self.closing.callback(log.close)
        return log


@pytest.fixture(autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    """No test leaves a thread behind; one that spins would make every later test slow."""
    before = set(threading.enumerate())
    yield
    Help.until(lambda: set(threading.enumerate()) <= before, patience_s=15)


@pytest.fixture
def kafka_settings(bootstrap: str) -> Iterator[KafkaSettings]:
    """A log of its own on the broker, without topics yet; whatever is made under its prefix is removed."""
    settings = KafkaSettings(bootstrap=bootstrap, prefix=f"test-{uuid.uuid4().hex[:12]}-", terms=KAFKA_TERMS)
    yield settings
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    if topics := [topic for topic in admin.list_topics() if topic.startswith(settings.prefix)]:
        admin.delete_topics(topics)
    groups = [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(settings.prefix)]
    if groups:
        admin.delete_groups(groups)
    admin.close()


@pytest.fixture
def kafka_world(kafka_settings: KafkaSettings) -> Iterator[KafkaWorld]:
    apply_topics(kafka_settings, spread=SPREAD, replicas=1)
    world = KafkaWorld(kafka_settings)
    with world.closing:
        yield world


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[SqliteWorld]:
    world = SqliteWorld(tmp_path / "log")
    with world.closing:
        yield world


@pytest.fixture
def memory_world() -> Iterator[MemoryWorld]:
    world = MemoryWorld()
    with world.closing:
        yield world


@pytest.fixture(params=["memory", "sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def world(request: pytest.FixtureRequest) -> World:
    """Each adapter in turn."""
    found: World = request.getfixturevalue(f"{request.param}_world")
    return found


@pytest.fixture
def log(world: World) -> EventLog:
    return world.open()


class Help:
    """What tests of logs say again and again."""

    @staticmethod
    def record(topic: Topic = Topic.FACTS, value: bytes | str = b"x", key: str = "k", **more: Any) -> Record:
        return Record(topic=topic, key=key, value=value.encode() if isinstance(value, str) else value, **more)

    @staticmethod
    def key_for(number: int, count: int = SPREAD) -> str:
        """A key whose records go to the partition of this number."""
        return next(key for key in map(str, range(10_000)) if place(key, count) == number)

    @staticmethod
    def until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
        """What the condition gives once that is true; fails when it takes too long."""
        deadline = time.monotonic() + patience_s
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not within {patience_s:g} s: {condition}"
            time.sleep(0.002)
        return found

    @staticmethod
    def read(reader: Reader, count: int) -> list[Stored]:
        """The next records, exactly this many."""
        found: list[Stored] = []
        deadline = time.monotonic() + PATIENCE_S
        while len(found) < count:
            assert time.monotonic() < deadline, f"only {len(found)} of {count} records came"
            found += reader.poll(timedelta(milliseconds=100))
        assert len(found) == count
        return found

    @staticmethod
    def read_to_end(reader: Reader, partition: Partition, at_least: int = 0) -> list[Stored]:
        """All records up to where the partition ends, once there are this many."""
        found: list[Stored] = []
        deadline = time.monotonic() + PATIENCE_S
        while len(found) < at_least or reader.position(partition) < reader.end(partition):
            assert time.monotonic() < deadline, f"{len(found)} records up to {reader.position(partition)}"
            found += reader.poll(timedelta(milliseconds=50))
        return found

    @staticmethod
    def values(records: Sequence[Stored]) -> list[bytes]:
        return [record.value for record in records]


@dataclass
class Worker:
    """A member of a group as a worker runs it: it polls and renews, and remembers what it was told."""

    membership: Membership
    owned: set[Partition] = field(default_factory=set)
    gained: list[Partition] = field(default_factory=list)
    lost: list[Partition] = field(default_factory=list)
    records: list[Stored] = field(default_factory=list)
    marks: dict[Partition, Mark] = field(default_factory=dict)
    renewed: float = 0.0

    def step(self, timeout: timedelta = timedelta(milliseconds=20)) -> Delivery:
        delivery = self.membership.poll(timeout)
        self.lost += sorted(delivery.lost)
        self.gained += sorted(delivery.gained)
        self.owned = (self.owned - delivery.lost) | delivery.gained
        self.records += delivery.records
        if (self.marks or time.monotonic() - self.renewed > 0.3) and self.membership.renew(self.marks):
            self.renewed, self.marks = time.monotonic(), {}
        return delivery

    def loop(self, done: Event) -> None:
        while not done.is_set():
            with suppress(LogUnavailableError):
                self.step()

    def held(self) -> set[Partition]:
        return {partition for partition in self.owned if self.membership.holds(partition)}


PRELUDE = """
import itertools, json, sys
from datetime import timedelta
from pathlib import Path
from events.log.contract import Mark, Partition, Record, Topic
from events.log.terms import Terms
adapter, where, name, *terms = json.loads(sys.argv[1])
terms = Terms(**{term: timedelta(seconds=value) for term, value in zip(("session", "margin", "deadline"), terms)})
if adapter == "sqlite":
    from events.log.sqlite.log import SqliteLog
    log = SqliteLog(Path(where), terms=terms)
else:
    from events.log.kafka.log import KafkaLog
    from events.log.kafka.settings import KafkaSettings
    bootstrap, prefix = where
    log = KafkaLog(KafkaSettings(bootstrap=bootstrap, prefix=prefix, terms=terms))
"""


class Child:
    """A process of its own that prints lines."""

    def __init__(self, script: str, settings: object) -> None:
        command = [sys.executable, "-W", "ignore", "-c", PRELUDE + script, json.dumps(settings)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def lines(self, count: int) -> list[str]:
        """The next lines that it prints."""
        assert self.process.stdout
        found = [self.process.stdout.readline() for _ in range(count)]
        assert all(found), "the process ended early"
        return [line.strip() for line in found]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, number: int) -> list[str]:
        """Ends it by a signal, and gives the whole lines that it printed before."""
        assert self.process.stdout
        self.process.send_signal(number)
        rest = self.process.stdout.read()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()
        return [line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n")]


class Nursery:
    """Starts processes that have a log open as ``log`` and are called ``name``; all are ended with the test."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def __call__(self, world: SqliteWorld | KafkaWorld, name: str, script: str) -> Child:
        if isinstance(world, KafkaWorld):
            return self._start(script, "kafka", [world.settings.bootstrap, world.settings.prefix], name, world.terms)
        world.open()
        return self.in_folder(world.folder, name, script)

    def in_folder(self, folder: Path, name: str, script: str) -> Child:
        return self._start(script, "sqlite", str(folder), name, TERMS)

    def end(self) -> None:
        for child in self.children:
            if child.process.stdout and not child.process.stdout.closed:
                child.end(signal.SIGKILL)

    def _start(self, script: str, adapter: str, where: str | list[str], name: str, terms: Terms) -> Child:
        seconds = [each.total_seconds() for each in (terms.session, terms.margin, terms.deadline)]
        self.children.append(Child(script, [adapter, where, name, *seconds]))
        return self.children[-1]


@pytest.fixture
def spawn() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.end()


@pytest.fixture
def help_() -> type[Help]:
    return Help


@pytest.fixture
def worker() -> Callable[..., Worker]:
    """Makes a worker of a log in the group "workers"."""

    def join(log: EventLog, topic: Topic = Topic.ORDERS, group: str = "workers") -> Worker:
        return Worker(log.join(group, topic, "test"))

    return join


@pytest.fixture
def run() -> Callable[..., None]:
    """Runs workers side by side, each in a thread of its own, until a condition holds."""

    def run_until(workers: Sequence[Worker], condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        with ThreadPoolExecutor(len(workers)) as pool:
            done = Event()
            loops = [pool.submit(each.loop, done) for each in workers]
            try:
                Help.until(lambda: condition() or any(loop.done() for loop in loops), patience_s)
            finally:
                done.set()
            for loop in loops:
                loop.result()

    return run_until
