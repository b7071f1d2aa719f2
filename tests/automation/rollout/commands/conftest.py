"""Situations in which something is asked, by name."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from events import commands
from events.facts import Strategy

Situation = Callable[[Any, Any], object]


def nothing(drill: Any, build: Any) -> None:
    """An empty log."""


def to_proposed(drill: Any, build: Any) -> None:
    """While workers read the devices."""
    drill.submit()
    drill.request(build.singles(4))


def to_approval(drill: Any, build: Any) -> None:
    to_proposed(drill, build)
    drill.work()


def to_running(drill: Any, build: Any) -> None:
    """The canary is in flight."""
    drill.begun(build.singles(4))


def to_baking(drill: Any, build: Any) -> None:
    to_running(drill, build)
    drill.work()


def to_held(drill: Any, build: Any) -> None:
    to_running(drill, build)
    drill.ask("olga", commands.HoldRollout(rollout=drill.rid, reason="lunch"))


def to_halted(drill: Any, build: Any) -> None:
    """The canary did not hold; the coordinator's halt stands."""
    to_running(drill, build)
    drill.work(s000_r1="reverted")
    drill.raise_own_halts()


def to_completed(drill: Any, build: Any) -> None:
    to_running(drill, build)
    while drill.standing != "completed":
        drill.work()
        drill.tick(61)


def to_rejected(drill: Any, build: Any) -> None:
    to_approval(drill, build)
    drill.ask("olga", commands.RejectPlan(rollout=drill.rid, plan=drill.rollout.plan, area="noc", reason="no"))


def halted_not_raised(drill: Any, build: Any) -> None:
    to_running(drill, build)
    drill.work(s000_r1="reverted")


def lifted(drill: Any, build: Any) -> None:
    to_halted(drill, build)
    drill.lift("olga")


def run_out(drill: Any, build: Any) -> None:
    to_held(drill, build)
    drill.tick(25 * 3600)


def unplanned(drill: Any, build: Any) -> None:
    """One device could not be read; the others are done."""
    drill.submit()
    drill.request(build.singles(4))
    drill.work(s003_r1="plan-failed")
    drill.approve()
    while drill.standing != "completed":
        drill.work()
        drill.tick(61)


def all_unchanged(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=Strategy(bake_s=0))
    drill.work(s000_r1="already")
    drill.tick()


def submitted(drill: Any, build: Any) -> None:
    drill.submit()


def only_proposed(drill: Any, build: Any) -> None:
    """Before the coordinator has got round to it."""
    drill.submit()
    drill.settles = False
    drill.request(build.singles(4))


def to_scheduled(drill: Any, build: Any) -> None:
    """Everybody agrees, but all is halted."""
    to_approval(drill, build)
    drill.halt("olga", "all")
    drill.approve()


def to_halting(drill: Any, build: Any) -> None:
    """Halted with the canary in flight."""
    to_running(drill, build)
    drill.halt("olga")


def to_rolling_back(drill: Any, build: Any) -> None:
    to_baking(drill, build)
    drill.ask("olga", commands.RollBack(rollout=drill.rid, reason="no"))


def to_rolled_back(drill: Any, build: Any) -> None:
    to_rolling_back(drill, build)
    drill.work()


def to_rollback_failed(drill: Any, build: Any) -> None:
    to_rolling_back(drill, build)
    drill.work(s000_r1="failed")


def to_withdrawn(drill: Any, build: Any) -> None:
    to_approval(drill, build)
    drill.ask("ann", commands.WithdrawRollout(rollout=drill.rid, reason="no"))


def to_expired(drill: Any, build: Any) -> None:
    to_approval(drill, build)
    drill.tick(7 * 86_400)


SITUATIONS: Mapping[str, Situation] = {
    "nothing": nothing,
    "planning": to_proposed,
    "awaiting_approval": to_approval,
    "running": to_running,
    "baking": to_baking,
    "held": to_held,
    "halted": to_halted,
    "completed": to_completed,
    "rejected": to_rejected,
    "proposed": only_proposed,
    "scheduled": to_scheduled,
    "halting": to_halting,
    "rolling_back": to_rolling_back,
    "rolled_back": to_rolled_back,
    "rollback_failed": to_rollback_failed,
    "withdrawn": to_withdrawn,
    "expired": to_expired,
    "halted, not in control yet": halted_not_raised,
    "halted, and lifted": lifted,
    "held, approvals run out": run_out,
    "one device never planned": unplanned,
    "all unchanged": all_unchanged,
    "submitted": submitted,
}


@pytest.fixture
def bring(drill: Any, build: Any) -> Callable[[str], None]:
    """Brings the drill into a situation."""

    def to(name: str) -> None:
        SITUATIONS[name](drill, build)

    return to
