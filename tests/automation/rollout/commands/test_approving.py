"""When what can be asked; approvals and rejections."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from automation.rollout.decision import LookupFailed
from events import commands, facts
from events.commands import Command
from events.control import ApprovalRevoked, KeyRevoked
from events.plans import ApprovalWanted, digest

BUNDLE = "sha256:" + "b" * 64
OTHER = "sha256:" + "c" * 64
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE"
LOST = LookupFailed(code="bad-change", why="change.yaml line 3: no title")

Bring = Callable[[str], None]


STATES = (
    "planning",
    "awaiting_approval",
    "running",
    "baking",
    "held",
    "halted",
    "completed",
    "rejected",
)


@pytest.mark.parametrize("name", STATES)
def test_the_situations_of_these_tables_are_what_they_are_called(
    name: str, bring: Bring, drill: Any, build: Any
) -> None:
    bring(name)
    assert drill.standing == name


# In which states

WHEN: dict[str, tuple[str, Callable[[Any], Command], set[str]]] = {
    "approve": (
        "olga",
        lambda drill: commands.ApprovePlan(
            rollout=drill.rid,
            plan=drill.rollout.plan or digest(b""),
            area="noc",
            until=drill.now + timedelta(hours=30),
        ),
        {"awaiting_approval", "running", "baking", "held", "halted"},
    ),
    "reject": (
        "olga",
        lambda drill: commands.RejectPlan(
            rollout=drill.rid, plan=drill.rollout.plan or digest(b""), area="noc", reason="no"
        ),
        {"awaiting_approval"},
    ),
    "withdraw": (
        "ann",
        lambda drill: commands.WithdrawRollout(rollout=drill.rid, reason="no"),
        {"planning", "awaiting_approval"},
    ),
    "hold": ("olga", lambda drill: commands.HoldRollout(rollout=drill.rid, reason="x"), {"running", "baking"}),
    "resume": ("olga", lambda drill: commands.ResumeRollout(rollout=drill.rid), {"held"}),
    "skip": (
        "olga",
        lambda drill: commands.SkipDevices(rollout=drill.rid, devices=("s003-r1",), reason="x"),
        {"awaiting_approval", "running", "baking", "held", "halted"},
    ),
    "retry": ("olga", lambda drill: commands.RetryDevices(rollout=drill.rid), {"halted"}),
    "roll back": (
        "olga",
        lambda drill: commands.RollBack(rollout=drill.rid, reason="no"),
        {"running", "baking", "held", "halted", "completed"},
    ),
}


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize(("who", "command", "when"), WHEN.values(), ids=WHEN)
def test_when_something_can_be_asked(
    who: str, command: Any, when: set[str], name: str, bring: Bring, drill: Any, build: Any
) -> None:
    bring(name)
    code = drill.refused(who, command(drill))
    assert (code == "") == (name in when), code
    assert code in {"", "wrong-state", "nothing-to-do", "started", "still-halted"}


@pytest.mark.parametrize(("who", "command", "when"), WHEN.values(), ids=WHEN)
def test_nothing_can_be_asked_of_a_rollout_that_is_not_there(
    who: str, command: Any, when: set[str], bring: Bring, drill: Any, build: Any
) -> None:
    bring("running")
    asked = command(drill).model_copy(update={"rollout": "r-none"})
    assert drill.refused(who, asked) == "unknown-rollout"


# Approving


def test_an_approval_is_recorded_with_what_was_signed(bring: Bring, drill: Any) -> None:
    bring("awaiting_approval")
    plan = drill.rollout.plan
    (approved,) = drill.approve(note="as discussed")
    assert isinstance(approved, facts.PlanApproved)
    assert (approved.plan, approved.approver, approved.area, approved.note) == (plan, "olga", "noc", "as discussed")
    message, author = drill.state.authority.word(approved.signed)
    assert (message.plan, author.name, author.key_id) == (plan, "olga", approved.key)
    assert drill.standing == "running"


APPROVALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "another plan": ("olga", {"plan": OTHER}, "stale-plan"),
    "an area that is not theirs": ("uma", {"area": "noc"}, "wrong-area"),
    "an area that nobody asked": ("uma", {"area": "unix"}, "wrong-area"),
    "ends now": ("olga", {"until": timedelta(0)}, "bad-until"),
    "for thirty-one days": ("olga", {"until": timedelta(days=31)}, "bad-until"),
    "of an engineer": ("ann", {}, "not-allowed"),
    "for thirty days": ("olga", {"until": timedelta(days=30)}, ""),
}


@pytest.mark.parametrize(("who", "given", "code"), APPROVALS.values(), ids=APPROVALS)
def test_what_is_no_approval(who: str, given: dict[str, Any], code: str, bring: Bring, drill: Any) -> None:
    bring("awaiting_approval")
    plain = {"rollout": drill.rid, "plan": drill.rollout.plan, "area": "noc", "until": timedelta(hours=8)} | given
    plain["until"] += drill.now
    assert drill.refused(who, commands.ApprovePlan(**plain)) == code


@pytest.mark.parametrize("author", ["who submitted it", "who requested it"])
def test_nobody_approves_their_own_change(author: str, drill: Any, build: Any) -> None:
    drill.submit("eva" if author == "who submitted it" else "ann")
    drill.request(build.singles(1), "eva" if author == "who requested it" else "ann")
    drill.work()
    approve = commands.ApprovePlan(
        rollout=drill.rid, plan=drill.rollout.plan, area="noc", until=drill.now + timedelta(hours=1)
    )
    assert drill.refused("eva", approve) == "own-change"
    assert drill.refused("olga", approve) == ""


def test_an_author_may_say_no(drill: Any, build: Any) -> None:
    drill.submit("eva")
    drill.request(build.singles(1))
    drill.work()
    reject = commands.RejectPlan(rollout=drill.rid, plan=drill.rollout.plan, area="noc", reason="a typo")
    assert drill.refused("eva", reject) == ""
    assert drill.standing == "rejected"


def test_two_of_an_area_are_two_people(drill: Any, build: Any) -> None:
    wanted = (ApprovalWanted(area="noc", count=2),)
    drill.submit(approvals=wanted)
    drill.request(build.singles(1), approvals=wanted)
    drill.work()
    drill.approve("olga")
    drill.approve("olga")
    assert [missing.count for missing in drill.rollout.missing(drill.now)] == [1]
    assert drill.standing == "awaiting_approval"
    drill.approve("omar")
    assert drill.standing == "running"


def test_an_approval_takes_the_place_of_the_same_persons_earlier_one(bring: Bring, drill: Any) -> None:
    # Given an approval for an hour
    bring("awaiting_approval")
    drill.approve(hours=1)
    # When the same person gives it for longer, and accepts more
    drill.approve(hours=10, save_foreign=True)
    # Then that one counts, and orders carry it
    assert [approval.until for approval in drill.rollout.approvals] == [drill.now + timedelta(hours=10)]
    drill.tick(3 * 3600)
    assert drill.standing == "running"


def test_an_approval_that_was_revoked_before_it_came_does_not_count(bring: Bring, drill: Any) -> None:
    bring("awaiting_approval")
    drill.control("olga", ApprovalRevoked(rollout=drill.rid, approval="c-app", reason="typo"))
    until = drill.now + timedelta(hours=1)
    approve = commands.ApprovePlan(rollout=drill.rid, plan=drill.rollout.plan, area="noc", until=until)
    assert drill.refused("olga", approve, name="c-app") == "revoked"
    assert drill.refused("olga", approve, name="c-app-2") == ""


def test_a_revoked_key_asks_nothing(bring: Bring, drill: Any, build: Any) -> None:
    bring("running")
    drill.control("root", KeyRevoked(key=build.signer("omar").key_id, reason="left"))
    assert drill.refused("omar", commands.HoldRollout(rollout=drill.rid, reason="x")) == "unknown-key"


REJECTIONS = {
    "another plan": ("olga", {"plan": OTHER}, "stale-plan"),
    "an area that is not theirs": ("olga", {"area": "unix"}, "wrong-area"),
    "an engineer": ("ann", {}, "not-allowed"),
}


@pytest.mark.parametrize(("who", "given", "code"), REJECTIONS.values(), ids=REJECTIONS)
def test_what_is_no_rejection(who: str, given: dict[str, Any], code: str, bring: Bring, drill: Any) -> None:
    bring("awaiting_approval")
    plain = {"rollout": drill.rid, "plan": drill.rollout.plan, "area": "noc", "reason": "no"}
    assert drill.refused(who, commands.RejectPlan(**(plain | given))) == code
    assert drill.standing == "awaiting_approval"
