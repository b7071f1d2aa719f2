"""Every state and every command: what comes of it, or why it is refused."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from automation.rollout.states import RolloutState
from events import commands
from events.commands import Command
from events.plans import digest

Bring = Callable[[str], None]

#: Before there is a plan, the one that is meant is another.
NO_PLAN = digest(b"no plan yet")


def approve(drill: Any) -> Command:
    plan, until = drill.rollout.plan or NO_PLAN, drill.now + timedelta(hours=30)
    return commands.ApprovePlan(rollout=drill.rid, plan=plan, area="noc", until=until)


def reject(drill: Any) -> Command:
    return commands.RejectPlan(rollout=drill.rid, plan=drill.rollout.plan or NO_PLAN, area="noc", reason="no")


ASKED: Mapping[str, tuple[str, Callable[[Any], Command]]] = {
    "approve": ("olga", approve),
    "reject": ("olga", reject),
    "withdraw": ("ann", lambda drill: commands.WithdrawRollout(rollout=drill.rid, reason="no")),
    "hold": ("olga", lambda drill: commands.HoldRollout(rollout=drill.rid, reason="lunch")),
    "resume": ("olga", lambda drill: commands.ResumeRollout(rollout=drill.rid)),
    "skip": ("olga", lambda drill: commands.SkipDevices(rollout=drill.rid, devices=("s003-r1",), reason="x")),
    "retry": ("olga", lambda drill: commands.RetryDevices(rollout=drill.rid)),
    "undo": ("olga", lambda drill: commands.RollBack(rollout=drill.rid, reason="no")),
    "undo the canary": ("olga", lambda drill: commands.RollBack(rollout=drill.rid, wave=0, reason="no")),
    "undo a device": ("olga", lambda drill: commands.RollBack(rollout=drill.rid, devices=("s000-r1",), reason="no")),
}

#: The state that a command leads to, or the code of its refusal after a "!"; "!wrong-state" where nothing is said.
#: What happens to devices while the rollout stays where it is has tests of its own.
LEADS: Mapping[str, Mapping[str, str]] = {
    "proposed": {"withdraw": "withdrawn"},
    "planning": {"withdraw": "withdrawn"},
    "awaiting_approval": {
        "approve": "running",
        "reject": "rejected",
        "withdraw": "withdrawn",
        "skip": "awaiting_approval",
    },
    "scheduled": {"approve": "scheduled", "withdraw": "withdrawn", "hold": "held", "skip": "scheduled"},
    "running": {
        "approve": "running",
        "hold": "held",
        "skip": "running",
        "retry": "!nothing-to-do",
        "undo": "rolling_back",
        "undo the canary": "!nothing-to-do",
    },
    "baking": {
        "approve": "baking",
        "hold": "held",
        "skip": "baking",
        "retry": "!nothing-to-do",
        "undo": "rolling_back",
        "undo the canary": "rolling_back",
        "undo a device": "rolling_back",
    },
    "held": {
        "approve": "held",
        "withdraw": "!started",
        "resume": "running",
        "skip": "held",
        "retry": "!nothing-to-do",
        "undo": "rolling_back",
        "undo the canary": "!nothing-to-do",
    },
    "halting": {"approve": "halting", "skip": "halting"},
    "halted": {
        "approve": "halted",
        "withdraw": "!started",
        "resume": "!still-halted",
        "skip": "halted",
        "retry": "halted",
        "undo": "rolled_back",
        "undo the canary": "!nothing-to-do",
    },
    "rolling_back": {"skip": "rolling_back", "undo": "rolling_back", "undo the canary": "!nothing-to-do"},
    "rollback_failed": {
        "skip": "rollback_failed",
        "undo": "rolling_back",
        "undo the canary": "rolling_back",
        "undo a device": "rolling_back",
    },
    "completed": {
        "retry": "!nothing-to-do",
        "undo": "rolling_back",
        "undo the canary": "rolling_back",
        "undo a device": "rolling_back",
    },
    "rolled_back": {},
    "rejected": {},
    "withdrawn": {},
    "expired": {},
}


def test_the_table_has_every_state() -> None:
    assert set(LEADS) == {state.value for state in RolloutState}


@pytest.mark.parametrize("state", LEADS)
@pytest.mark.parametrize(("who", "command"), ASKED.values(), ids=ASKED)
def test_what_comes_of_a_command(
    who: str, command: Callable[[Any], Command], state: str, bring: Bring, drill: Any, request: pytest.FixtureRequest
) -> None:
    bring(state)
    assert drill.standing == state
    name = request.node.callspec.id.removesuffix(f"-{state}")
    wanted = LEADS[state].get(name, "!wrong-state")
    before = drill.rollout
    code = drill.refused(who, command(drill))
    assert f"!{code}" == wanted if code else drill.standing == wanted
    assert not code or drill.rollout == before, "what is refused changes nothing"


@pytest.mark.parametrize("state", LEADS)
def test_who_is_no_operator_decides_nothing_in_any_state(state: str, bring: Bring, drill: Any) -> None:
    bring(state)
    for who in ("ann", "pipe", "root", "coordinator"):
        for name, (_, command) in ASKED.items():
            if name != "withdraw":
                assert drill.refused(who, command(drill)) == "not-allowed", f"{name} of {who}"
    assert drill.standing == state
