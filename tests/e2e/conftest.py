"""The oracle: devices and log held against each other.

It believes nobody. It reads what the devices have, and what they noted of who wrote to them, which the product cannot
write, and holds it against the facts of the log, in both directions.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from console.home import open_home
from lab.handle import LabHandle
from lab.journal import Entry, Event


class Company(Protocol):
    """What the oracle asks of an installation and its devices."""

    home: Path
    lab: LabHandle

    @property
    def devices(self) -> tuple[str, ...]:
        """All devices' names."""
        ...

    def journal(self, device: str) -> list[Entry]:
        """What a device noted."""
        ...

    def facts(self) -> list[Any]:
        """All facts, oldest first, as ``wavegate log --json`` gives them."""
        ...

    def show(self, rollout: str) -> Any:
        """A rollout as ``wavegate rollout show --json`` gives it."""
        ...


Path_ = tuple[str, ...]
Lines = frozenset[Path_]


def lines_of(config: str) -> Lines:
    """The lines of a configuration, each with the headers that it stands under."""
    found: set[Path_] = set()
    above: list[tuple[int, str]] = []
    for line in config.splitlines():
        text = line.strip()
        if not text or text.startswith("!") or text == "end":
            continue
        depth = len(line) - len(line.lstrip())
        above = [*(each for each in above if each[0] < depth), (depth, text)]
        found.add(tuple(header for _, header in above))
    return frozenset(found)


def edits_of(difference: str) -> tuple[Lines, Lines]:
    """What a difference takes away, and what it adds, as the lines of a configuration."""
    taken: set[Path_] = set()
    added: set[Path_] = set()
    above: list[tuple[int, str]] = []
    for line in difference.splitlines():
        sign, text = line[0], line[2:]
        depth = len(text) - len(text.lstrip())
        above = [*(each for each in above if each[0] < depth), (depth, text.strip())]
        {"-": taken, "+": added, " ": set()}[sign].add(tuple(header for _, header in above))
    return frozenset(taken), frozenset(added)


@dataclass
class Write:
    """What a device noted of one write to it, from the armed timer on. ``label`` is empty where it has no names.

    ``lines`` counts what was entered under the timer: whoever is stopped between the two has written nothing.
    """

    label: str = ""
    lines: int = 0
    steps: list[Event] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Confirmed once, then saved, and never undone; only then may it have lost its power."""
        steps = [step for step in self.steps if step is not Event.REBOOTED]
        in_time = Event.REBOOTED not in self.steps[:2]
        return self.lines > 0 and steps[:1] == [Event.CONFIRMED] and set(steps[1:]) == {Event.SAVED} and in_time

    @property
    def undone(self) -> bool:
        """By its timer, on request, by a restart before it was saved, or by a second write that nothing guards."""
        if Event.SAVED not in self.steps and Event.REBOOTED in self.steps:
            return True
        return bool({Event.REVERTED, Event.COMMIT} & set(self.steps))

    @property
    def idle(self) -> bool:
        """A timer that was armed and taken away again, with nothing in between."""
        return self.lines == 0 and self.steps in ([Event.CONFIRMED], [Event.REVERTED], [Event.REBOOTED])


def writes_of(journal: Sequence[Entry]) -> list[Write]:
    """All writes of the product's login to a device, in order."""
    writes: list[Write] = []
    for entry in journal:
        if entry.event is Event.TIMER_ARMED:
            label = entry.detail.partition(" reverts in ")[0]
            writes.append(Write(label=label if label.startswith("wg-") else ""))
        elif entry.event in {Event.CONFIRMED, Event.SAVED, Event.REVERTED, Event.REBOOTED} and writes:
            writes[-1].steps.append(entry.event)
        elif _unguarded(entry, writes):
            writes = writes or [Write()]
            writes[-1].steps.append(Event.COMMIT)
        elif _enters(entry) and writes:
            writes[-1].lines += 1
    return [write for write in writes if not write.idle]


def _enters(entry: Entry) -> bool:
    """Whether this makes something the running configuration: a commit on EOS, each line on IOS."""
    if entry.event is Event.COMMIT:
        return True
    typed = entry.event is Event.COMMAND and entry.result == "accepted" and entry.line not in {"end", "exit"}
    # What is typed into a session of EOS changes nothing before its commit.
    return typed and entry.mode.startswith("config") and not entry.mode.startswith("config-s-")


def _unguarded(entry: Entry, writes: Sequence[Write]) -> bool:
    """Whether this begins a write that no timer guards."""
    if entry.event is Event.COMMIT:
        return not writes or entry.detail != writes[-1].label
    return (
        entry.event is Event.COMMAND
        and entry.result == "accepted"
        and entry.line in {"configure", "configure terminal"}
    )


@dataclass
class Deed:
    """One piece of writing work of a rollout on a device, as the facts tell it. ``work`` may have several orders."""

    rollout: str
    order: str
    staged: bool = False
    ended: str = ""
    observed: str = ""

    @property
    def kept(self) -> bool:
        """Whether what it wrote stands."""
        return self.ended in {"DeviceVerified", "DeviceRolledBack"} and self.staged

    @property
    def label(self) -> str:
        """Its name on devices that have names for what is pending."""
        return "wg-" + hashlib.sha256(self.order.encode()).hexdigest()[:16]


_ENDS = frozenset(
    {
        "DeviceVerified",
        "DeviceUnchanged",
        "DeviceReverted",
        "DeviceFailed",
        "DeviceRefused",
        "DeviceDrifted",
        "DeviceRolledBack",
        "DeviceRollbackFailed",
        "DeviceReturned",
    }
)


def deeds_of(facts: Sequence[Any]) -> dict[str, list[Deed]]:
    """By device, everything that was done to it or was to be, in order. Reading back goes on with what it reads."""
    deeds: dict[str, list[Deed]] = defaultdict(list)
    by_order: dict[str, Deed] = {}
    for fact in facts:
        data, kind = fact["data"], fact["type"]
        order = data.get("order")
        if kind == "OrderReleased" and data["work"] != "PlanDevice":
            deed = by_order.get(data.get("unresolved") or "")
            if deed is None:
                deed = Deed(rollout=data["rollout"], order=order)
                deeds[data["device"]].append(deed)
            by_order[order] = deed
        elif order in by_order:
            deed = by_order[order]
            deed.staged = deed.staged or kind == "DeviceStaged"
            deed.ended = kind if kind in _ENDS else deed.ended
            deed.observed = data.get("observed", deed.observed)
    return deeds


@dataclass
class Oracle:
    """Holds devices against facts. Made when nothing was done yet, since it remembers how the devices began."""

    company: Company
    begun: dict[str, Lines]

    def now(self) -> dict[str, Lines]:
        """What the devices have; fails where one has something else in startup."""
        running = {device: lines_of(self.company.lab.running(device)) for device in self.begun}
        assert running == {device: lines_of(self.company.lab.startup(device)) for device in self.begun}
        return running

    def complaints(self, *by_hand: str) -> list[str]:
        """Everything in which devices and facts differ; of the devices ``by_hand``, edits of others are none."""
        company = self.company
        facts = company.facts()
        deeds = deeds_of(facts)
        found = list(_unaccounted(company, facts))
        for device in company.devices:
            journal = company.journal(device)
            told = [*_held(writes_of(journal), deeds[device])]
            if device not in by_hand:
                told += [f"edited by hand: {each.line}" for each in journal if each.event is Event.EDITED_BY_HAND]
                told += self._configs(device, deeds[device])
            found += [f"{device}: {each}" for each in told]
        return found

    def reconcile(self, *by_hand: str) -> None:
        """Fails where devices and facts differ."""
        assert self.complaints(*by_hand) == []

    def _configs(self, device: str, deeds: Sequence[Deed]) -> Iterator[str]:
        """Holds running and startup against the differences that the facts say are there."""
        wanted = self.begun[device]
        before: dict[str, Lines] = {}
        blobs = open_home(self.company.home).blobs()
        for deed in deeds:
            if deed.ended == "DeviceVerified" and deed.staged:
                taken, added = edits_of(blobs.get(deed.observed).decode())
                before.setdefault(deed.rollout, wanted)
                wanted = (wanted - taken) | added
            elif deed.ended == "DeviceRolledBack":
                wanted = before.pop(deed.rollout, wanted)
        for name, config in (("running", self.company.lab.running), ("startup", self.company.lab.startup)):
            has = lines_of(config(device))
            yield from (f"{name} has, and the log does not say: {' / '.join(each)}" for each in sorted(has - wanted))
            yield from (f"{name} lacks, and the log says: {' / '.join(each)}" for each in sorted(wanted - has))


def _held(writes: Sequence[Write], deeds: Sequence[Deed]) -> Iterator[str]:
    """Each deed has its write and each write its deed. Nothing may come of one that was undone, or never begun."""
    left = list(writes)
    for deed in deeds:
        if not deed.ended:
            yield f"order {deed.order} has no outcome"
        mine = bool(left) and left[0].label in {"", deed.label}
        if deed.kept and not (mine and left[0].kept):
            yield f"the log says {deed.ended} of {deed.order}, the device noted {left[:1] or 'nothing'}"
        elif deed.kept or (deed.ended == "DeviceReverted" and mine and left[0].undone):
            left.pop(0)
    yield from (f"the device noted {write}, of which the log knows nothing" for write in left)


def _unaccounted(company: Company, facts: Sequence[Any]) -> Iterator[str]:
    """Each target of each rollout that ended has to have ended as well, and the views have to say the same."""
    for rollout in [fact["data"]["rollout"] for fact in facts if fact["type"] == "RolloutProposed"]:
        page = company.show(rollout)["rollout"]
        targets = [
            target["device"]
            for fact in facts
            if fact["type"] == "TargetsFrozen" and fact["data"]["rollout"] == rollout
            for target in fact["data"]["targets"]
        ]
        if sum(page["counts"].values()) != len(targets) or len(set(targets)) != len(targets):
            yield f"{rollout} has {len(targets)} targets, and tells of {page['counts']}"
        open_ = {"pending", "released", "in_progress", "unknown"} & set(page["counts"])
        if page["state"] in {"completed", "rolled_back"} and open_:
            yield f"{rollout} is {page['state']}, with devices {', '.join(sorted(open_))}"


@pytest.fixture(scope="session")
def oracle_of() -> Callable[[Company], Oracle]:
    """Makes the oracle of a company, at whose devices nothing was done yet."""

    def make(company: Company) -> Oracle:
        return Oracle(company, {device: lines_of(company.lab.running(device)) for device in company.devices})

    return make
