"""What a rollout waits for and who has to act, in every state."""

from collections.abc import Callable
from typing import Any

import pytest

from automation.rollout.states import RolloutState
from automation.rollout.waiting import waits
from events import commands
from events.facts import Strategy
from events.plans import ApprovalWanted

STRATEGY = Strategy(canary=1, waves=(2,), max_in_flight=4, max_unhealthy=9, halt_at=2, bake_s=60)


def told(drill: Any) -> list[tuple[str, str]]:
    """What is said: what is waited for, and who has to act."""
    return [(wait.what, wait.who) for wait in waits(drill.state, drill.rollout, drill.now)]


def planning(drill: Any, build: Any) -> None:
    drill.submit()
    drill.request(build.singles(3), strategy=STRATEGY)


def proposed(drill: Any, build: Any) -> None:
    drill.submit()
    drill.settles = False
    drill.request(build.singles(3), strategy=STRATEGY)


def awaiting(drill: Any, build: Any) -> None:
    planning(drill, build)
    drill.work()


def scheduled(drill: Any, build: Any) -> None:
    awaiting(drill, build)
    drill.halt("olga", "all", name="halt-1")
    drill.approve()


def running(drill: Any, build: Any) -> None:
    drill.begun(build.singles(3), strategy=STRATEGY)


def baking(drill: Any, build: Any) -> None:
    running(drill, build)
    drill.work()


def held(drill: Any, build: Any) -> None:
    running(drill, build)
    drill.ask("olga", commands.HoldRollout(rollout=drill.rid, reason="lunch"))


def halting(drill: Any, build: Any) -> None:
    running(drill, build)
    drill.halt("omar", name="halt-1")


def halted(drill: Any, build: Any) -> None:
    halting(drill, build)
    drill.work(s000_r1="reverted")


def rolling_back(drill: Any, build: Any) -> None:
    baking(drill, build)
    drill.ask("olga", commands.RollBack(rollout=drill.rid, reason="no"))


def rollback_failed(drill: Any, build: Any) -> None:
    rolling_back(drill, build)
    drill.work(s000_r1="failed")


def completed(drill: Any, build: Any) -> None:
    baking(drill, build)
    drill.tick(60)
    drill.work()
    drill.tick(60)


def rolled_back(drill: Any, build: Any) -> None:
    rolling_back(drill, build)
    drill.work()


def rejected(drill: Any, build: Any) -> None:
    awaiting(drill, build)
    drill.ask("olga", commands.RejectPlan(rollout=drill.rid, plan=drill.rollout.plan, area="noc", reason="no"))


def withdrawn(drill: Any, build: Any) -> None:
    awaiting(drill, build)
    drill.ask("ann", commands.WithdrawRollout(rollout=drill.rid, reason="no"))


def expired(drill: Any, build: Any) -> None:
    awaiting(drill, build)
    drill.tick(7 * 86_400)


Bring = Callable[[Any, Any], None]
DECISION = ("a decision to resume or to roll back", "operations")

STATES: dict[str, tuple[Bring, list[tuple[str, str]]]] = {
    "proposed": (proposed, [("3 devices still to be read", "workers")]),
    "planning": (planning, [("3 devices still to be read", "workers")]),
    "awaiting_approval": (awaiting, [("approval of noc", "noc")]),
    "scheduled": (scheduled, [("halt halt-1 by olga stands: it hurts", "olga or operations")]),
    "running": (running, [("1 devices in flight", "workers")]),
    "baking": (baking, [("wave 0 bakes until 12:01:00 UTC", "nobody")]),
    "held": (held, [DECISION]),
    "halting": (
        halting,
        [("halt halt-1 by omar stands: it hurts", "omar or operations"), ("1 devices in flight to settle", "workers")],
    ),
    "halted": (
        halted,
        [
            ("halt halt-1 by omar stands: it hurts", "omar or operations"),
            ("1 unhealthy (s000-r1): skip, retry or roll back", "operations"),
            DECISION,
        ],
    ),
    "rolling_back": (rolling_back, [("1 devices in flight to settle", "workers")]),
    "rollback_failed": (
        rollback_failed,
        [("s000-r1 could not be brought back: mend by hand, or roll back again", "operations")],
    ),
    "completed": (completed, []),
    "rolled_back": (rolled_back, []),
    "rejected": (rejected, []),
    "withdrawn": (withdrawn, []),
    "expired": (expired, []),
}


def test_the_table_has_every_state() -> None:
    assert set(STATES) == {state.value for state in RolloutState}


@pytest.mark.parametrize("state", STATES)
def test_what_is_waited_for(state: str, drill: Any, build: Any) -> None:
    bring, wanted = STATES[state]
    bring(drill, build)
    assert drill.standing == state
    assert told(drill) == wanted


# More of it


def test_every_area_that_is_missing_is_named_with_how_many(drill: Any, build: Any) -> None:
    wanted = (ApprovalWanted(area="noc", count=2), ApprovalWanted(area="unix"))
    drill.submit(approvals=wanted)
    drill.request(build.singles(1), approvals=wanted)
    drill.work()
    assert told(drill) == [("2 approvals of noc", "noc"), ("approval of unix", "unix")]
    drill.approve("olga")
    assert told(drill) == [("approval of noc", "noc"), ("approval of unix", "unix")]


def test_approvals_that_ran_out_are_asked_for_anew(drill: Any, build: Any) -> None:
    running(drill, build)
    drill.tick(24 * 3_600)
    assert told(drill) == [("approval of noc", "noc"), DECISION]


def test_a_halt_of_the_coordinators_own_that_cannot_be_raised_is_an_admins(drill: Any, build: Any) -> None:
    running(drill, build)
    drill.carry_out(drill.order("s000-r1"), "unknown")
    drill.tick(5)
    drill.work(s000_r1="reverted")
    drill.begun(build.singles(1, first=7), strategy=STRATEGY.model_copy(update={"halt_at": 1}))
    drill.work(s007_r1="reverted")
    (own,) = drill.rollout.halts
    assert told(drill)[0] == (
        f"halt {own} is being raised; if that lasts, see to the coordinator's key",
        "an admin",
    )


def test_a_credential_that_is_stopped_is_its_keepers(drill: Any, build: Any) -> None:
    running(drill, build)
    drill.halt("olga", "credential:tacacs", name="halt-7")
    assert told(drill)[0] == ("a credential is stopped (halt-7): it hurts", "whoever keeps the credential")


# Halts on a part, and how they are told.
PARTS = {
    "a site that is next": ("site:s001", "halt halt-7 by olga on site:s001: it hurts"),
    "a device that is next": ("device:s002-r1", "halt halt-7 by olga on device:s002-r1: it hurts"),
    "a site that is done": ("site:s000", None),
    "a site of other rollouts": ("site:s999", None),
    "another rollout": ("rollout:r-other", None),
    "another credential": ("credential:other", None),
}


@pytest.mark.parametrize(("subject", "what"), PARTS.values(), ids=PARTS)
def test_halts_on_what_is_next_are_told(subject: str, what: str | None, drill: Any, build: Any) -> None:
    baking(drill, build)
    drill.halt("olga", subject, name="halt-7")
    drill.tick(60)
    found = [said for said, who in told(drill) if "halt-7" in said]
    assert found == ([] if what is None else [what])


def test_halts_on_what_is_to_be_brought_back_are_told(drill: Any, build: Any) -> None:
    rolling_back(drill, build)
    drill.work_as(lambda order: "returned" if order.id.endswith(".3") else "")
    drill.halt("olga", "device:s000-r1", name="halt-1")
    drill.tick(2)
    assert told(drill)[0] == ("halt halt-1 by olga on device:s000-r1: it hurts", "olga or operations")


def test_what_is_unknown_is_read_back_by_workers(drill: Any, build: Any) -> None:
    running(drill, build)
    drill.carry_out(drill.order("s000-r1"), "unknown")
    assert told(drill) == [("s000-r1 to be read back", "workers")]


def test_a_rollout_that_is_at_the_devices_is_named(drill: Any, build: Any) -> None:
    drill.submit()
    rollouts = []
    for _ in range(2):
        drill.request(build.singles(1), strategy=STRATEGY)
        drill.work()
        rollouts.append(drill.rid)
    for drill.rid in rollouts:
        drill.approve()
    assert told(drill) == [(f"rollout {rollouts[0]} is at a device of this one", "nobody")]


def test_twins_that_wait_for_a_decision_are_told_with_whom_to_decide_about(drill: Any, build: Any) -> None:
    drill.begun((*build.twins(1), *build.singles(1, first=5)), strategy=STRATEGY)
    drill.carry_out(drill.order("s000-r1"), "failed")
    drill.tick(60)
    assert told(drill) == [
        ("1 devices in flight", "workers"),
        ("s000-r1 ended badly, and their twins wait: skip or retry them", "operations"),
    ]
    drill.work()
    assert drill.standing == "held"
    assert [what for what, _ in told(drill)] == [
        "1 unhealthy (s000-r1): skip, retry or roll back",
        "s000-r1 ended badly, and their twins wait: skip or retry them",
        "a decision to resume or to roll back",
    ]


def test_a_twin_that_is_at_work_is_no_decision_to_make(drill: Any, build: Any) -> None:
    drill.begun(build.twins(1), strategy=STRATEGY.model_copy(update={"bake_s": 0}))
    drill.work_as(lambda _: "drifted")
    drill.ask("olga", commands.RetryDevices(rollout=drill.rid))
    assert told(drill) == [("1 devices in flight", "workers")]


def test_of_many_a_few_are_named(drill: Any, build: Any) -> None:
    strategy = Strategy(canary=8, max_in_flight=8, max_unhealthy=8, halt_at=8)
    drill.begun(build.singles(8), strategy=strategy)
    drill.work_as(lambda _: "failed")
    assert told(drill)[1][0] == "8 unhealthy (s000-r1, s001-r1, s002-r1, s003-r1, s004-r1): skip, retry or roll back"


def test_of_many_that_could_not_be_brought_back_a_few_are_named(drill: Any, build: Any) -> None:
    drill.begun(build.singles(7), strategy=Strategy(canary=7, max_in_flight=9, bake_s=60))
    drill.work()
    drill.ask("olga", commands.RollBack(rollout=drill.rid, reason="no"))
    drill.work_as(lambda _: "failed")
    assert told(drill)[0][0].startswith("s000-r1, s001-r1, s002-r1, s003-r1, s004-r1 and 2 more could not be brought")


def test_a_roll_back_that_was_halted_waits_for_another_word(drill: Any, build: Any) -> None:
    rolling_back(drill, build)
    drill.halt("omar", name="halt-1")
    drill.work(s000_r1="returned")
    drill.lift("omar")
    assert told(drill) == [("its roll-back was halted: ask for it, or for another, anew", "operations")]
