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
