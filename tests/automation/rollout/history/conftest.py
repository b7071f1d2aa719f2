"""An auditor, who has read nothing but the facts, and says which of them should not be there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from events import facts
from events.codec import FactRecord
from events.control import CONTROL, HaltLifted, HaltRaised
from events.facts import Target
from events.orders import PlanDevice, PushDevice, RollBackDevice
from events.signing import peek

Place = tuple[str, str]

_HURT = (facts.DeviceFailed, facts.DeviceReverted, facts.DeviceLost, facts.DeviceRollbackFailed)
_WELL = (
    facts.DeviceVerified,
    facts.DeviceUnchanged,
    facts.DeviceRolledBack,
    facts.DeviceRefused,
    facts.DeviceDrifted,
    facts.DeviceSkipped,
    facts.DeviceRetried,
)
_STEPS = (facts.PushStarted, facts.DeviceStaged, facts.ForeignDriftNoted)


@dataclass
class Auditor:
    """What somebody knows who reads the facts one after the other, each by (rollout, device) or by rollout."""

    proposed: dict[str, facts.RolloutProposed] = field(default_factory=dict)
    targets: dict[Place, Target] = field(default_factory=dict)
    waves: dict[Place, int] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    approvals: dict[str, list[facts.PlanApproved]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    undos: dict[str, tuple[bool, set[str], int]] = field(default_factory=dict)
    undoing: set[str] = field(default_factory=set)
    orders: dict[Place, facts.OrderReleased] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    hurt: dict[Place, str] = field(default_factory=dict)
    halts: dict[str, HaltRaised] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)

    def read(self, record: FactRecord) -> None:
        """One more fact, with what must hold of it."""
        fact = record.fact
        match fact:
            case facts.ControlNoted(signed=str(signed)):
                self._control(fact, peek(signed).message(CONTROL), record.seq)
            case facts.RolloutProposed():
                self.proposed[fact.rollout] = fact
            case facts.TargetsFrozen():
                self.targets |= {(fact.rollout, target.device): target for target in fact.targets}
            case facts.WavePlanned():
                self._wave(fact)
            case facts.OrderReleased():
                self._order(fact, record.at)
            case facts.DeviceFact() | facts.DeviceSkipped() | facts.DeviceRetried():
                self._device(fact)
            case facts.RolloutFact():
                self._rollout(fact, record.seq)
            case _:
                pass

    def _control(self, noted: facts.ControlNoted, message: object, seq: int) -> None:
        if isinstance(message, HaltRaised):
            self.halts[noted.id] = message
            self.known[noted.id] = seq
        elif isinstance(message, HaltLifted):
            del self.halts[message.halt]

    def _wave(self, fact: facts.WavePlanned) -> None:
        for name in fact.devices:
            assert (fact.rollout, name) not in self.waves, f"{name} is in two waves"
            self.waves[fact.rollout, name] = fact.wave
        together = [self.targets[place].group for place, wave in self._waves(fact.rollout) if wave == fact.wave]
        groups = [group for group in together if group is not None]
        assert len(groups) == len(set(groups)), f"wave {fact.wave} has two devices of one group"

    def _waves(self, rollout: str) -> Iterator[tuple[Place, int]]:
        return ((place, wave) for place, wave in self.waves.items() if place[0] == rollout)

    def _rollout(self, fact: facts.RolloutFact, seq: int) -> None:
        rollout = fact.rollout
        match fact:
            case facts.PlanSealed():
                self.plans[rollout] = fact.plan
            case facts.PlanApproved():
                assert fact.plan == self.plans[rollout]
                assert fact.approver not in (*self.proposed[rollout].authors, self.proposed[rollout].requester)
                self.approvals.setdefault(rollout, []).append(fact)
            case facts.ApprovalWithdrawn():
                kept = [given for given in self.approvals.get(rollout, []) if given.approval != fact.approval]
                self.approvals[rollout] = kept
            case facts.WaveStarted():
                assert fact.wave == self.started.get(rollout, -1) + 1
                self.started[rollout] = fact.wave
            case _:
                self._stop(fact, seq)

    def _stop(self, fact: facts.RolloutFact, seq: int) -> None:
        rollout = fact.rollout
        match fact:
            case facts.RolloutHeld() | facts.RolloutHalting():
                self.stopped.add(rollout)
                self.undoing.discard(rollout)
            case facts.RolloutResumed():
                self.stopped.discard(rollout)
            case facts.RollbackStarted():
                self._undo(fact, seq)
            case facts.RolloutHalted():
                assert not self._in_flight(rollout), "a halt is over once everything has settled"
            case facts.RolloutCompleted() | facts.RolloutRolledBack():
                self._ended(rollout)
            case facts.PartRolledBack() | facts.RollbackFailed():
                self.undoing.discard(rollout)
            case _:
                pass

    def _undo(self, fact: facts.RollbackStarted, seq: int) -> None:
        """What is asked while something is being undone adds to it."""
        whole, devices, _ = self.undos[fact.rollout] if fact.rollout in self.undoing else (False, set(), 0)
        self.undos[fact.rollout] = (whole or fact.whole, devices | set(fact.devices), seq)
        self.undoing.add(fact.rollout)

    def _ended(self, rollout: str) -> None:
        assert not [place for place in self.orders if place[0] == rollout], "it ended with work under way"
        assert not [place for place, how in self.hurt.items() if place[0] == rollout and how == "DeviceLost"]

    def _device(self, fact: facts.RolloutFact) -> None:
        place = (fact.rollout, getattr(fact, "device", ""))
        if isinstance(fact, facts.DeviceFact):
            assert self.orders[place].order == fact.order, f"{fact.wire} is of no order that is out"
            if not isinstance(fact, _STEPS):
                del self.orders[place]
        if isinstance(fact, _HURT):
            self.hurt[place] = fact.wire
        elif isinstance(fact, _WELL):
            self.hurt.pop(place, None)

    # Orders

    def _order(self, fact: facts.OrderReleased, now: datetime) -> None:
        place = (fact.rollout, fact.device)
        assert fact.order not in self.used, "an order's id is used once"
        assert place not in self.orders, "a device has one order at a time"
        self.used.add(fact.order)
        if fact.work != PlanDevice.wire:
            self._writes(fact, place, now)
        self.orders[place] = fact

    def _writes(self, fact: facts.OrderReleased, place: Place, now: datetime) -> None:
        assert not [other for other in self._writing() if other[1] == fact.device], "two orders for one device"
        lost = [other for other, how in self.hurt.items() if other[1] == fact.device and how == "DeviceLost"]
        assert not lost or lost == [place], "another rollout does not know what the device has"
        credential = f"credential:{self.targets[place].credential}"
        assert not self._halting({credential}, only="credential"), "the credential is stopped"
        if lost:
            return
        assert not self._engaged_twins(fact, place), "its twin may be the last of its group"
        in_flight = self._in_flight(fact.rollout)
        strategy = self.proposed[fact.rollout].strategy
        assert in_flight < strategy.max_in_flight
        if fact.work == PushDevice.wire:
            assert in_flight + self._unhealthy(fact.rollout) < strategy.max_unhealthy
            self._pushes(fact, place, now)
        else:
            self._undoes(fact, place)

    def _pushes(self, fact: facts.OrderReleased, place: Place, now: datetime) -> None:
        assert self.waves[place] <= self.started[fact.rollout], "its wave has not begun"
        assert fact.rollout not in self.stopped, "it is held, or halts"
        assert not self._halting(self._subjects(place)), "a halt stands"
        for wanted in self.proposed[fact.rollout].approvals:
            given = self.approvals.get(fact.rollout, [])
            people = {each.approver for each in given if each.area == wanted.area and each.until > now}
            assert len(people) >= wanted.count, f"not enough of {wanted.area} agree"

    def _undoes(self, fact: facts.OrderReleased, place: Place) -> None:
        whole, devices, asked = self.undos[fact.rollout]
        assert fact.rollout in self.undoing, "nothing is being undone"
        assert whole or fact.device in devices, "nobody asked to undo it"
        later = {halt for halt in self._halting(self._subjects(place)) if self.known[halt] > asked}
        assert all(halt.startswith("auto.") for halt in later), "a halt came after the roll-back was asked for"

    def _subjects(self, place: Place) -> set[str]:
        target = self.targets[place]
        names = (f"rollout:{place[0]}", f"site:{target.site}", f"device:{target.device}")
        return {*names, f"credential:{target.credential}"}

    def _halting(self, subjects: set[str], only: str = "") -> set[str]:
        met = {"all"} | subjects if not only else subjects
        return {name for name, halt in self.halts.items() if met & {str(each) for each in halt.subjects}}

    def _writing(self) -> list[Place]:
        return [place for place, order in self.orders.items() if order.work != PlanDevice.wire]

    def _in_flight(self, rollout: str) -> int:
        return sum(place[0] == rollout and self.hurt.get(place) != "DeviceLost" for place in self._writing())

    def _unhealthy(self, rollout: str) -> int:
        return sum(place[0] == rollout for place in self.hurt)

    def _engaged_twins(self, fact: facts.OrderReleased, place: Place) -> list[Place]:
        group = self.targets[place].group
        stuck = fact.work == RollBackDevice.wire and self.hurt.get(place) == "DeviceRollbackFailed"
        engaged = set(self._writing()) | {
            other
            for other, how in self.hurt.items()
            if how == "DeviceLost"
            or (how == "DeviceRollbackFailed" and not (stuck and other[0] == place[0]))
            or (fact.work == PushDevice.wire and other[0] == place[0])
        }
        return [other for other in engaged if other[1] != place[1] and group and self.targets[other].group == group]


@pytest.fixture
def make_auditor() -> type[Auditor]:
    """One auditor for each history."""
    return Auditor
