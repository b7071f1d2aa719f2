"""Bringing devices back: the whole, a wave, a device; paced, halted, tried again; and what cannot be brought back."""

from typing import Any

import pytest

from events import commands, facts
from events.facts import Strategy

STRATEGY = Strategy(canary=1, waves=(2,), max_in_flight=10, max_unhealthy=10, halt_at=10, bake_s=0)


def undo(drill: Any, **scope: Any) -> str:
    """Asks for a roll-back; the code of its refusal, or nothing."""
    return str(drill.refused("olga", commands.RollBack(rollout=drill.rid, reason="no", **scope)))


def undoing(drill: Any) -> list[str]:
    """The devices that have an order to be brought back."""
    return sorted(order.device for order in drill.orders() if order.wire == "RollBackDevice")


def completed(drill: Any, targets: Any, **given: Any) -> None:
    drill.begun(targets, strategy=STRATEGY.model_copy(update=given))
    drill.work()
    assert drill.standing == "completed"


@pytest.fixture
def done(drill: Any, build: Any) -> Any:
    """Five devices in three waves, all verified."""
    completed(drill, build.singles(5))
    return drill


# How much

# Each case: what is asked, which devices are brought back, and where the rollout stands then.
SCOPES: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "the whole": ({}, ["s000-r1", "s001-r1", "s002-r1", "s003-r1", "s004-r1"], "rolled_back"),
    "the canary": ({"wave": 0}, ["s000-r1"], "halted"),
    "a wave": ({"wave": 1}, ["s001-r1", "s002-r1"], "halted"),
    "devices": ({"devices": ("s004-r1", "s000-r1", "s004-r1")}, ["s000-r1", "s004-r1"], "halted"),
}


@pytest.mark.parametrize(("scope", "devices", "state"), SCOPES.values(), ids=SCOPES)
def test_what_was_asked_is_brought_back_and_nothing_else(
    scope: dict[str, Any], devices: list[str], state: str, done: Any
) -> None:
    assert undo(done, **scope) == ""
    assert (done.standing, undoing(done)) == ("rolling_back", devices)
    done.work()
    left = {"verified": 5 - len(devices)} if len(devices) < 5 else {}
    assert (done.standing, done.counts) == (state, {"rolled_back": len(devices), **left})


def test_an_order_to_bring_back_has_all_that_a_worker_needs(done: Any, build: Any) -> None:
    undo(done, devices=("s001-r1",))
    order = done.order("s001-r1")
    assert (order.before, order.after, order.plan) == (build.BEFORE, build.AFTER, done.rollout.plan)
    message, author = done.state.authority.word(order.authority)
    assert (message.wire, message.devices, author.name) == ("RollBack", ("s001-r1",), "olga")


def test_the_last_wave_is_brought_back_first_at_the_rollouts_own_pace(drill: Any, build: Any) -> None:
    completed(drill, build.singles(5), max_in_flight=2)
    undo(drill)
    seen = []
    while drill.orders():
        assert drill.rollout.in_flight <= 2
        seen.append(drill.orders()[0].device)
        drill.carry_out(drill.orders()[0])
    assert seen == ["s003-r1", "s004-r1", "s001-r1", "s002-r1", "s000-r1"]
    assert drill.standing == "rolled_back"


def test_what_is_in_flight_is_settled_and_then_brought_back(drill: Any, build: Any) -> None:
    drill.begun(build.singles(3), strategy=STRATEGY.model_copy(update={"canary": 2}))
    push = drill.order("s000-r1")
    undo(drill)
    assert (drill.standing, undoing(drill)) == ("rolling_back", [])
    drill.carry_out(push)
    assert undoing(drill) == ["s000-r1"]
    drill.work(s001_r1="failed")
    assert (drill.standing, drill.counts) == ("rolled_back", {"rolled_back": 1, "failed": 1, "planned": 1})


def test_what_is_unknown_is_found_out_first(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=STRATEGY)
    drill.carry_out(drill.order("s000-r1"), "unknown")
    undo(drill)
    assert (drill.standing, drill.orders()) == ("rolling_back", [])
    drill.tick(5)
    assert [order.wire for order in drill.orders()] == ["PushDevice"]
    drill.carry_out(drill.order("s000-r1"))
    assert undoing(drill) == ["s000-r1"]
    drill.work()
    assert drill.standing == "rolled_back"


def test_of_twins_one_is_brought_back_after_the_other(drill: Any, build: Any) -> None:
    completed(drill, build.twins(1))
    undo(drill)
    assert undoing(drill) == ["s000-r2"], "the wave that came last is the first"
    drill.carry_out(drill.order("s000-r2"))
    assert undoing(drill) == ["s000-r1"]


def test_what_only_failed_holds_no_twin_up(drill: Any, build: Any) -> None:
    completed(drill, build.twins(1))
    # Given a twin that drifted, was retried, and then failed
    drill.begun(build.twins(1), strategy=STRATEGY)
    drill.carry_out(drill.order("s000-r1"))
    drill.carry_out(drill.order("s000-r2"), "failed")
    undo(drill)
    assert undoing(drill) == ["s000-r1"]


# Where it does not go well

# What a worker finds when it brings a device back, and where it stands then; the cause, where it is another one.
ENDS = {
    "it is brought back": ("verified", "rolled_back", None),
    "it was already": ("already", "rolled_back", None),
    "it did not hold": ("reverted", "rollback_failed", "checks-failed"),
    "it failed": ("failed", "rollback_failed", "checks-failed"),
    "it is refused": ("refused", "rollback_failed", "checks-failed"),
    "a later change stands in the way": ("drifted", "rollback_failed", "later-change"),
}


@pytest.mark.parametrize(("how", "state", "cause"), ENDS.values(), ids=ENDS)
def test_how_bringing_back_ends(how: str, state: str, cause: str | None, done: Any) -> None:
    undo(done, devices=("s001-r1",))
    done.carry_out(done.order("s001-r1"), how)
    device = done.device("s001-r1")
    assert (device.state, device.reason.cause if device.reason else None) == (state, cause)
    assert done.standing == ("rollback_failed" if cause else "halted")
    assert device.unhealthy is (cause is not None)


def test_one_that_cannot_be_brought_back_stops_no_other(done: Any) -> None:
    undo(done)
    done.work(s003_r1="failed")
    assert (done.standing, done.counts) == ("rollback_failed", {"rolled_back": 4, "rollback_failed": 1})
    (failed,) = [record.fact for record in done.records if isinstance(record.fact, facts.RollbackFailed)]
    assert failed.devices == ("s003-r1",)


def test_what_failed_is_tried_once_more_when_it_is_asked_for(done: Any) -> None:
    undo(done)
    done.work(s003_r1="failed")
    assert undo(done) == ""
    assert undoing(done) == ["s003-r1"]
    done.work()
    assert (done.standing, done.counts) == ("rolled_back", {"rolled_back": 5})


def test_what_failed_again_is_not_tried_for_ever(done: Any) -> None:
    undo(done)
    done.work_as(lambda order: "failed" if order.device == "s003-r1" else "well")
    undo(done)
    done.carry_out(done.order("s003-r1"), "failed")
    assert (done.standing, done.orders()) == ("rollback_failed", [])


def test_what_failed_and_was_left_is_no_failure_any_more(done: Any) -> None:
    undo(done)
    done.work(s003_r1="failed")
    done.ask("olga", commands.SkipDevices(rollout=done.rid, devices=("s003-r1",), reason="mended by hand"))
    assert done.standing == "rollback_failed"
    assert undo(done) == ""
    assert (done.standing, done.counts) == ("rolled_back", {"rolled_back": 4, "skipped": 1})


def test_a_twin_that_could_not_be_brought_back_keeps_the_other(drill: Any, build: Any) -> None:
    # Given that bringing the second back failed: it may be down
    completed(drill, build.twins(1))
    undo(drill)
    drill.carry_out(drill.order("s000-r2"), "failed")
    # Then nobody touches the first, and a person has to see to both
    assert (drill.standing, drill.orders()) == ("rollback_failed", [])
    (failed,) = [record.fact for record in drill.records if isinstance(record.fact, facts.RollbackFailed)]
    assert failed.devices == ("s000-r1", "s000-r2")
    # When the second is tried again and comes back, the first follows
    undo(drill)
    assert undoing(drill) == ["s000-r2"]
    drill.work()
    assert (drill.standing, drill.counts) == ("rolled_back", {"rolled_back": 2})


def test_a_part_whose_twin_could_not_be_brought_back_before_is_stuck_too(drill: Any, build: Any) -> None:
    completed(drill, build.twins(1))
    undo(drill, devices=("s000-r2",))
    drill.carry_out(drill.order("s000-r2"), "failed")
    undo(drill, devices=("s000-r1",))
    assert (drill.standing, drill.orders()) == ("rollback_failed", [])
    assert drill.records[-1].fact.devices == ("s000-r1",)


def test_a_device_that_got_lost_on_its_way_back_is_looked_at_with_the_same_work(done: Any) -> None:
    undo(done, devices=("s001-r1",))
    done.carry_out(done.order("s001-r1"), "unknown")
    assert done.device("s001-r1").state == "unknown"
    done.tick(5)
    order = done.order("s001-r1")
    assert (order.wire, order.unresolved.order) == ("RollBackDevice", f"{done.rid}.s001-r1.3")
    done.carry_out(order, "verified")
    assert (done.device("s001-r1").state, done.standing) == ("rolled_back", "halted")


def test_an_undo_that_never_began_is_no_unknown(done: Any) -> None:
    undo(done, devices=("s001-r1",))
    order = done.order("s001-r1")
    done.tell(done.report(order, "intended"))
    done.tell(done.report(order, "unknown"))
    assert done.device("s001-r1").state == "rollback_failed"


def test_an_undo_that_is_given_back_is_still_to_be_done(done: Any) -> None:
    undo(done, devices=("s001-r1",))
    done.carry_out(done.order("s001-r1"), "returned")
    assert (done.device("s001-r1").state, done.standing, done.orders()) == ("verified", "rolling_back", [])
    done.tick(2)
    assert undoing(done) == ["s001-r1"]


# Halts


def test_a_halt_stops_a_roll_back_until_it_is_asked_for_anew(drill: Any, build: Any) -> None:
    completed(drill, build.singles(3), max_in_flight=1)
    undo(drill)
    drill.halt("omar")
    drill.work()
    assert (drill.standing, drill.counts) == ("halted", {"rolled_back": 1, "verified": 2})
    assert drill.refused("olga", commands.ResumeRollout(rollout=drill.rid)) == "still-halted"
    drill.lift("olga")
    assert drill.refused("olga", commands.ResumeRollout(rollout=drill.rid)) == "rolling-back"
    assert undo(drill) == ""
    drill.work()
    assert drill.standing == "rolled_back"


def test_a_roll_back_that_was_asked_for_in_a_halt_is_not_barred_by_it(drill: Any, build: Any) -> None:
    drill.begun(build.singles(2), strategy=STRATEGY)
    drill.halt("olga", "all")
    drill.work()
    assert drill.standing == "halted"
    assert undo(drill) == ""
    assert undoing(drill) == ["s000-r1"]


def test_nor_by_the_halt_that_the_coordinator_raises_only_afterwards(drill: Any, build: Any) -> None:
    drill.begun(build.singles(2), strategy=STRATEGY.model_copy(update={"canary": 2, "halt_at": 1}))
    drill.carry_out(drill.order("s000-r1"))
    drill.carry_out(drill.order("s001-r1"), "reverted")
    assert drill.standing == "halted"
    undo(drill)
    order = drill.order("s000-r1")
    drill.carry_out(order, "returned")
    drill.raise_own_halts()
    drill.tick(2)
    assert undoing(drill) == ["s000-r1"]


# A halt that comes during a roll-back, and whether what it is on is still brought back.
LATER = {
    "the site": ("site:s001", False),
    "another site": ("site:s009", True),
    "the credential": ("credential:tacacs", False),
}


@pytest.mark.parametrize(("subject", "goes"), LATER.values(), ids=LATER)
def test_a_later_halt_on_a_part_bars_that_part(subject: str, goes: bool, done: Any) -> None:
    undo(done, devices=("s001-r1",))
    done.carry_out(done.order("s001-r1"), "returned")
    halt = done.halt("omar", subject)
    done.tick(2)
    assert bool(undoing(done)) is goes
    assert done.standing == "rolling_back"
    done.lift("omar", halt)
    assert undoing(done) == ["s001-r1"]


def test_a_credential_that_was_stopped_before_is_not_used_to_undo_either(done: Any) -> None:
    halt = done.halt("omar", "credential:tacacs")
    undo(done)
    assert (done.standing, undoing(done)) == ("rolling_back", [])
    done.lift("omar", halt)
    assert len(undoing(done)) == 5


# What is asked one after the other


def test_what_is_asked_meanwhile_is_added(drill: Any, build: Any) -> None:
    completed(drill, build.singles(5), max_in_flight=1)
    undo(drill, devices=("s001-r1",))
    undo(drill, devices=("s003-r1",))
    drill.work()
    assert (drill.standing, drill.counts) == ("halted", {"rolled_back": 2, "verified": 3})


def test_the_whole_that_is_asked_for_stays_the_whole(drill: Any, build: Any) -> None:
    completed(drill, build.singles(3), max_in_flight=1)
    undo(drill)
    undo(drill, devices=("s000-r1",))
    drill.work()
    assert (drill.standing, drill.counts) == ("rolled_back", {"rolled_back": 3})


def test_after_a_part_it_can_go_on_or_back_further(drill: Any, build: Any) -> None:
    drill.begun(build.singles(3), strategy=STRATEGY.model_copy(update={"bake_s": 60}))
    drill.work()
    undo(drill, wave=0)
    drill.work()
    assert (drill.standing, drill.counts) == ("halted", {"rolled_back": 1, "planned": 2})
    assert drill.refused("olga", commands.ResumeRollout(rollout=drill.rid)) == ""
    drill.tick(60)
    drill.work()
    assert drill.counts == {"rolled_back": 1, "verified": 2}
    assert undo(drill) == ""
    drill.work()
    assert (drill.standing, drill.counts) == ("rolled_back", {"rolled_back": 3})


def test_what_is_rolled_back_is_over(done: Any) -> None:
    undo(done)
    done.work()
    assert undo(done) == "wrong-state"
    assert not done.state.active


# Halting with --revert


def test_what_was_in_flight_at_a_halt_with_revert_is_brought_back(drill: Any, build: Any) -> None:
    # Given one device that is verified, two in flight, one that waits
    strategy = Strategy(canary=4, max_in_flight=2, max_unhealthy=9, halt_at=9)
    drill.begun(build.singles(4), strategy=strategy)
    drill.carry_out(drill.order("s000-r1"))
    halt = drill.halt("olga", revert=True)
    drill.carry_out(drill.order("s001-r1"))
    assert drill.standing == "halting"
    drill.carry_out(drill.order("s002-r1"), "failed")
    # Then of those in flight the one that went well is brought back
    assert (drill.standing, undoing(drill)) == ("rolling_back", ["s001-r1"])
    started = next(record for record in drill.records if isinstance(record.fact, facts.RollbackStarted))
    assert started.fact.reason == "they were in flight when olga halted with --revert"
    assert drill.state.authority.word(started.fact.authority)[0].revert
    drill.work()
    assert drill.standing == "halted"
    assert drill.counts == {"verified": 1, "rolled_back": 1, "failed": 1, "planned": 1}
    # And the halt stands still
    assert halt in drill.state.authority.halts


def test_what_is_unknown_at_such_a_halt_follows_once_it_is_known(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=STRATEGY)
    drill.halt("olga", revert=True)
    drill.carry_out(drill.order("s000-r1"), "unknown")
    assert (drill.standing, drill.orders()) == ("halted", [])
    drill.tick(5)
    drill.carry_out(drill.order("s000-r1"), "verified")
    assert (drill.standing, undoing(drill)) == ("rolling_back", ["s000-r1"])


def test_a_halt_with_revert_that_is_lifted_before_it_settles_undoes_nothing(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=STRATEGY)
    halt = drill.halt("olga", revert=True)
    drill.lift("olga", halt)
    drill.work()
    assert (drill.standing, drill.counts) == ("halted", {"verified": 1})
