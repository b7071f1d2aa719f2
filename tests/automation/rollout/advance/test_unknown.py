"""Devices of which nobody knows what they have: looked at until somebody does, never blindly retried."""

from collections.abc import Callable
from typing import Any

import pytest

from events import commands
from events.facts import Strategy

STRATEGY = Strategy(canary=1, waves=(1,), max_in_flight=1, max_unhealthy=3, halt_at=3, bake_s=0)


@pytest.fixture
def lost(drill: Any, build: Any) -> Any:
    """The canary was staged, and then lost."""
    drill.begun(build.singles(3), strategy=STRATEGY)
    drill.carry_out(drill.order("s000-r1"), "unknown")
    assert (drill.device("s000-r1").state, drill.rollout.unhealthy) == ("unknown", 1)
    return drill


def test_it_is_looked_at_again_later_and_later(lost: Any) -> None:
    waits = []
    for _ in range(10):
        waits.append((lost.device("s000-r1").look_again_at - lost.now).total_seconds())
        lost.tick(waits[-1] - 1)
        assert not lost.orders()
        lost.tick(1)
        lost.carry_out(lost.order("s000-r1"), "unknown")
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_the_order_to_look_says_what_it_is_about(lost: Any, build: Any) -> None:
    lost.tick(5)
    order = lost.order("s000-r1")
    assert order.wire == "PushDevice"
    assert (order.unresolved.order, order.unresolved.before) == (f"{lost.rid}.s000-r1.2", build.BEFORE)
    # And it still does after a second look that found nothing out
    lost.carry_out(order, "unknown")
    lost.tick(10)
    assert lost.order("s000-r1").unresolved.order == f"{lost.rid}.s000-r1.2"
    assert lost.device("s000-r1").attempts == 4


# What is found out, and where the device stands then.
FOUND = {
    "verified": "verified",
    "reverted": "reverted",
    "failed": "failed",
    "drifted": "drifted",
    "refused": "refused",
}


@pytest.mark.parametrize(("how", "state"), FOUND.items())
def test_what_is_found_out_counts(how: str, state: str, lost: Any) -> None:
    lost.tick(5)
    lost.carry_out(lost.order("s000-r1"), how)
    device = lost.device("s000-r1")
    assert (device.state, device.unresolved, device.looks, device.look_again_at) == (state, None, 0, None)
    assert "s000-r1" not in lost.state.busy


def test_what_was_lost_cannot_have_been_there_already(lost: Any) -> None:
    """Or what we wrote would be nobody's, and never brought back."""
    lost.tick(5)
    lost.carry_out(lost.order("s000-r1"), "already")
    assert (lost.device("s000-r1").state, lost.device("s000-r1").looks) == ("unknown", 2)


def test_the_wave_waits_for_it(lost: Any) -> None:
    lost.tick(4)
    assert (lost.standing, lost.rollout.wave) == ("running", 0)
    lost.tick(1)
    lost.work()
    assert (lost.standing, lost.counts) == ("completed", {"verified": 3})


def test_looking_needs_no_slot(drill: Any, build: Any) -> None:
    """Or a full cap would deadlock it."""
    drill.begun(build.singles(2), strategy=STRATEGY.model_copy(update={"canary": 2}))
    drill.carry_out(drill.order("s000-r1"), "unknown")
    assert drill.rollout.in_flight == 1, "the other device has the only slot"
    drill.tick(5)
    assert sorted(order.device for order in drill.orders()) == ["s000-r1", "s001-r1"]


def _held(drill: Any) -> None:
    drill.ask("olga", commands.HoldRollout(rollout=drill.rid, reason="lunch"))


def _halted(drill: Any) -> None:
    drill.halt("olga")


def _all_halted(drill: Any) -> None:
    drill.halt("olga", "all")


def _site_halted(drill: Any) -> None:
    drill.halt("olga", "site:s000")


WHATEVER: dict[str, tuple[Callable[[Any], None], str]] = {
    "it is held": (_held, "held"),
    "it is halted": (_halted, "halted"),
    "all is halted": (_all_halted, "halted"),
    "its site is halted": (_site_halted, "running"),
}


@pytest.mark.parametrize(("given", "state"), WHATEVER.values(), ids=WHATEVER)
def test_what_was_begun_is_found_out_about(given: Callable[[Any], None], state: str, lost: Any) -> None:
    given(lost)
    assert lost.standing == state
    lost.tick(5)
    assert [order.device for order in lost.orders()] == ["s000-r1"]
    lost.carry_out(lost.order("s000-r1"))
    assert lost.device("s000-r1").state == "verified"


def test_only_a_credential_that_is_stopped_is_not_used(lost: Any) -> None:
    halt = lost.halt("olga", "credential:tacacs")
    lost.tick(3_600)
    assert not lost.orders()
    lost.lift("olga", halt)
    assert [order.device for order in lost.orders()] == ["s000-r1"]


def test_a_look_that_is_given_back_leaves_it_unknown(lost: Any) -> None:
    lost.tick(5)
    lost.carry_out(lost.order("s000-r1"), "returned")
    device = lost.device("s000-r1")
    assert (device.state, device.unresolved.order) == ("unknown", f"{lost.rid}.s000-r1.2")
    lost.tick(2)
    assert lost.orders("s000-r1")


def test_a_person_may_leave_it_as_it_is(lost: Any) -> None:
    lost.ask("olga", commands.SkipDevices(rollout=lost.rid, devices=("s000-r1",), reason="scrapped"))
    lost.work()
    assert (lost.standing, lost.counts) == ("completed", {"skipped": 1, "verified": 2})


def test_while_it_is_looked_at_nobody_leaves_it(lost: Any) -> None:
    lost.tick(5)
    skip = commands.SkipDevices(rollout=lost.rid, devices=("s000-r1",), reason="scrapped")
    assert lost.refused("olga", skip) == "wrong-state"


def test_nobody_retries_what_is_unknown(lost: Any) -> None:
    assert lost.refused("olga", commands.RetryDevices(rollout=lost.rid)) == "nothing-to-do"
    named = commands.RetryDevices(rollout=lost.rid, devices=("s000-r1",))
    assert lost.refused("olga", named) == "wrong-state"


def test_what_never_came_to_the_point_of_writing_is_not_unknown(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1))
    order = drill.order("s000-r1")
    drill.tell(drill.report(order, "intended"))
    drill.tell(drill.report(order, "unknown"))
    assert drill.device("s000-r1").state == "failed"


def test_many_that_are_unknown_halt_a_rollout(drill: Any, build: Any) -> None:
    strategy = Strategy(canary=3, max_in_flight=3, max_unhealthy=3, halt_at=2)
    drill.begun(build.singles(3), strategy=strategy)
    for device in ("s000-r1", "s001-r1"):
        drill.carry_out(drill.order(device), "unknown")
    assert drill.standing == "halting"
    drill.carry_out(drill.order("s002-r1"))
    assert drill.standing == "halted"
    drill.tick(5)
    assert len(drill.orders()) == 2, "and are found out about while it is halted"
