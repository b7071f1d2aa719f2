"""Withdrawing, holding, resuming, skipping, retrying and rolling back: what follows, and why they are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from automation.rollout.decision import LookupFailed
from events import commands
from events.facts import Strategy

BUNDLE = "sha256:" + "b" * 64
OTHER = "sha256:" + "c" * 64
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE"
LOST = LookupFailed(code="bad-change", why="change.yaml line 3: no title")

Bring = Callable[[str], None]


# Withdrawing, holding, resuming


WITHDRAWN = {"an author": ("ann", ""), "an operator": ("olga", ""), "another pipeline": ("pipe", "not-allowed")}


@pytest.mark.parametrize(("who", "code"), WITHDRAWN.values(), ids=WITHDRAWN)
def test_who_may_withdraw_a_rollout(who: str, code: str, bring: Bring, drill: Any) -> None:
    bring("awaiting_approval")
    assert drill.refused(who, commands.WithdrawRollout(rollout=drill.rid, reason="no")) == code


def test_what_was_stopped_before_it_began_can_be_withdrawn(bring: Bring, drill: Any) -> None:
    # Given a rollout whose approvals were revoked before its canary, behind a halt
    bring("awaiting_approval")
    halt = drill.halt("olga")
    drill.approve(hours=1)
    assert drill.standing == "scheduled"
    drill.tick(3601)
    assert drill.standing == "held"
    # Then it need not be held for ever
    assert drill.refused("ann", commands.WithdrawRollout(rollout=drill.rid, reason="later")) == ""
    drill.lift("olga", halt)
    assert drill.standing == "withdrawn"


def test_what_has_begun_is_rolled_back_and_not_withdrawn(bring: Bring, drill: Any) -> None:
    bring("held")
    assert drill.refused("ann", commands.WithdrawRollout(rollout=drill.rid, reason="no")) == "started"


def test_a_held_rollout_starts_nothing_and_finishes_what_is_in_flight(drill: Any, build: Any) -> None:
    drill.begun(build.singles(4), strategy=Strategy(canary=4, max_in_flight=2, bake_s=0))
    drill.ask("olga", commands.HoldRollout(rollout=drill.rid, reason="lunch"))
    drill.work()
    assert drill.counts == {"planned": 2, "verified": 2}
    drill.ask("olga", commands.ResumeRollout(rollout=drill.rid))
    drill.work()
    assert drill.counts == {"verified": 4}


def _another_halt(bring: Bring, drill: Any) -> None:
    bring("held")
    drill.halt("omar")


RESUMING: dict[str, tuple[str, str]] = {
    "while the coordinator's halt stands": ("halted", "still-halted"),
    "while that is still being raised": ("halted, not in control yet", "still-halted"),
    "with a device that ended badly": ("halted, and lifted", "unhealthy"),
    "without approvals": ("held, approvals run out", "not-approved"),
    "with nothing against it": ("held", ""),
}


@pytest.mark.parametrize(("given", "code"), RESUMING.values(), ids=RESUMING)
def test_what_stands_against_going_on(given: str, code: str, bring: Bring, drill: Any) -> None:
    bring(given)
    before = drill.standing
    assert drill.refused("olga", commands.ResumeRollout(rollout=drill.rid)) == code
    assert drill.standing == ("running" if not code else before)


# Skipping and retrying


def test_skipped_devices_are_left_as_they_are(bring: Bring, drill: Any) -> None:
    bring("halted")
    names = ("s000-r1", "s003-r1", "s000-r1")
    found = drill.ask("olga", commands.SkipDevices(rollout=drill.rid, devices=names, reason="being replaced"))
    assert [(fact.wire, fact.device) for fact in found] == [("DeviceSkipped", "s000-r1"), ("DeviceSkipped", "s003-r1")]
    assert (drill.counts["skipped"], drill.rollout.unhealthy) == (2, 0)


def test_skipped_devices_are_never_pushed_to(bring: Bring, drill: Any) -> None:
    bring("awaiting_approval")
    drill.ask("olga", commands.SkipDevices(rollout=drill.rid, devices=("s002-r1",), reason="x"))
    drill.approve()
    while drill.standing != "completed":
        drill.work()
        drill.tick(61)
    assert drill.counts == {"verified": 3, "skipped": 1}
    assert drill.device("s002-r1").attempts == 1, "it was read for the plan, and that was all"


SKIPPING: dict[str, tuple[str, str, str]] = {
    "a device that is no target": ("running", "s999-r1", "unknown-device"),
    "a device in flight": ("running", "s000-r1", "wrong-state"),
    "a verified device": ("baking", "s000-r1", "wrong-state"),
    "a planned device": ("running", "s001-r1", ""),
    "a device that did not hold": ("halted", "s000-r1", ""),
}


@pytest.mark.parametrize(("given", "device", "code"), SKIPPING.values(), ids=SKIPPING)
def test_what_can_be_skipped(given: str, device: str, code: str, bring: Bring, drill: Any) -> None:
    bring(given)
    before = drill.counts
    skip = commands.SkipDevices(rollout=drill.rid, devices=("s003-r1", device), reason="x")
    assert drill.refused("olga", skip) == code
    assert (drill.counts == before) == bool(code), "all of them or none"


def test_only_what_failed_is_retried(drill: Any, build: Any) -> None:
    # Given a canary of four, of which one failed, one drifted and two are verified
    drill.begun(build.singles(4), strategy=Strategy(canary=4, max_unhealthy=9, halt_at=9, bake_s=0))
    drill.work(s000_r1="failed", s001_r1="drifted")
    drill.tick()
    assert drill.standing == "completed"
    # When it is retried
    found = drill.ask("olga", commands.RetryDevices(rollout=drill.rid))
    # Then just these two are pushed to again
    assert [fact.wire for fact in found] == ["RolloutResumed", "DeviceRetried", "DeviceRetried"]
    assert sorted(order.device for order in drill.orders()) == ["s000-r1", "s001-r1"]
    drill.work()
    drill.tick()
    assert (drill.counts, drill.standing) == ({"verified": 4}, "completed")


RETRYING: dict[str, tuple[str, tuple[str, ...], str]] = {
    "nothing that failed": ("running", (), "nothing-to-do"),
    "a device that is no target": ("halted", ("s999-r1",), "unknown-device"),
    "a device in flight": ("running", ("s000-r1",), "wrong-state"),
    "a planned device": ("halted", ("s001-r1",), "wrong-state"),
    "a verified device": ("completed", ("s000-r1",), "wrong-state"),
    "a device that was never planned": ("one device never planned", ("s003-r1",), "not-planned"),
    "with all that failed, one that was never planned": (
        "one device never planned",
        (),
        "nothing-to-do",
    ),
}


@pytest.mark.parametrize(("given", "devices", "code"), RETRYING.values(), ids=RETRYING)
def test_what_cannot_be_retried(
    given: str, devices: tuple[str, ...], code: str, bring: Bring, drill: Any, build: Any
) -> None:
    bring(given)
    assert drill.refused("olga", commands.RetryDevices(rollout=drill.rid, devices=devices)) == code


def test_what_is_completed_is_not_retried_past_a_halt(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=Strategy(max_unhealthy=9, halt_at=9, bake_s=0))
    drill.work(s000_r1="failed")
    drill.tick()
    halt = drill.halt("olga")
    assert drill.refused("olga", commands.RetryDevices(rollout=drill.rid)) == "still-halted"
    drill.lift("olga", halt)
    assert drill.refused("olga", commands.RetryDevices(rollout=drill.rid)) == ""


# Rolling back


ROLLING_BACK: dict[str, tuple[str, dict[str, Any], str]] = {
    "what completed": ("completed", {}, ""),
    "a wave": ("completed", {"wave": 1}, ""),
    "a device": ("completed", {"devices": ("s001-r1",)}, ""),
    "a wave that there is not": ("completed", {"wave": 9}, "unknown-wave"),
    "a wave that has not begun": ("baking", {"wave": 1}, "nothing-to-do"),
    "a wave and devices": ("completed", {"wave": 0, "devices": ("s001-r1",)}, "ambiguous"),
    "a device that is no target": ("completed", {"devices": ("s999-r1",)}, "unknown-device"),
    "a device that was not changed": ("baking", {"devices": ("s001-r1",)}, "wrong-state"),
    "a device in flight": ("running", {"devices": ("s000-r1",)}, "wrong-state"),
    "a halted rollout that changed nothing": ("halted", {}, ""),
    "a completed rollout that changed nothing": (
        "all unchanged",
        {},
        "nothing-to-do",
    ),
}


@pytest.mark.parametrize(("given", "scope", "code"), ROLLING_BACK.values(), ids=ROLLING_BACK)
def test_what_can_be_rolled_back(
    given: str, scope: dict[str, Any], code: str, bring: Bring, drill: Any, build: Any
) -> None:
    bring(given)
    assert drill.refused("olga", commands.RollBack(rollout=drill.rid, reason="no", **scope)) == code
