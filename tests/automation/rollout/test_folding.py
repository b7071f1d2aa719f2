"""Facts that cannot be, where the tables alone do not say so; and the orders that go out with those that can."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from automation.rollout.errors import ImpossibleFactError
from automation.rollout.evolve import evolve
from automation.rollout.orders import order_of
from events import commands, facts
from events.codec import FactRecord
from events.control import HaltRaised, Subject
from events.facts import Fact
from events.plans import digest
from events.signing import CONTROL, seal

NEXT = "sha256:" + "e" * 64


def fold(drill: Any, fact: Fact, **given: Any) -> Any:
    """The state after a fact that nobody decided."""
    plain = {"seq": drill.state.seq, "prev": drill.state.head, "at": drill.now, "by": "x", "cause": "x"}
    return evolve(drill.state, FactRecord(fact=fact, **(plain | given)), NEXT)


@pytest.fixture
def planned(drill: Any, build: Any) -> Any:
    """Every device is read but the last; nothing is in a wave."""
    drill.submit()
    drill.request(build.singles(3))
    for order in drill.orders()[:-1]:
        drill.carry_out(order)
    return drill


@pytest.fixture
def sealed(drill: Any, build: Any) -> Any:
    """A plan of three devices in two waves."""
    drill.submit()
    drill.request(build.singles(3))
    drill.work()
    return drill


# The chain

CHAIN = {
    "a fact is missing": {"seq": 999},
    "a fact comes twice": {"seq": 1},
    "the one before was another": {"prev": NEXT},
}


@pytest.mark.parametrize("given", CHAIN.values(), ids=CHAIN)
def test_a_gap_or_an_alteration_stops_the_fold(given: dict[str, Any], sealed: Any) -> None:
    fact = facts.RolloutWithdrawn(rollout=sealed.rid, reason="x")
    with pytest.raises(ImpossibleFactError, match="the log has a gap or was altered"):
        fold(sealed, fact, **given)
    assert fold(sealed, fact).rollouts[sealed.rid].state == "withdrawn"


def test_folding_changes_nothing_that_was_there(sealed: Any) -> None:
    before = sealed.state
    copy = replace(before)
    fold(sealed, facts.RolloutWithdrawn(rollout=sealed.rid, reason="x"))
    assert before == copy
    assert before.rollouts[sealed.rid].state == "awaiting_approval"


# What cannot be

Impossible = Callable[[Any, Any], Fact]
OF_PLANNING: dict[str, tuple[Impossible, str]] = {
    "a device that has no plan is in a wave": (
        lambda drill, _: facts.WavePlanned(rollout=drill.rid, wave=0, devices=("s002-r1",)),
        "s002-r1 cannot be in a wave",
    ),
    "what is no target is in a wave": (
        lambda drill, _: facts.WavePlanned(rollout=drill.rid, wave=0, devices=("s999-r1",)),
        "s999-r1 cannot be in a wave",
    ),
    "a device is in a wave twice": (
        lambda drill, _: facts.WavePlanned(rollout=drill.rid, wave=0, devices=("s000-r1", "s000-r1")),
        "s000-r1 cannot be in a wave",
    ),
    "the second wave comes first": (
        lambda drill, _: facts.WavePlanned(rollout=drill.rid, wave=1, devices=("s000-r1",)),
        "wave 1 of rollout .* comes out of turn",
    ),
    "a plan without all devices is sealed": (
        lambda drill, _: facts.PlanSealed(rollout=drill.rid, plan=digest(b"")),
        "not every device is in a wave",
    ),
}


@pytest.mark.parametrize(("fact", "why"), OF_PLANNING.values(), ids=OF_PLANNING)
def test_what_cannot_be_while_it_is_planned(fact: Impossible, why: str, planned: Any, build: Any) -> None:
    with pytest.raises(ImpossibleFactError, match=why):
        fold(planned, fact(planned, build))


OF_PLANS: dict[str, tuple[Impossible, str]] = {
    "a rollout that nobody proposed": (
        lambda *_: facts.RolloutScheduled(rollout="r-none"),
        "r-none, which nobody proposed",
    ),
    "a rollout is proposed a second time": (
        lambda drill, _: next(r.fact for r in drill.records if isinstance(r.fact, facts.RolloutProposed)),
        "a second time, or of an unknown change",
    ),
    "a rollout of a change that nobody submitted": (
        lambda drill, _: next(r.fact for r in drill.records if isinstance(r.fact, facts.RolloutProposed)).model_copy(
            update={"rollout": "r-new", "change": digest(b"other")}
        ),
        "of an unknown change",
    ),
    "an approval of another plan": (
        lambda drill, _: _approval(drill).model_copy(update={"plan": digest(b"other")}),
        "is none of rollout",
    ),
    "a control record that was noted before": (
        lambda *_: facts.ControlNoted(position=0, id="x", kind="HaltRaised", signed=None, refused="x"),
        "which was noted before",
    ),
    "a control record that does not count": (
        lambda drill, _: facts.ControlNoted(position=drill.position, id="x", kind="HaltRaised", signed=_forged(drill)),
        "was the log written by other software, or altered",
    ),
}


def _approval(drill: Any) -> facts.PlanApproved:
    copy = drill.state
    drill.approve()
    given = next(record.fact for record in drill.records if isinstance(record.fact, facts.PlanApproved))
    del drill.records[copy.seq :], drill.contents[copy.seq :]
    drill.open.clear()
    drill.state = copy
    assert isinstance(given, facts.PlanApproved)
    return given


def _forged(drill: Any) -> str:
    halt = HaltRaised(subjects=(Subject(kind="all"),), reason="x")
    return seal(drill.signer("mallory"), CONTROL, halt, log=drill.log, id="x", expires=drill.now)


@pytest.mark.parametrize(("fact", "why"), OF_PLANS.values(), ids=OF_PLANS)
def test_what_cannot_be_of_a_sealed_plan(fact: Impossible, why: str, sealed: Any, build: Any) -> None:
    with pytest.raises(ImpossibleFactError, match=why):
        fold(sealed, fact(sealed, build))


def test_targets_are_as_many_as_were_proposed_and_each_once(drill: Any, build: Any) -> None:
    drill.submit()
    drill.settles = False
    drill.request(build.singles(2))
    proposed = next(record.fact for record in drill.records if isinstance(record.fact, facts.RolloutProposed))
    again = facts.TargetsFrozen(rollout=drill.rid, targets=build.singles(1))
    other = facts.TargetsFrozen(rollout=drill.rid, targets=build.singles(1, first=9))
    for fact in (again, other):
        with pytest.raises(ImpossibleFactError, match="has 2 targets, each once; these are others"):
            fold(drill, fact)
    short = proposed.model_copy(update={"rollout": "r-short", "count": 5})
    drill.state = fold(drill, short)
    with pytest.raises(ImpossibleFactError, match="has 5 targets, and 0 are known"):
        fold(drill, facts.PlanningStarted(rollout="r-short"))
    drill.state = build.replay(drill.log, drill.contents)


WAVES = {"the first again": 0, "one is left out": 2, "there is no such wave": 9}


@pytest.mark.parametrize("wave", WAVES.values(), ids=WAVES)
def test_waves_start_in_turn(wave: int, drill: Any, build: Any) -> None:
    drill.begun(build.singles(3))
    drill.work()
    assert drill.standing == "baking"
    with pytest.raises(ImpossibleFactError, match=f"wave {wave} of rollout .* starts out of turn"):
        fold(drill, facts.WaveStarted(rollout=drill.rid, wave=wave))
    assert fold(drill, facts.WaveStarted(rollout=drill.rid, wave=1)).rollouts[drill.rid].wave == 1


def test_only_targets_are_rolled_back(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1))
    signed = drill.rollout.approvals[0].signed
    fact = facts.RollbackStarted(rollout=drill.rid, devices=("s999-r1",), whole=False, reason="x", authority=signed)
    with pytest.raises(ImpossibleFactError, match="s999-r1, which is to be rolled back, is no target"):
        fold(drill, fact)


# What is remembered


def test_a_command_is_used_up_by_what_follows_from_it_or_by_its_refusal(sealed: Any) -> None:
    hold = commands.HoldRollout(rollout=sealed.rid, reason="x")
    sealed.ask("olga", hold, name="c-refused")
    sealed.ask("ann", commands.WithdrawRollout(rollout=sealed.rid, reason="x"), name="c-done")
    assert {"c-refused", "c-done"} <= set(sealed.state.used)


def test_only_what_can_still_do_something_is_active(sealed: Any) -> None:
    assert set(sealed.state.active) == {sealed.rid}
    sealed.ask("ann", commands.WithdrawRollout(rollout=sealed.rid, reason="x"))
    assert not sealed.state.active


# The orders


def test_an_order_is_the_same_for_whoever_builds_it_from_the_facts(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1))
    released = [record.fact for record in drill.records if isinstance(record.fact, facts.OrderReleased)][-1]
    replayed = build.replay(drill.log, drill.contents)
    assert order_of(replayed, released) == drill.order("s000-r1")


def test_an_order_to_push_carries_every_approval_as_it_was_signed(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1))
    order = drill.order("s000-r1")
    assert order.plan == drill.rollout.plan
    assert [drill.state.authority.word(signed)[1].name for signed in order.approvals] == ["olga"]
