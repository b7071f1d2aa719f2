"""Several rollouts over the same devices: one order for a device at a time, whoever asks."""

from typing import Any

import pytest

from events import commands, facts
from events.facts import Strategy

STRATEGY = Strategy(canary=2, max_in_flight=10, max_unhealthy=10, halt_at=10, bake_s=0)


@pytest.fixture
def two(drill: Any, build: Any) -> tuple[str, str]:
    """Two approved rollouts over the same two devices; the first is at both."""
    drill.submit()
    rollouts = []
    for _ in range(2):
        drill.request(build.singles(2), strategy=STRATEGY)
        drill.work()
        rollouts.append(drill.rid)
    for drill.rid in rollouts:
        drill.approve()
    return rollouts[0], rollouts[1]


def held_by(drill: Any) -> dict[str, str]:
    """Which rollout is at each device."""
    return {order.device: order.rollout for order in drill.open.values()}


def test_the_second_waits_for_the_first_device_by_device(two: tuple[str, str], drill: Any) -> None:
    one, other = two
    assert held_by(drill) == {"s000-r1": one, "s001-r1": one}
    drill.carry_out(drill.open[f"{one}.s000-r1.2"])
    assert held_by(drill) == {"s000-r1": other, "s001-r1": one}
    drill.rid = other
    drill.work()
    assert drill.standing == "running"
    drill.rid = one
    drill.work()
    drill.rid = other
    drill.work()
    assert {rollout.state for rollout in drill.state.rollouts.values()} == {"completed"}


def test_what_waits_for_another_rollout_is_not_held(two: tuple[str, str], drill: Any) -> None:
    drill.tick(3_600)
    assert drill.state.rollouts[two[1]].state == "running"


@pytest.mark.parametrize("how", ["failed", "reverted", "drifted", "refused", "already", "verified"])
def test_a_device_that_one_rollout_is_done_with_is_free(how: str, two: tuple[str, str], drill: Any) -> None:
    one, other = two
    drill.carry_out(drill.open[f"{one}.s000-r1.2"], how)
    assert held_by(drill)["s000-r1"] == other


def test_a_device_that_one_rollout_lost_is_nobody_elses(two: tuple[str, str], drill: Any) -> None:
    # Given a device of which the first rollout does not know what it has
    one, other = two
    drill.carry_out(drill.open[f"{one}.s000-r1.2"], "unknown")
    assert drill.state.busy["s000-r1"] == one
    assert "s000-r1" not in held_by(drill)
    # Then the second waits, until the first has found out
    drill.tick(5)
    assert held_by(drill)["s000-r1"] == one
    drill.rid = one
    drill.work()
    assert held_by(drill) == {"s000-r1": other, "s001-r1": other}


def test_a_device_that_was_lost_and_left_is_free(two: tuple[str, str], drill: Any) -> None:
    one, other = two
    drill.carry_out(drill.open[f"{one}.s000-r1.2"], "unknown")
    drill.ask("olga", commands.SkipDevices(rollout=one, devices=("s000-r1",), reason="scrapped"))
    assert held_by(drill)["s000-r1"] == other


def test_an_order_that_is_given_back_lets_the_other_rollout_in(two: tuple[str, str], drill: Any) -> None:
    one, other = two
    drill.carry_out(drill.open[f"{one}.s000-r1.2"], "returned")
    assert held_by(drill)["s000-r1"] == other


def test_a_halt_on_one_rollout_leaves_the_other_alone(two: tuple[str, str], drill: Any) -> None:
    one, other = two
    drill.halt("olga", f"rollout:{one}")
    drill.rid = one
    drill.work()
    assert drill.standing == "halted"
    assert held_by(drill) == {"s000-r1": other, "s001-r1": other}


def test_undoing_waits_for_the_other_rollout_too(two: tuple[str, str], drill: Any) -> None:
    one, other = two
    drill.carry_out(drill.open[f"{one}.s000-r1.2"])
    assert held_by(drill)["s000-r1"] == other
    drill.rid = one
    drill.ask("olga", commands.RollBack(rollout=one, reason="no"))
    assert held_by(drill)["s000-r1"] == other
    drill.carry_out(drill.open[f"{other}.s000-r1.2"])
    order = drill.open[f"{one}.s000-r1.3"]
    assert order.wire == "RollBackDevice"
    # What the other rollout wrote since stands in the way, and is left
    drill.carry_out(order, "drifted")
    assert drill.device("s000-r1").reason.cause == "later-change"


def test_orders_are_numbered_so_that_no_two_are_the_same(two: tuple[str, str], drill: Any) -> None:
    for drill.rid in two:
        drill.work_as(lambda order: "returned" if order.id.endswith((".2", ".3")) else "well")
        drill.tick(2)
        drill.work()
    names = [record.fact.order for record in drill.records if isinstance(record.fact, facts.OrderReleased)]
    assert len(names) == len(set(names)) > 4
