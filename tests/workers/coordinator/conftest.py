"""Reigns that a test steps by hand, over a log in memory."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from automation.change.bundle import Bundle
from automation.rollout.commands import rollout_id
from events import commands
from events.blobs.folder import FolderStore
from events.codec import FactRecord, ReportRecord, decode_fact, decode_order, encode_report
from events.control import Control, KeyEntry, KeyRegistered, Role
from events.log.contract import EventLog, Partition, Record, Topic
from events.log.memory import MemoryLog, MemoryStore
from events.orders import Order
from events.plans import PlannedDevice
from events.reports import Report
from events.signing import COMMAND, Signer, seal
from events.values import Access, UndoRank
from inventory.estate import Estate
from inventory.model import CredentialReference, Device, Site
from workers.coordinator.inputs import Inbox
from workers.coordinator.lookups import Lookups
from workers.coordinator.reign import Reign
from workers.founding import Founded, append_control, found_log

START = datetime(2026, 5, 4, 8, tzinfo=UTC)

CHANGE = """\
title: Another NTP server
ticket: NET-1
team: netauto
select: {select}
config: {{eos: ntp.j2}}
strategy: {{canary: 1, waves: [50%], max_in_flight: 20, max_unhealthy: 20, halt_at: 1, bake: 0s}}
approvals: [{{area: network-ops, count: 1}}]
"""

PEOPLE: dict[str, tuple[tuple[Role, ...], tuple[str, ...]]] = {
    "ann": ((Role.ENGINEER,), ()),
    "olga": ((Role.OPERATOR,), ("network-ops",)),
    "pipe": ((Role.PIPELINE,), ()),
}


def estate(sites: int = 2) -> Estate:
    names = [f"store-{number:03d}" for number in range(1, sites + 1)]
    return Estate.of(
        sites=[Site(name=name, country="DE", timezone="Europe/Berlin", region="emea", tier="store") for name in names],
        devices=[
            Device(name=f"{name}-sw1", site=name, role="switch", platform="eos", address="127.0.0.1", credentials="lab")
            for name in names
        ],
        credentials=[CredentialReference(name="lab", username="ops", password="env:LAB_PASSWORD")],
        content_hash="sha256:" + "e" * 64,
    )


@dataclass
class Court:
    """A founded log with people who have keys, and the means to reign over it. ``now`` is moved by the test."""

    folder: Path
    store: MemoryStore
    log: EventLog
    founded: Founded
    now: datetime = START
    estate: Estate = field(default_factory=estate)
    signers: dict[str, Signer] = field(default_factory=dict)
    reigns: list[Reign] = field(default_factory=list)
    blobs: Any = None

    @property
    def name(self) -> str:
        return self.founded.log

    def lookups(self) -> Lookups:
        return Lookups(self.blobs, lambda: self.estate)

    def inbox(self) -> Inbox:
        return Inbox(self.blobs, self.lookups().look_up)

    def reign(self, log: EventLog | None = None) -> Reign:
        """A new reign; the one before it is over."""
        begun = Reign.begin(log or self.log, self.name, self.inbox(), self.founded.coordinator, lambda: self.now)
        self.reigns.append(begun)
        return begun

    def settle(self, reign: Reign) -> int:
        """Steps until nothing is left to decide; gives the number of facts. A step may write to control at its end."""
        written, idle = 0, 0
        while idle < 2:
            more = reign.step(timedelta(0))
            written, idle = written + more, 0 if more else idle + 1
        return written

    def seal(self, by: str, command: commands.Command, identity: str = "", **changed: Any) -> str:
        """A command as it is signed."""
        content: dict[str, Any] = {"log": self.name, "expires": self.now + timedelta(hours=1), "purpose": COMMAND}
        content |= changed
        signer = self.signers.get(by) or Signer.generate()
        purpose = content.pop("purpose")
        return seal(signer, purpose, command, id=identity or f"c-{secrets.token_hex(4)}", **content)

    def send(self, signed: str | bytes, headers: tuple[tuple[str, bytes], ...] = ()) -> None:
        """Puts something where commands are."""
        value = signed if isinstance(signed, bytes) else signed.encode()
        self.log.append([Record(topic=Topic.COMMANDS, key="x", value=value, headers=headers)])

    def ask(self, by: str, command: commands.Command, identity: str = "") -> str:
        """Sends a command; gives its id."""
        identity = identity or f"c-{secrets.token_hex(4)}"
        self.send(self.seal(by, command, identity))
        return identity

    def report(self, report: Report, site: str = "store-001") -> None:
        record = ReportRecord(id=secrets.token_hex(4), at=self.now, report=report)
        self.log.append([encode_report(record, site)])

    def control(self, by: Signer, message: Control, identity: str) -> None:
        append_control(self.log, by, self.name, message, identity, self.now)

    def submit(self, select: str = "platform=eos") -> str:
        """Submits a change; gives its id."""
        bundle = self.bundle(select)
        self.ask("ann", commands.SubmitChange(bundle=bundle.id, files=bundle.texts()))
        return bundle.id

    def bundle(self, select: str = "platform=eos") -> Bundle:
        change = CHANGE.format(select=select)
        return Bundle(files={"change.yaml": change.encode(), "ntp.j2": b"ntp server 10.0.0.2\n"})

    def request(self, change: str) -> str:
        """Requests a rollout; gives its id."""
        return rollout_id(self.ask("ann", commands.RequestRollout(change=change)))

    def planned(self, device: str, site: str) -> PlannedDevice:
        """What planning found on a device."""
        keyed = "hmac:" + "4" * 64
        return PlannedDevice(
            device=device,
            site=site,
            platform="eos",
            role="switch",
            os_version="4.30",
            region="emea",
            tier="store",
            access=Access.IN_BAND,
            undo=UndoRank.TIMER,
            base=keyed,
            target=keyed,
            diff=keyed,
            config=keyed,
            diff_class="sha256:" + "5" * 64,
            diff_text=self.blobs.put(b"+ ntp server 10.0.0.2"),
            added=1,
            removed=0,
        )

    def facts(self) -> list[FactRecord]:
        return [decode_fact(value)[0] for value in self.read(Topic.FACTS)]

    def orders(self) -> list[Order]:
        return [decode_order(value) for value in self.read(Topic.ORDERS)]

    def read(self, topic: Topic) -> list[bytes]:
        """All that is in a topic."""
        partitions: list[Partition] = list(self.log.partitions(topic))
        reader = self.log.reader(dict.fromkeys(partitions, 0))
        found: list[bytes] = []
        while any(reader.position(partition) < reader.end(partition) for partition in partitions):
            found += [stored.value for stored in reader.poll(timedelta(milliseconds=50))]
        reader.close()
        return found


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    store = MemoryStore(spread=4)
    log = MemoryLog(store)
    founded = Founded(home=tmp_path, root=Signer.generate(), coordinator=Signer.generate())
    found_log(log, founded, "root", "security", START)
    made = Court(tmp_path, store, log, founded, blobs=FolderStore(tmp_path / "blobs", key=b"k" * 32))
    for name, (roles, areas) in PEOPLE.items():
        made.signers[name] = Signer.generate()
        entry = KeyEntry(public=made.signers[name].public, name=name, team="netauto", roles=roles, areas=areas)
        made.control(founded.root, KeyRegistered(key=entry), f"key-{name}")
    made.signers["root"] = founded.root
    yield made
    log.close()


@pytest.fixture
def make_log(court: Court) -> Callable[[], EventLog]:
    """Opens the court's log once more, as another process would."""
    return lambda: MemoryLog(court.store)
