"""Devices that stand in for each other: never two at once, never one while it is open whether the other stands."""

from typing import Any

import pytest

from events import commands
from events.control import HaltLifted
from events.facts import Strategy


def pushed(drill: Any) -> list[str]:
    """The devices that have an order now."""
    return sorted(order.device for order in drill.orders())


STRATEGY = Strategy(canary=1, waves=("100%",), max_in_flight=10, max_unhealthy=10, halt_at=10, bake_s=0)


@pytest.fixture
def pair(drill: Any, build: Any) -> Any:
    """Two twins, of which the first is being pushed to."""
    drill.begun(build.twins(1), strategy=STRATEGY)
    assert pushed(drill) == ["s000-r1"]
    return drill


def test_the_second_goes_once_the_first_stands(pair: Any) -> None:
    pair.carry_out(pair.order("s000-r1"))
    assert pushed(pair) == ["s000-r2"]
    pair.work()
    assert (pair.standing, pair.counts) == ("completed", {"verified": 2})


# Each case: how the first ends, and whether the second goes.
ENDS = {
    "it was there already": ("already", True),
    "nothing was written, it had drifted": ("drifted", True),
    "nothing was written, it was refused": ("refused", True),
    "it failed": ("failed", False),
    "it was undone": ("reverted", False),
    "nobody knows": ("unknown", False),
}


@pytest.mark.parametrize(("how", "goes"), ENDS.values(), ids=ENDS)
def test_whether_the_second_goes(how: str, goes: bool, pair: Any) -> None:
    pair.carry_out(pair.order("s000-r1"), how)
    assert ("s000-r2" in pushed(pair)) is goes


@pytest.mark.parametrize("how", ["failed", "reverted"])
def test_where_nothing_else_is_left_a_person_is_asked(how: str, pair: Any) -> None:
    pair.carry_out(pair.order("s000-r1"), how)
    assert pair.standing == "held"
    reason = pair.records[-1].fact.reason
    assert reason == "the last devices of their groups wait until it is decided about s000-r1: skip or retry"


def test_while_others_can_go_nobody_is_asked(drill: Any, build: Any) -> None:
    drill.begun((*build.twins(1), *build.singles(2, first=5)), strategy=STRATEGY.model_copy(update={"bake_s": 60}))
    drill.carry_out(drill.order("s000-r1"), "failed")
    drill.tick(60)
    assert (drill.standing, pushed(drill)) == ("running", ["s005-r1", "s006-r1"])
    drill.carry_out(drill.order("s005-r1"))
    assert drill.standing == "running"
    drill.carry_out(drill.order("s006-r1"))
    assert drill.standing == "held"


def test_a_skip_lets_the_second_go(pair: Any) -> None:
    pair.carry_out(pair.order("s000-r1"), "failed")
    pair.ask("olga", commands.SkipDevices(rollout=pair.rid, devices=("s000-r1",), reason="replaced"))
    pair.ask("olga", commands.ResumeRollout(rollout=pair.rid))
    assert pushed(pair) == ["s000-r2"]


def test_a_retry_goes_first(pair: Any) -> None:
    pair.carry_out(pair.order("s000-r1"), "failed")
    pair.ask("olga", commands.RetryDevices(rollout=pair.rid))
    pair.ask("olga", commands.ResumeRollout(rollout=pair.rid))
    assert pushed(pair) == ["s000-r1"]
    pair.work()
    assert pair.counts == {"verified": 2}


def test_what_is_found_out_to_stand_lets_the_second_go(pair: Any) -> None:
    pair.carry_out(pair.order("s000-r1"), "unknown")
    assert pushed(pair) == []
    pair.tick(5)
    assert pushed(pair) == ["s000-r1"], "it is looked at again, not its twin"
    pair.carry_out(pair.order("s000-r1"))
    assert pushed(pair) == ["s000-r2"]


def test_two_that_are_retried_go_one_after_the_other(drill: Any, build: Any) -> None:
    # Given two twins of which nothing was written on either
    drill.begun(build.twins(1), strategy=STRATEGY)
    drill.work_as(lambda _: "drifted")
    assert drill.counts == {"drifted": 2}
    # When both are retried, in one go
    drill.ask("olga", commands.RetryDevices(rollout=drill.rid))
    # Then only one goes
    assert pushed(drill) == ["s000-r1"]
    drill.carry_out(drill.order("s000-r1"))
    assert pushed(drill) == ["s000-r2"]


# Twins in different rollouts


def test_a_twin_that_another_rollout_is_at_is_waited_for(drill: Any, build: Any) -> None:
    first, second = build.twins(1)
    one = drill.begun([first], strategy=STRATEGY)
    other = drill.begun([second], strategy=STRATEGY)
    assert pushed(drill) == []
    drill.rid = one
    drill.work()
    drill.rid = other
    assert pushed(drill) == ["s000-r2"]


# How the twin in the other rollout ended, and whether this one goes: what failed there is that rollout's to decide.
ELSEWHERE = {"failed": True, "reverted": True, "drifted": True, "unknown": False}


@pytest.mark.parametrize(("how", "goes"), ELSEWHERE.items())
def test_a_twin_that_is_unknown_is_waited_for_in_any_rollout(how: str, goes: bool, drill: Any, build: Any) -> None:
    first, second = build.twins(1)
    drill.begun([first], strategy=STRATEGY)
    drill.carry_out(drill.order("s000-r1"), how)
    drill.begun([second], strategy=STRATEGY)
    assert (pushed(drill) == ["s000-r2"]) is goes
    assert drill.standing == "running"


def test_of_two_rollouts_that_may_begin_at_one_moment_one_gets_the_group(drill: Any, build: Any) -> None:
    # Given two rollouts over a twin each, both kept back by one halt
    first, second = build.twins(1)
    drill.submit()
    halt = drill.halt("olga", "site:s000")
    rollouts = []
    for each in (first, second):
        drill.request([each], strategy=STRATEGY)
        drill.work()
        drill.approve()
        rollouts.append(drill.rid)
    assert not drill.open
    # When that is lifted
    drill.control("olga", HaltLifted(halt=halt))
    # Then one of the two has an order
    assert len(drill.open) == 1


def test_devices_without_a_group_do_not_wait_for_each_other(drill: Any, build: Any) -> None:
    targets = [build.target("s000-r1", "s000"), build.target("s000-r2", "s000")]
    drill.begun(targets, strategy=STRATEGY)
    assert pushed(drill) == ["s000-r1", "s000-r2"]
