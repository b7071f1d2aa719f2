"""A drill: the decider driven by hand, with people who sign, workers who report, and a clock that is moved.

It does what a coordinator does (see workers/coordinator), without a log: decisions are folded in fact by fact, through
their bytes, and what is due is folded in until nothing is. Every drill ends with what must hold of any history.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from automation.rollout import commands as deciding
from automation.rollout.advance import advance
from automation.rollout.control import note
from automation.rollout.decision import Asked, ChangeRead, Decision, Looked, TargetsFound
from automation.rollout.evolve import evolve
from automation.rollout.orders import order_of
from automation.rollout.reports import judge
from automation.rollout.sealing import plan_of
from automation.rollout.state import DeviceProgress, Rollout, State, empty
from events import commands, facts, reports
from events.authority import RefusedError
from events.codec import FactRecord, ReportRecord, decode_fact, encode_fact
from events.commands import Command
from events.control import (
    Control,
    HaltLifted,
    HaltRaised,
    KeyEntry,
    KeyRegistered,
    LogFounded,
    Role,
    Subject,
)
from events.facts import FACTS, Fact, Strategy, Target
from events.orders import Order, PlanDevice, Writing
from events.plans import ApprovalWanted, PlannedDevice, digest
from events.signing import COMMAND, CONTROL, Signer, log_name, seal
from events.values import Access, Cause, Reason, UndoRank

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
BUNDLE = "sha256:" + "b" * 64
INVENTORY = "sha256:" + "1" * 64
BEFORE = "secret-" + "2" * 64
SEEN = "sha256-" + "3" * 64
KEYED = "hmac:" + "4" * 64
AFTER = "hmac:" + "5" * 64

PEOPLE: Mapping[str, tuple[tuple[Role, ...], tuple[str, ...]]] = {
    "root": ((Role.ADMIN,), ()),
    "coordinator": ((Role.COORDINATOR,), ()),
    "ann": ((Role.ENGINEER,), ()),
    "pipe": ((Role.PIPELINE,), ()),
    "olga": ((Role.OPERATOR,), ("noc",)),
    "omar": ((Role.OPERATOR,), ("noc",)),
    "uma": ((Role.OPERATOR,), ("unix",)),
    "eva": ((Role.ENGINEER, Role.OPERATOR), ("noc", "unix")),
}


def target(name: str, site: str, group: str | None = None, **given: Any) -> Target:
    """A device that a rollout is about."""
    plain = {"region": "emea", "tier": None, "role": "router", "platform": "ios", "credential": "tacacs"}
    return Target(device=name, site=site, group=group, **(plain | given))


def twins(sites: int, first: int = 0) -> tuple[Target, ...]:
    """Sites of two routers each that stand in for each other."""
    numbers = range(first, first + sites)
    return tuple(target(f"s{site:03d}-r{leg}", f"s{site:03d}", f"g{site:03d}") for site in numbers for leg in (1, 2))


def singles(sites: int, first: int = 0) -> tuple[Target, ...]:
    """Sites of one router each."""
    return tuple(target(f"s{site:03d}-r1", f"s{site:03d}") for site in range(first, first + sites))


def change(**given: Any) -> ChangeRead:
    """A submitted change."""
    plain: dict[str, Any] = {
        "title": "Another NTP server",
        "ticket": "NET-1",
        "team": "netauto",
        "selector": "role=router",
        "task": None,
        "strategy": Strategy(canary=1, waves=("50%",), max_in_flight=10, max_unhealthy=10, halt_at=1, bake_s=60),
        "approvals": (ApprovalWanted(area="noc"),),
    }
    return ChangeRead(**(plain | given))


def planned(of: Target, **given: Any) -> PlannedDevice:
    """What planning finds on a device."""
    plain: dict[str, Any] = {
        **{name: getattr(of, name) for name in ("device", "site", "platform", "role", "region", "tier", "group")},
        "os_version": "15.2",
        "access": Access.IN_BAND,
        "undo": UndoRank.TIMER,
        **dict.fromkeys(("base", "target", "diff", "config"), KEYED),
        "diff_class": digest(b"class"),
        "diff_text": SEEN,
        "added": 1,
        "removed": 0,
    }
    return PlannedDevice(**(plain | given))


def signer(name: str) -> Signer:
    """The same key for a name in every run."""
    return Signer(Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b".")[:32]))


@dataclass
class Drill:
    """A log that begins with its people registered."""

    now: datetime = START
    state: State = field(init=False)
    contents: list[bytes] = field(default_factory=list)
    records: list[FactRecord] = field(default_factory=list)
    open: dict[str, Order] = field(default_factory=dict)
    raised: set[str] = field(default_factory=set)
    position: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))
    rid: str = ""
    settles: bool = True

    def __post_init__(self) -> None:
        self.state = empty(self.log)
        for name in PEOPLE:
            message: Control = LogFounded(root=self.entry(name), at=START)
            if name != "root":
                message = KeyRegistered(key=self.entry(name))
            self.control("root", message, f"key-{name}")

    # Who there is

    @property
    def log(self) -> str:
        return log_name(signer("root").public)

    signer = staticmethod(signer)

    def entry(self, name: str, /, **given: Any) -> KeyEntry:
        """Somebody's key, with what it stands for."""
        roles, areas = PEOPLE[name]
        plain = {"public": signer(name).public, "name": name, "team": "netauto", "roles": roles, "areas": areas}
        return KeyEntry(**(plain | given))

    # What comes in

    def ask(self, who: str, command: Command, looked: Looked = None, name: str | None = None) -> tuple[Fact, ...]:
        """Somebody's command, decided; the facts that follow from it, refused or not."""
        name = name or f"c-{next(self.numbers)}"
        expires = self.now + timedelta(hours=1)
        signed = seal(signer(who), COMMAND, command, log=self.log, id=name, expires=expires)
        try:
            _, message, author = self.state.authority.command(signed, self.now)
        except RefusedError as error:
            refused = deciding.refusal(name, command.wire, error, authentic=False)
            decision = Decision(by=error.author or "unknown", cause=f"refused:{name}", facts=(refused,))
        else:
            asked = Asked(id=name, command=message, author=author, signed=signed)
            decision = deciding.decide(self.state, asked, looked, self.now)
            assert decision == deciding.decide(self.state, asked, looked, self.now), "deciding is pure"
        return self._decided(decision)

    def refused(self, who: str, command: Command, looked: Looked = None, name: str | None = None) -> str:
        """The code with which a command is refused; empty where it is not. Nothing else may come of it."""
        found = self.ask(who, command, looked, name)
        refusals = [fact for fact in found if isinstance(fact, facts.CommandRefused)]
        assert not refusals or len(found) == 1
        return refusals[0].code if refusals else ""

    def control(self, who: str, message: Control, name: str | None = None) -> tuple[Fact, ...]:
        """A control record, noted."""
        name = name or f"k-{next(self.numbers)}"
        signed = seal(signer(who), CONTROL, message, log=self.log, id=name, expires=self.now)
        self.position += 1
        return self._decided(note(self.state, self.position - 1, signed.encode()))

    def halt(self, who: str, *subjects: str, revert: bool = False, name: str | None = None) -> str:
        """A halt on these subjects, or on the rollout; its id."""
        name = name or f"halt-{next(self.numbers)}"
        on = tuple(Subject.parse(text) for text in subjects or (f"rollout:{self.rid}",))
        self.control(who, HaltRaised(subjects=on, reason="it hurts", revert=revert), name)
        return name

    def lift(self, who: str, *halts: str) -> None:
        """Lifts halts; all that stand where none is named."""
        for name in halts or tuple(self.state.authority.halts):
            self.control(who, HaltLifted(halt=name))

    def tell(self, report: reports.Report, name: str | None = None) -> Fact:
        """A report, judged; the one fact that follows."""
        record = ReportRecord(id=name or f"w-{next(self.numbers)}", at=self.now, report=report)
        (fact,) = self._decided(judge(self.state, record, self.now))
        return fact

    def tick(self, seconds: float = 0) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)
        self.settle()

    # What a coordinator does

    def _decided(self, decision: Decision) -> tuple[Fact, ...]:
        self.enter(decision)
        self.settle()
        return decision.facts

    def enter(self, decision: Decision) -> None:
        """Folds a decision in, through its facts' bytes."""
        for fact in decision.facts:
            seq, prev = self.state.seq, self.state.head
            record = FactRecord(seq=seq, prev=prev, at=self.now, by=decision.by, cause=decision.cause, fact=fact)
            content = encode_fact(record)
            read, head_after = decode_fact(content)
            assert read == record
            self.state = evolve(self.state, read, head_after)
            self.contents.append(content)
            self.records.append(record)
            self._note_orders(fact)

    def _note_orders(self, fact: Fact) -> None:
        if isinstance(fact, facts.OrderReleased):
            order = order_of(self.state, fact)
            self.open[order.id] = order
        elif isinstance(fact, facts.DeviceFact) and fact.order in self.open:
            device = self.state.rollouts[fact.rollout].devices[fact.device]
            if device.order != fact.order:
                del self.open[fact.order]

    def settle(self, rounds: int = 60) -> None:
        """Folds in what is due until nothing is; one thing must not lead to another for ever."""
        if not self.settles:
            return
        for _ in range(rounds):
            due = list(advance(self.state, self.now))
            assert due == list(advance(self.state, self.now)), "what is due is told by the state and the time alone"
            if not due:
                return
            for decision in due:
                self.enter(decision)
        pytest.fail(f"what is due never ends: {due[:3]}")

    def raise_own_halts(self) -> None:
        """Puts the coordinator's own halts into control, as it does after a commit."""
        for name, (subject, reason) in sorted(self.state.own_halts.items()):
            self.control("coordinator", HaltRaised(subjects=(Subject.parse(subject),), reason=reason), name)

    # Rollouts

    @property
    def rollout(self) -> Rollout:
        return self.state.rollouts[self.rid]

    @property
    def standing(self) -> str:
        return self.rollout.state.value

    @property
    def counts(self) -> dict[str, int]:
        return {state.value: count for state, count in self.rollout.counts.items() if count}

    def device(self, name: str) -> DeviceProgress:
        return self.rollout.devices[name]

    def submit(self, who: str = "ann", **given: Any) -> None:
        """A change is known."""
        (submitted,) = self.ask(who, commands.SubmitChange(bundle=BUNDLE), change(**given))
        assert isinstance(submitted, facts.ChangeSubmitted)

    def request(self, targets: Sequence[Target], who: str = "ann", **given: Any) -> str:
        """A rollout of the change is asked for; from now on it is the one that is talked about."""
        name = f"c-{next(self.numbers)}"
        found = TargetsFound(change=change(**given), inventory=INVENTORY, targets=targets)
        (proposed, *_) = self.ask(who, commands.RequestRollout(change=BUNDLE), found, name)
        assert isinstance(proposed, facts.RolloutProposed), proposed
        self.rid = proposed.rollout
        return self.rid

    def approve(self, who: str = "olga", area: str = "noc", hours: float = 24, **given: Any) -> tuple[Fact, ...]:
        """An approval of the plan."""
        until = self.now + timedelta(hours=hours)
        plan = self.rollout.plan or digest(b"no plan yet")
        return self.ask(who, commands.ApprovePlan(rollout=self.rid, plan=plan, area=area, until=until, **given))

    def begun(self, targets: Sequence[Target], **given: Any) -> str:
        """A rollout that is planned, approved, and has begun."""
        if BUNDLE not in self.state.changes:
            self.submit(**given)
        self.request(targets, **given)
        self.work()
        self.approve()
        assert self.standing == "running"
        return self.rid

    # Workers

    def orders(self, device: str | None = None) -> list[Order]:
        """The orders that are out for this rollout, or for one of its devices."""
        mine = [order for order in self.open.values() if order.rollout == self.rid]
        return [order for order in mine if device in {None, order.device}]

    def order(self, device: str) -> Order:
        (order,) = self.orders(device)
        return order

    def work(self, **verdicts: str) -> None:
        """Workers carry out whatever is released, also what follows, until nothing is."""
        self.work_as(lambda order: verdicts.get(order.device.replace("-", "_"), "well"))

    def work_as(self, verdict: Callable[[Order], str], most: int = 10_000) -> None:
        """The same, with what is to come of each order; "" leaves an order where it is."""
        for _ in range(most):
            due = [(order, how) for order in self.orders() if (how := verdict(order))]
            if not due:
                return
            self.carry_out(*due[0])
        pytest.fail("the work never ends")

    def carry_out(self, order: Order, how: str = "well", worker: str = "w1") -> Fact:
        """One order from its first to its last report, as far as it comes; the last fact."""
        if isinstance(order, PlanDevice):
            return self.tell(self.report(order, "computed" if how == "well" else how, worker))
        if how == "returned":
            return self.tell(self.report(order, how, worker))
        self.tell(self.report(order, "intended", worker))
        if how not in {"failed", "refused", "drifted", "already"}:
            self.tell(self.report(order, "staged", worker))
        return self.tell(self.report(order, "verified" if how == "well" else how, worker))

    def report(self, order: Order, how: str, worker: str = "w1", **given: Any) -> reports.Report:
        """What a worker says about an order."""
        base = {"order": order.id, "rollout": order.rollout, "device": order.device, "worker": worker}
        why = {"reason": Reason(cause=Cause.CHECKS_FAILED, detail="no route")}
        return _REPORTS[how](base | given, why, self._target(order))

    def _target(self, order: Order) -> Target:
        return self.state.rollouts[order.rollout].devices[order.device].target

    # What must hold of any history

    def check(self) -> None:
        """What holds of every state, and of every history: it folds into the same state from its bytes."""
        self.check_now()
        assert replay(self.log, self.contents) == self.state

    def check_now(self) -> None:
        """What holds of every state."""
        for rollout in self.state.rollouts.values():
            check_sums(rollout)
        check_orders(self.state, self.open)


_Given = dict[str, Any]
_REPORTS: Mapping[str, Callable[[_Given, _Given, Target], reports.Report]] = {
    "computed": lambda base, _why, of: reports.PlanComputed(**({"planned": planned(of)} | base)),
    "nothing": lambda base, _why, _of: reports.PlanFoundNothing(**base),
    "plan-failed": lambda base, why, _of: reports.PlanFailed(**(why | base)),
    "intended": lambda base, _why, _of: reports.PushIntended(**base),
    "staged": lambda base, _why, _of: reports.PushStaged(**({"undo": UndoRank.TIMER, "before": BEFORE} | base)),
    "noted": lambda base, _why, _of: reports.DriftNoted(**({"detail": "elsewhere"} | base)),
    "verified": lambda base, _why, _of: reports.PushVerified(
        **({"before": BEFORE, "after": AFTER, "observed": SEEN} | base)
    ),
    "already": lambda base, _why, _of: reports.AlreadyApplied(**base),
    "reverted": lambda base, why, _of: reports.PushReverted(**(why | base)),
    "failed": lambda base, why, _of: reports.PushFailed(**(why | base)),
    "refused": lambda base, why, _of: reports.PushRefused(**(why | base)),
    "drifted": lambda base, why, _of: reports.DriftFound(**(why | base)),
    "unknown": lambda base, why, _of: reports.PushUnknown(**(why | base)),
    "returned": lambda base, why, _of: reports.OrderReturned(**(why | base)),
    "credential": lambda base, _why, _of: reports.CredentialRefused(**({"credential": "tacacs"} | base)),
}


def replay(log: str, contents: Sequence[bytes]) -> State:
    """The state that facts fold into, from their bytes alone."""
    state = empty(log)
    for content in contents:
        state = evolve(state, *decode_fact(content))
    return state


def check_sums(rollout: Rollout) -> None:
    """What a rollout counts is what there is; every target is accounted for."""
    devices = rollout.devices.values()
    assert sum(rollout.counts.values()) == len(rollout.devices) == rollout.size
    assert {state: count for state, count in rollout.counts.items() if count} == Counter(d.state for d in devices)
    assert rollout.unhealthy == sum(device.unhealthy for device in devices)
    assert rollout.planning == sum(device.order is not None and device.state == "pending" for device in devices)
    found = {(place, number): name for place, names in rollout.places.items() for number, name in names.items()}
    there = {((device.state, device.wave), device.number): device.target.device for device in devices}
    assert found == there
    assert Counter(name for wave in rollout.waves for name in wave) == Counter(
        device.target.device for device in devices if device.wave is not None
    )


def check_orders(state: State, outstanding: Mapping[str, Order]) -> None:
    """The orders that are out are those that devices have; no device has one that writes in two rollouts."""
    having = {
        device.order: device
        for rollout in state.rollouts.values()
        for device in rollout.devices.values()
        if device.order is not None
    }
    assert set(having) == set(outstanding)
    writing = Counter(order.device for order in outstanding.values() if isinstance(order, Writing))
    assert not writing or max(writing.values()) == 1
    assert set(writing) <= set(state.busy)


@pytest.fixture
def drill() -> Iterator[Drill]:
    """A log with its people; what holds of every history is checked at the end."""
    made = Drill()
    yield made
    made.check()


@pytest.fixture(scope="session")
def make_drill() -> Callable[[], Drill]:
    """For tests that need several logs."""
    return Drill


@pytest.fixture(scope="session")
def build() -> Any:
    """The builders of this file, by name: tests are no package, so they cannot be imported."""
    return _Build()


class _Build:
    target = staticmethod(target)
    twins = staticmethod(twins)
    singles = staticmethod(singles)
    change = staticmethod(change)
    planned = staticmethod(planned)
    signer = staticmethod(signer)
    replay = staticmethod(replay)
    sealed = staticmethod(lambda state, rollout: plan_of(state, rollout, rollout.waves).sealed())
    START = START
    BUNDLE = BUNDLE
    INVENTORY = INVENTORY
    BEFORE = BEFORE
    AFTER = AFTER
    PEOPLE = PEOPLE


@pytest.fixture(scope="session")
def golden_facts() -> Mapping[type[Fact], Fact]:
    """One example of every fact, from the golden files."""
    folder = Path(__file__).parents[2] / "events" / "golden" / "facts"
    files = {kind: folder / f"{kind.wire}.v{kind.version}.json" for kind in FACTS}
    return {kind: decode_fact(path.read_bytes())[0].fact for kind, path in files.items()}  # type: ignore[misc]
