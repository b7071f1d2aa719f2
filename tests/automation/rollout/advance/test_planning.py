"""From a request to a sealed plan, and to what everybody agreed to."""

from datetime import timedelta
from typing import Any

import pytest

from automation.rollout.releasing import PLANNING_AT_ONCE
from events import commands, facts
from events.control import ApprovalRevoked
from events.facts import Strategy
from events.plans import ApprovalWanted, digest

DAY = 86_400


def of_kind(drill: Any, kind: type[Any]) -> list[Any]:
    """The facts of a kind so far."""
    return [record.fact for record in drill.records if isinstance(record.fact, kind)]


@pytest.fixture
def requested(drill: Any, build: Any) -> Any:
    """Four devices are being read."""
    drill.submit()
    drill.request(build.singles(4))
    return drill


def test_every_device_is_read_once(requested: Any) -> None:
    assert sorted(order.device for order in requested.orders()) == ["s000-r1", "s001-r1", "s002-r1", "s003-r1"]
    assert {order.wire for order in requested.orders()} == {"PlanDevice"}
    requested.tick(3_600)
    assert len(requested.orders()) == 4


def test_so_many_are_read_at_once_and_no_more(drill: Any, build: Any) -> None:
    drill.submit()
    drill.request(build.singles(PLANNING_AT_ONCE + 2))
    assert (len(drill.orders()), drill.rollout.planning) == (PLANNING_AT_ONCE, PLANNING_AT_ONCE)
    drill.carry_out(drill.orders()[0])
    assert len(drill.orders()) == PLANNING_AT_ONCE
    drill.work()
    assert drill.standing == "awaiting_approval"


def test_the_plan_is_sealed_once_the_last_is_read(requested: Any, build: Any) -> None:
    for order in requested.orders()[:-1]:
        requested.carry_out(order)
    assert requested.standing == "planning"
    requested.work()
    assert requested.standing == "awaiting_approval"
    assert requested.rollout.plan == digest(build.sealed(requested.state, requested.rollout))
    (sealed,) = of_kind(requested, facts.PlanSealed)
    assert sealed.plan == requested.rollout.plan


def test_a_plan_is_another_where_anything_of_it_is(make_drill: Any, build: Any) -> None:
    """Whatever an approver looks at is under the seal."""
    seals = set()
    given: tuple[dict[str, Any], ...] = (
        {},
        {"title": "Another title"},
        {"ticket": "NET-2"},
        {"approvals": (ApprovalWanted(area="noc", count=2),)},
        {"task": "sha256:" + "7" * 64},
        {"strategy": Strategy(canary=3)},
    )
    for each in given:
        drill = make_drill()
        drill.submit(**each)
        drill.request(build.singles(4), **each)
        drill.work()
        seals.add(drill.rollout.plan)
    assert len(seals) == len(given)


def test_large_waves_are_planned_in_bounded_facts(drill: Any, build: Any) -> None:
    drill.submit()
    strategy = Strategy(canary=1, waves=("100%",))
    drill.request(build.singles(5_300), strategy=strategy)
    drill.work_as(lambda _: "well", most=20_000)
    waves = of_kind(drill, facts.WavePlanned)
    assert [(wave.wave, len(wave.devices)) for wave in waves] == [(0, 1), (1, 5_000), (1, 299)]
    assert [len(wave) for wave in drill.rollout.waves] == [1, 5_299]


# What is not part of the plan

# Each case: what comes of reading the first of two devices, and where it stands then.
READ = {
    "there is nothing to do": ("nothing", "unchanged"),
    "it cannot be planned": ("plan-failed", "failed"),
}


@pytest.mark.parametrize(("how", "state"), READ.values(), ids=READ)
def test_a_device_that_is_not_in_the_plan_is_in_no_wave(how: str, state: str, drill: Any, build: Any) -> None:
    drill.submit()
    drill.request(build.singles(2))
    drill.work(s000_r1=how)
    assert (drill.device("s000-r1").state, drill.device("s000-r1").wave) == (state, None)
    assert drill.rollout.waves == (("s001-r1",),)
    assert drill.rollout.unhealthy == 0, "nothing that was not begun makes a rollout halt"


# Each case: what comes of reading two devices, and how the rollout ends that has nothing to write.
OVER = {
    "both are as they should be": (("nothing", "nothing"), "completed"),
    "one could not be planned": (("plan-failed", "nothing"), "withdrawn"),
    "none could be planned": (("plan-failed", "plan-failed"), "withdrawn"),
}


@pytest.mark.parametrize(("how", "state"), OVER.values(), ids=OVER)
def test_a_rollout_with_nothing_to_do_is_over(how: tuple[str, str], state: str, drill: Any, build: Any) -> None:
    drill.submit()
    drill.request(build.singles(2))
    drill.work(s000_r1=how[0], s001_r1=how[1])
    assert drill.standing == state
    assert not drill.rollout.plan
    # And it is not said to be well where it is not
    failed = how.count("plan-failed")
    told = [fact.reason for fact in of_kind(drill, facts.RolloutWithdrawn)]
    why = f"{failed} of 2 devices could not be planned, and none of the others needs a change"
    assert told == ([why] if failed else [])


def test_a_device_of_which_the_worker_knows_otherwise_is_not_planned(drill: Any, build: Any) -> None:
    drill.submit()
    drill.request(build.singles(2))
    order = drill.order("s000-r1")
    moved = build.planned(build.target("s000-r1", "s999", "pair-7", region="apac"))
    fact = drill.tell(drill.report(order, "computed").model_copy(update={"planned": moved}))
    assert isinstance(fact, facts.DevicePlanFailed)
    assert fact.reason.cause == "inventory-differs"
    assert "site was s000, is s999" in fact.reason.detail
    assert "group was none, is pair-7" in fact.reason.detail
    assert "region was emea, is apac" in fact.reason.detail


def test_an_order_to_read_that_is_given_back_goes_out_again_after_a_while(requested: Any) -> None:
    first = requested.order("s000-r1")
    requested.carry_out(first, "returned")
    assert not requested.orders("s000-r1")
    requested.tick(2)
    again = requested.order("s000-r1")
    assert (again.id, again.wire) == (first.id.removesuffix("1") + "2", "PlanDevice")


# What stands in the way of reading

HALTS = {
    "everything": ("all", False),
    "the credential": ("credential:tacacs", False),
    "another credential": ("credential:other", True),
    "a site": ("site:s000", True),
}


@pytest.mark.parametrize(("subject", "reads"), HALTS.values(), ids=HALTS)
def test_what_keeps_devices_from_being_read(subject: str, reads: bool, drill: Any, build: Any) -> None:
    drill.submit()
    halt = drill.halt("olga", subject)
    drill.request(build.singles(1))
    assert bool(drill.orders()) is reads
    drill.lift("olga", halt)
    assert drill.orders()


def test_a_device_that_is_being_written_to_is_read_afterwards(drill: Any, build: Any) -> None:
    first = drill.begun(build.singles(1))
    push = drill.order("s000-r1")
    drill.request(build.singles(1))
    assert drill.standing == "planning"
    assert not drill.orders()
    drill.carry_out(push)
    assert [order.wire for order in drill.orders()] == ["PlanDevice"]
    assert first != drill.rid


# Agreeing


def test_a_plan_that_nobody_decided_about_is_void_after_a_week(requested: Any) -> None:
    requested.work()
    requested.tick(7 * DAY - 1)
    assert requested.standing == "awaiting_approval"
    requested.tick(1)
    assert requested.standing == "expired"
    assert requested.refused("olga", commands.HoldRollout(rollout=requested.rid, reason="x")) == "wrong-state"


def test_every_area_has_to_agree(drill: Any, build: Any) -> None:
    wanted = (ApprovalWanted(area="noc"), ApprovalWanted(area="unix"))
    drill.submit(approvals=wanted)
    drill.request(build.singles(1), approvals=wanted)
    drill.work()
    drill.approve("olga")
    assert drill.standing == "awaiting_approval"
    assert [missing.area for missing in drill.rollout.missing(drill.now)] == ["unix"]
    drill.approve("uma", "unix")
    assert drill.standing == "running"


def test_approvals_count_only_together(drill: Any, build: Any) -> None:
    """One that ran out before the other came is none."""
    wanted = (ApprovalWanted(area="noc"), ApprovalWanted(area="unix"))
    drill.submit(approvals=wanted)
    drill.request(build.singles(1), approvals=wanted)
    drill.work()
    drill.approve("olga", hours=1)
    drill.tick(3_600)
    drill.approve("uma", "unix")
    assert drill.standing == "awaiting_approval"
    assert [missing.area for missing in drill.rollout.missing(drill.now)] == ["noc"]


def test_what_everybody_agreed_to_waits_for_a_halt_to_be_lifted(requested: Any) -> None:
    requested.work()
    halt = requested.halt("olga", "all")
    requested.approve()
    assert (requested.standing, requested.orders()) == ("scheduled", [])
    requested.lift("olga", halt)
    assert (requested.standing, len(requested.orders())) == ("running", 1)


# What takes the agreement away before it begins, behind a halt.
GONE = {
    "it runs out": lambda drill: drill.tick(3_600),
    "it is revoked": lambda drill: drill.control(
        "olga",
        ApprovalRevoked(rollout=drill.rid, approval=drill.rollout.approvals[0].approval, reason="typo"),
    ),
}


@pytest.mark.parametrize("gone", GONE.values(), ids=GONE)
def test_what_nobody_agrees_to_any_more_does_not_begin(gone: Any, requested: Any) -> None:
    requested.work()
    halt = requested.halt("olga", "all")
    requested.approve(hours=1)
    gone(requested)
    assert requested.standing == "held"
    requested.lift("olga", halt)
    assert (requested.standing, requested.orders()) == ("held", [])
    requested.approve()
    requested.ask("olga", commands.ResumeRollout(rollout=requested.rid))
    assert (requested.standing, requested.rollout.wave, len(requested.orders())) == ("running", 0, 1)


def test_an_approval_ends_to_the_second(requested: Any) -> None:
    requested.work()
    requested.approve(hours=1)
    until = requested.now + timedelta(hours=1)
    requested.tick(3_599)
    assert requested.standing == "running"
    requested.tick(1)
    assert (requested.now, requested.standing) == (until, "held")
