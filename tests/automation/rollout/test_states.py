"""The tables: every state and every fact. What is not in a table cannot be folded in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from immutables import Map

from automation.rollout.errors import ImpossibleFactError
from automation.rollout.evolve import evolve
from automation.rollout.state import Place, Rollout, State
from automation.rollout.states import (
    ACTIVE,
    COMES_OF,
    DEVICE_TRANSITIONS,
    IN_FLIGHT,
    LOOKING,
    OPEN,
    RELEASES,
    RETRIABLE,
    SKIPPABLE,
    STAYING,
    TRANSITIONS,
    UNHEALTHY,
    DeviceState,
    RolloutState,
)
from events import facts
from events.codec import FactRecord
from events.facts import FACTS, DeviceFact, Fact, RolloutFact
from events.orders import ORDERS, PlanDevice, PushDevice, RollBackDevice, Unresolved
from events.values import UndoRank

R, D = RolloutState, DeviceState
ABOUT_ROLLOUTS = [fact for fact in FACTS if issubclass(fact, RolloutFact) and fact is not facts.RolloutProposed]
ABOUT_DEVICES = (DeviceFact, facts.DeviceSkipped, facts.DeviceRetried)
OF_ROLLOUTS = [fact for fact in ABOUT_ROLLOUTS if not issubclass(fact, ABOUT_DEVICES)]
OF_DEVICES = [fact for fact in ABOUT_ROLLOUTS if issubclass(fact, ABOUT_DEVICES)]
FINAL = {R.REJECTED, R.WITHDRAWN, R.EXPIRED, R.ROLLED_BACK}


# The tables as such


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(RolloutState)
    assert set(DEVICE_TRANSITIONS) == set(DeviceState)


def test_every_state_can_be_reached_from_proposed() -> None:
    reached, new = set(), {R.PROPOSED}
    while new:
        reached |= new
        new = {target for state in new for target in TRANSITIONS[state].values()} - reached
    assert reached == set(RolloutState)


def test_every_state_of_a_device_can_be_reached_from_pending() -> None:
    reached, new = set(), {D.PENDING}
    while new:
        reached |= new
        new = {target for state in new for target in DEVICE_TRANSITIONS[state].values() if target} - reached
    assert reached == set(DeviceState)


def test_no_state_is_without_a_way_out_unless_it_is_final() -> None:
    assert {state for state, ways in TRANSITIONS.items() if not ways} == FINAL
    assert {state for state, ways in DEVICE_TRANSITIONS.items() if not ways} == {
        D.UNCHANGED,
        D.ROLLED_BACK,
        D.SKIPPED,
    }


def test_from_every_state_that_is_not_final_some_end_can_be_reached() -> None:
    ends = FINAL | {R.COMPLETED}
    for start in set(RolloutState) - ends:
        reached, new = set(), {start}
        while new:
            reached |= new
            new = {target for state in new for target in TRANSITIONS[state].values()} - reached
        assert reached & ends, start


def test_every_fact_about_rollouts_is_in_a_table() -> None:
    leaving = {fact for ways in TRANSITIONS.values() for fact in ways}
    assert leaving | set(STAYING) == set(ABOUT_ROLLOUTS)
    assert leaving.isdisjoint(STAYING), "a fact moves a rollout or leaves it"
    assert {fact for ways in DEVICE_TRANSITIONS.values() for fact in ways} == set(OF_DEVICES)


def test_every_order_has_its_facts() -> None:
    assert set(COMES_OF) == {order.wire for order in ORDERS} == {work for works in RELEASES.values() for work in works}
    ending = {fact for found in COMES_OF.values() for fact in found}
    assert ending == {fact for fact in OF_DEVICES if issubclass(fact, DeviceFact)} - {facts.OrderReleased}


def test_the_sets_of_states_agree() -> None:
    assert set(RolloutState) - FINAL == OPEN
    assert OPEN - {R.COMPLETED} == ACTIVE
    assert LOOKING < ACTIVE
    assert RETRIABLE < SKIPPABLE
    assert UNHEALTHY <= SKIPPABLE, "whatever makes a rollout halt, a person can decide about"
    assert not IN_FLIGHT & (SKIPPABLE | UNHEALTHY)
    for state in SKIPPABLE:
        assert facts.DeviceSkipped in DEVICE_TRANSITIONS[state]
    for state in RETRIABLE:
        assert facts.DeviceRetried in DEVICE_TRANSITIONS[state]


# The walk


def folded(state: State, fact: Fact, at: datetime) -> State:
    record = FactRecord(seq=state.seq, prev=state.head, at=at, by="x", cause="x", fact=fact)
    return evolve(state, record, "sha256:" + "e" * 64)


@pytest.fixture(scope="module")
def walk(build: Any, make_drill: Any, golden_facts: Mapping[type[Fact], Fact]) -> "Walk":
    """From a running rollout of two devices, whose first is moved about."""
    drill = make_drill()
    drill.submit()
    drill.request(build.singles(2))
    drill.work()
    drill.approve()
    return Walk(drill.state, golden_facts, build.BEFORE, drill.now)


@dataclass(frozen=True)
class Walk:
    """Folds any fact into any state, as if it had come there."""

    running: State
    examples: Mapping[type[Fact], Fact]
    before: str
    now: datetime

    def fold(self, state: State, kind: type[Fact], **given: Any) -> Rollout | None:
        """The rollout after a fact of a kind; None where it is impossible."""
        try:
            (rollout,) = folded(state, self.example(kind, state, **given), self.now).rollouts.values()
        except ImpossibleFactError:
            return None
        return rollout

    def example(self, kind: type[Fact], state: State, **given: Any) -> Fact:
        """A fact of a kind, about the rollout and the device that are there."""
        (rollout,) = state.rollouts.values()
        suits: dict[str, Any] = {
            "rollout": rollout.id,
            "device": "s000-r1",
            "order": rollout.devices["s000-r1"].order or "r-1.s000-r1.9",
            "plan": rollout.plan,
            "targets": (),
            "wave": rollout.wave + 1,
            "devices": ("s000-r1", "s001-r1") if kind is facts.WavePlanned else (),
            "approval": "c-none",
        }
        update = {name: value for name, value in (suits | given).items() if name in kind.model_fields}
        return self.examples[kind].model_copy(update=update)

    def rollout_in(self, where: RolloutState, state: State | None = None, **given: Any) -> State:
        """The rollout as if it stood elsewhere."""
        state = state or self.running
        (rollout,) = state.rollouts.values()
        moved = replace(rollout, state=where, **given)
        return replace(state, rollouts=state.rollouts.set(rollout.id, moved))

    def unplaced(self) -> State:
        """While it was planned, before the waves were."""
        (rollout,) = self.running.rollouts.values()
        names: Map[int, str] = Map({device.number: name for name, device in rollout.devices.items()})
        places: Map[Place, Map[int, str]] = Map({(D.PLANNED, None): names})
        return self.rollout_in(R.PLANNING, waves=(), places=places, wave=-1)

    def device_in(self, where: DeviceState, **given: Any) -> State:
        """The first device as if it stood elsewhere, counted and found there."""
        (rollout,) = self.running.rollouts.values()
        before = rollout.devices["s000-r1"]
        after = replace(before, state=where, **given)
        left, nobody = (before.state, before.wave), Map[int, str]()
        places = rollout.places.set(left, rollout.places[left].delete(before.number))
        places = places.set((where, after.wave), places.get((where, after.wave), nobody).set(after.number, "s000-r1"))
        counts = rollout.counts.set(before.state, rollout.counts[before.state] - 1)
        counts = counts.set(where, counts.get(where, 0) + 1)
        devices = rollout.devices.set("s000-r1", after)
        moved = replace(rollout, devices=devices, counts=counts, places=places)
        return replace(self.running, rollouts=self.running.rollouts.set(rollout.id, moved))


@pytest.mark.parametrize("start", RolloutState)
def test_a_fact_leads_where_the_table_says_or_is_impossible(start: RolloutState, walk: Walk) -> None:
    for kind in OF_ROLLOUTS:
        state = walk.rollout_in(start, wave=-1)
        if start is R.PLANNING and kind is facts.WavePlanned:
            state = walk.unplaced()
        after = walk.fold(state, kind, wave=0)
        possible = kind in TRANSITIONS[start] or start in STAYING.get(kind, ())
        assert (after is not None) == possible, f"{kind.wire} in {start}"
        assert after is None or after.state is TRANSITIONS[start].get(kind, start), f"{kind.wire} in {start}"


def test_what_is_impossible_is_said(walk: Walk) -> None:
    state = walk.rollout_in(R.PROPOSED)
    with pytest.raises(ImpossibleFactError, match="WaveStarted cannot happen to a rollout that is proposed"):
        folded(state, walk.example(facts.WaveStarted, state), walk.now)


@pytest.mark.parametrize("start", DeviceState)
def test_a_device_goes_where_the_table_says_or_nowhere(start: DeviceState, walk: Walk) -> None:
    unresolved = Unresolved(order="r-1.s000-r1.0", before=walk.before, undo=UndoRank.TIMER)
    for work in (None, PlanDevice.wire, PushDevice.wire, RollBackDevice.wire):
        order = None if work is None else "r-1.s000-r1.1"
        moved = walk.device_in(start, order=order, work=work, rests=D.PLANNED, unresolved=unresolved)
        for kind in OF_DEVICES:
            where = R.RUNNING if R.RUNNING in STAYING[kind] else R.PLANNING
            after = walk.fold(walk.rollout_in(where, moved), kind, work=PushDevice.wire)
            possible = kind in DEVICE_TRANSITIONS[start] and _order_allows(start, work, kind)
            assert (after is not None) == possible, f"{kind.wire} of {work} in {start}"
            # None in the table is back to where it rested
            target = DEVICE_TRANSITIONS[start].get(kind) or D.PLANNED
            assert after is None or after.devices["s000-r1"].state is target, f"{kind.wire} of {work} in {start}"


def _order_allows(start: DeviceState, work: str | None, kind: type[Fact]) -> bool:
    if kind is facts.OrderReleased:
        return work is None and start is D.PLANNED
    if not issubclass(kind, DeviceFact):
        return work is None
    return work is not None and kind in COMES_OF[work]


@pytest.mark.parametrize("where", RolloutState)
def test_an_order_goes_out_where_the_table_says_and_nowhere_else(where: RolloutState, walk: Walk) -> None:
    for start in DeviceState:
        for work in (order.wire for order in ORDERS):
            state = walk.rollout_in(where, walk.device_in(start, order=None, work=work))
            after = walk.fold(state, facts.OrderReleased, work=work)
            assert (after is not None) == (where in RELEASES.get(start, {}).get(work, frozenset())), (start, work)


@pytest.mark.parametrize("where", RolloutState)
def test_nothing_happens_to_devices_of_a_rollout_that_cannot_have_orders_out(where: RolloutState, walk: Walk) -> None:
    for kind in OF_DEVICES:
        for work in COMES_OF:
            state = walk.rollout_in(where, walk.device_in(D.IN_PROGRESS, order="r-1.s000-r1.1", work=work))
            assert where in STAYING[kind] or walk.fold(state, kind) is None, f"{kind.wire} in {where}"


ORDERED = {
    "another order's": ({"order": "r-1.s000-r1.8"}, {"order": "r-1.s000-r1.1", "work": PushDevice.wire}),
    "of a device that is no target": ({"device": "s999-r1"}, {"order": "r-1.s000-r1.1", "work": PushDevice.wire}),
}


@pytest.mark.parametrize(("given", "has"), ORDERED.values(), ids=ORDERED)
def test_an_outcome_is_its_own_orders(given: dict[str, Any], has: dict[str, Any], walk: Walk) -> None:
    state = walk.device_in(D.IN_PROGRESS, **has)
    assert walk.fold(state, facts.DeviceVerified) is not None
    assert walk.fold(state, facts.DeviceVerified, **given) is None


def test_a_device_that_another_rollout_writes_to_gets_no_order(walk: Walk) -> None:
    state = walk.device_in(D.PLANNED, order=None)
    assert walk.fold(state, facts.OrderReleased, work=PushDevice.wire) is not None
    taken = replace(state, busy=state.busy.set("s000-r1", "r-other"))
    assert walk.fold(taken, facts.OrderReleased, work=PushDevice.wire) is None
    reading = walk.rollout_in(R.PLANNING, replace(walk.device_in(D.PENDING, order=None), busy=taken.busy))
    assert walk.fold(reading, facts.OrderReleased, work=PlanDevice.wire) is not None, "reading disturbs nobody"


def test_an_unknown_device_is_found_out_about_by_the_work_that_lost_it(walk: Walk) -> None:
    state = walk.device_in(D.UNKNOWN, order=None, work=PushDevice.wire)
    assert walk.fold(state, facts.OrderReleased, work=PushDevice.wire) is not None
    assert walk.fold(state, facts.OrderReleased, work=RollBackDevice.wire) is None
