"""A whole installation in this process: real coordinator, workers, projector and log, devices in memory."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from automation.change.bundle import Bundle
from automation.change.packing import open_bundle
from automation.change.rendering import render
from automation.config.secrets import Digester
from automation.config.vendors.eos import EOS
from automation.platforms.contract import Limits
from automation.platforms.memory.device import MemoryDevice
from automation.platforms.memory.platform import MemoryPlatform
from automation.rollout.commands import rollout_id
from automation.rollout.state import DeviceProgress, Rollout, State
from console.client import Answer, Client
from events import commands
from events.blobs.contract import BlobStore
from events.blobs.folder import FolderStore
from events.codec import FactRecord, ReportRecord, decode_fact, decode_report, encode_order
from events.control import KeyEntry, KeyRegistered, Role
from events.log.contract import EventLog, Partition, Record, Topic
from events.log.memory import MemoryLog, MemoryStore
from events.log.sqlite.log import SqliteLog
from events.log.terms import Terms
from events.orders import Order
from events.plans import Plan, address_of
from events.reports import Report
from events.signing import Signer
from inventory.estate import Estate
from inventory.model import CredentialReference, Device, JumpHost, Site
from workers.control_watch import ControlWatch
from workers.coordinator.coordinator import Coordinator
from workers.coordinator.inputs import Inbox
from workers.coordinator.lookups import Lookups
from workers.coordinator.reign import Reign, read_state
from workers.device.desk import Office
from workers.device.preparing import SealedPlan, Workshop
from workers.device.worker import DeviceWorker
from workers.founding import Founded, append_control, found_log

T = TypeVar("T")

PATIENCE_S = 20.0
TERMS = Terms(session=timedelta(seconds=2), margin=timedelta(milliseconds=400), deadline=timedelta(seconds=3))

CHANGE = """
title: Another NTP server
ticket: NET-1
team: netauto
select: platform=eos
config: {eos: ntp.j2}
checks_within: 2s
strategy: {canary: 1, waves: [50%], max_in_flight: 20, max_unhealthy: 20, halt_at: 1, bake: 0s}
approvals: [{area: network-ops, count: 1}]
"""

RUNNING = """hostname {name}
ntp server 10.0.0.1
interface Vlan10
   description users
   ip address 10.1.{number}.1/24
"""


class Meddling:
    """A log that does what a test wants before or after an append; all else is the log's own."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.before: Callable[[Sequence[Record]], None] = lambda _records: None
        self.after: Callable[[Sequence[Record]], None] = lambda _records: None

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        self.before(records)
        positions = self._log.append(records)
        self.after(records)
        return positions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


@dataclass
class FixedEstate:
    """An inventory that does not change."""

    estate: Estate

    def current(self) -> Estate:
        return self.estate

    def good(self) -> Estate:
        return self.estate

    @property
    def known(self) -> Estate:
        return self.estate


@dataclass
class Person:
    """Somebody with a key."""

    name: str
    client: Client

    def ask(self, command: commands.Command) -> Answer:
        return self.client.ask(command, timedelta(seconds=PATIENCE_S))


@dataclass
class World:
    """One installation; its processes are threads that are started and stopped by the test."""

    folder: Path
    log: EventLog
    founded: Founded
    estate: Estate
    devices: dict[str, MemoryDevice]
    open_log: Callable[[], EventLog]
    stack: ExitStack
    people: dict[str, Person] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def name(self) -> str:
        return self.founded.log

    @property
    def blobs(self) -> FolderStore:
        return FolderStore(self.folder / "blobs", key=b"k" * 32)

    def person(self, name: str, *roles: Role, areas: tuple[str, ...] = ()) -> Person:
        if name not in self.people:
            signer = Signer.generate()
            entry = KeyEntry(public=signer.public, name=name, team="netauto", areas=areas, roles=roles)
            record = f"key-{name}"
            append_control(self.log, self.founded.root, self.name, KeyRegistered(key=entry), record, self.now())
            self.people[name] = Person(name, Client(log=self.log, name=self.name, signer=signer, now=self.now))
        return self.people[name]

    @property
    def engineer(self) -> Person:
        return self.person("ann", Role.ENGINEER)

    @property
    def operator(self) -> Person:
        return self.person("olga", Role.OPERATOR, areas=("network-ops",))

    def coordinator(self, name: str = "coordinator-1") -> Coordinator:
        """A running coordinator, stopped at the end of the test."""
        log = self.open_log()
        lookups = Lookups(self.blobs, FixedEstate(self.estate).current)
        inbox = Inbox(self.blobs, lookups.look_up)
        coordinator = Coordinator(log, name, lambda: Reign.begin(log, self.name, inbox, self.founded.coordinator))
        self._run(name, coordinator.run, coordinator.stop)
        return coordinator

    def worker(
        self,
        name: str = "worker-1",
        capacity: int = 20,
        *,
        log: EventLog | None = None,
        blobs: BlobStore | None = None,
        drain_s: float = 10.0,
        unsure_s: float = 10.0,
    ) -> DeviceWorker:
        """A running device worker, stopped at the end of the test."""
        log = log or self.open_log()
        control = ControlWatch(log, self.name)
        control.start()
        self.stack.callback(control.stop)
        worker = DeviceWorker(
            office=Office(
                log=log,
                blobs=blobs or self.blobs,
                control=control,
                session=secrets.token_hex(4),
                now=self.now,
                unsure=timedelta(seconds=unsure_s),
            ),
            workshop=self.workshop(name),
            capacity=capacity,
            drain=timedelta(seconds=drain_s),
        )
        self._run(name, worker.run, worker.stop)
        return worker

    def workshop(self, name: str) -> Workshop:
        blobs, estate = self.blobs, self.estate

        def sealed(digest: str) -> SealedPlan:
            plan = Plan.model_validate_json(blobs.get(address_of(digest)))
            return SealedPlan(plan=plan, devices={device.device: device for device in plan.devices})

        return Workshop(
            name=name,
            estates=FixedEstate(estate),  # type: ignore[arg-type]
            platforms={"eos": MemoryPlatform(name="eos", vendor=EOS, devices=self.devices)},
            blobs=blobs,
            digester=Digester(b"d" * 32),
            limits=Limits(connect=timedelta(seconds=1), answer=timedelta(seconds=1)),
            environ={"LAB_PASSWORD": "secret"},
            change=lru_cache(lambda digest: open_bundle(blobs.get(address_of(digest)))),
            plan=lru_cache(sealed),
            lines=lambda change, device: render(change, estate, device),
        )

    def _run(self, name: str, run: Callable[[], None], stop: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name)
        thread.start()
        self.stack.callback(thread.join)
        self.stack.callback(stop)

    def submit(self, change: str = CHANGE, template: str = "ntp server 10.0.0.2\n") -> str:
        """Submits a change; returns its id."""
        bundle = Bundle(files={"change.yaml": change.encode(), "ntp.j2": template.encode()})
        answer = self.engineer.ask(commands.SubmitChange(bundle=bundle.id, files=bundle.texts()))
        assert answer.decided, answer
        assert answer.refusal is None, answer
        return bundle.id

    def request(self, change: str, only: str | None = None) -> str:
        """Requests a rollout; returns its id."""
        answer = self.engineer.ask(commands.RequestRollout(change=change, only=only))
        assert answer.decided, answer
        assert answer.refusal is None, answer
        return rollout_id(answer.command)

    def approve(self, rollout: str, by: Person | None = None) -> Answer:
        """Waits for the plan and approves it."""
        plan = self.await_state(rollout, "awaiting_approval").plan
        assert plan is not None
        until = self.now() + timedelta(hours=1)
        approval = commands.ApprovePlan(rollout=rollout, plan=plan, area="network-ops", until=until)
        return (by or self.operator).ask(approval)

    def gate(self, device: str, step: str) -> tuple[threading.Event, threading.Event]:
        """Holds a device up the first time it comes to a step: an event when it has, and one to let it go on."""
        reached, release = threading.Event(), threading.Event()
        self.stack.callback(release.set)

        def hold(at: str) -> None:
            if at.split(maxsplit=1)[0] == step and not reached.is_set():
                reached.set()
                release.wait(PATIENCE_S)

        self.devices[device].before = hold
        return reached, release

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for a condition."""
        wait_for(lambda: condition() or None, lambda: "a condition")

    def meddling(self) -> Any:
        """A log of its own for a worker, in which a test can meddle."""
        return Meddling(self.open_log())

    def order(self, order: Order) -> None:
        """Puts an order where the workers look, as whoever can write there could."""
        self.log.append([encode_order(order, self.now())])

    def reports(self) -> list[Report]:
        """All reports, by partition."""
        return [record.report for record in self.report_records()]

    def report_records(self) -> list[ReportRecord]:
        """The same, with their ids and times."""
        partitions = self.log.partitions(Topic.REPORTS)
        reader = self.log.reader(dict.fromkeys(partitions, 0))
        try:
            ends = {partition: reader.end(partition) for partition in partitions}
            found: list[ReportRecord] = []
            while any(reader.position(partition) < end for partition, end in ends.items()):
                found += [decode_report(stored.value) for stored in reader.poll(timedelta(milliseconds=100))]
            return found
        finally:
            reader.close()

    def state(self) -> State:
        return read_state(self.log, self.name)

    def rollout(self, rollout: str) -> Rollout:
        return self.state().rollouts[rollout]

    def device(self, rollout: str, device: str) -> DeviceProgress:
        return self.rollout(rollout).devices[device]

    def facts(self) -> list[FactRecord]:
        partition = Partition(Topic.FACTS, 0)
        reader = self.log.reader({partition: 0})
        try:
            end = reader.end(partition)
            records: list[FactRecord] = []
            while reader.position(partition) < end:
                records += [decode_fact(stored.value)[0] for stored in reader.poll(timedelta(milliseconds=100))]
            return records
        finally:
            reader.close()

    def await_state(self, rollout: str, *states: str) -> Rollout:
        """Waits until a rollout is in one of these states."""
        return wait_for(
            lambda: found if (found := self.state().rollouts.get(rollout)) and found.state in states else None,
            lambda: f"rollout {rollout} to be {states}; {self.told(rollout)}",
        )

    def told(self, rollout: str) -> str:
        """A rollout in short, for the message of a test that fails."""
        found = self.state().rollouts.get(rollout)
        if found is None:
            return "it is unknown"
        odd = [
            f"{name} {device.state} ({device.reason})"
            for name, device in sorted(found.devices.items())
            if device.reason is not None or device.in_flight
        ]
        return f"it is {found.state}, {self.counts(rollout)}: {'; '.join(odd)}"

    def counts(self, rollout: str) -> Mapping[str, int]:
        return {state.value: count for state, count in self.rollout(rollout).counts.items() if count}


def wait_for(look: Callable[[], T | None], what: Callable[[], str], patience_s: float = PATIENCE_S) -> T:
    deadline = time.monotonic() + patience_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"waited {patience_s} s for {what()}")
        time.sleep(0.02)


@pytest.fixture
def waiting() -> Callable[..., object]:
    return wait_for


@pytest.fixture(params=["memory", "sqlite"])
def make_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes an installation of so many sites with two redundant devices each, on each embedded log."""
    with _worlds(request.param, tmp_path) as make:
        yield make


@pytest.fixture
def make_quick_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """The same on the log in memory alone, for what does not depend on the log."""
    with _worlds("memory", tmp_path) as make:
        yield make


@contextmanager
def _worlds(kind: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    with ExitStack() as stack:
        store = MemoryStore(spread=4, terms=TERMS)

        def open_log() -> EventLog:
            if kind == "memory":
                log: EventLog = MemoryLog(store)
            else:
                log = SqliteLog(tmp_path / "log", spread=4, terms=TERMS)
            stack.callback(log.close)
            return log

        def make(sites: int = 4, jump_host: int = 0) -> World:
            root, coordinator = Signer.generate(), Signer.generate()
            founded = Founded(home=tmp_path, root=root, coordinator=coordinator)
            log = open_log()
            found_log(log, founded, "root", "security", datetime.now(UTC))
            return World(
                folder=tmp_path,
                log=log,
                founded=founded,
                estate=_estate(sites, jump_host),
                devices=_devices(sites),
                open_log=open_log,
                stack=stack,
            )

        yield make


def _estate(sites: int, jump_host: int) -> Estate:
    """So many sites; behind a jump host that bears so many connections, unless that is 0."""
    names = [f"store-{number:03d}" for number in range(1, sites + 1)]
    return Estate.of(
        sites=[Site(name=name, country="DE", timezone="Europe/Berlin", region="emea", tier="store") for name in names],
        devices=[
            Device(
                name=f"{name}-sw{leg}",
                site=name,
                role="switch",
                platform="eos",
                address="127.0.0.1",
                port=8443,
                os_version="4.30",
                redundancy_group=f"{name}-sw",
                credentials="lab",
                via="jump-1" if jump_host else None,
            )
            for name in names
            for leg in (1, 2)
        ],
        jump_hosts=[
            JumpHost(name="jump-1", address="127.0.0.1", credentials="lab", max_connections=most)
            for most in [jump_host]
            if most
        ],
        credentials=[CredentialReference(name="lab", username="ops", password="env:LAB_PASSWORD")],
        content_hash="sha256:" + "e" * 64,
    )


def _devices(sites: int) -> dict[str, MemoryDevice]:
    names = [f"store-{number:03d}-sw{leg}" for number in range(1, sites + 1) for leg in (1, 2)]
    return {
        name: MemoryDevice.booted(name, EOS, RUNNING.format(name=name, number=number))
        for number, name in enumerate(names)
    }
