"""Changes, requests, replays, host keys: what follows, and why they are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from automation.rollout.commands import rollout_id
from automation.rollout.decision import LookupFailed, TargetsFound
from events import commands, facts

BUNDLE = "sha256:" + "b" * 64
OTHER = "sha256:" + "c" * 64
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE"
LOST = LookupFailed(code="bad-change", why="change.yaml line 3: no title")

Bring = Callable[[str], None]


# Submitting and requesting


def test_a_submitted_change_is_known_with_all_who_submitted_it(drill: Any) -> None:
    drill.submit("ann")
    drill.submit("pipe")
    known = drill.state.changes[BUNDLE]
    assert (known.title, known.team, known.authors) == ("Another NTP server", "netauto", {"ann", "pipe"})


def test_a_change_of_another_team_is_not_submitted(drill: Any, build: Any) -> None:
    code = drill.refused("ann", commands.SubmitChange(bundle=BUNDLE), build.change(team="wifi"))
    assert (code, dict(drill.state.changes)) == ("wrong-team", {})


def test_a_rollout_is_proposed_with_everything_that_was_found(drill: Any, build: Any) -> None:
    drill.submit("ann")
    drill.submit("pipe")
    found = TargetsFound(change=build.change(task=OTHER), inventory=build.INVENTORY, targets=build.twins(600))
    (proposed, *frozen) = drill.ask("pipe", commands.RequestRollout(change=BUNDLE, reason="audit"), found, "c-req")
    assert isinstance(proposed, facts.RolloutProposed)
    assert (proposed.rollout, proposed.authors, proposed.requester) == (rollout_id("c-req"), ("ann", "pipe"), "pipe")
    assert (proposed.task, proposed.inventory, proposed.count) == (OTHER, build.INVENTORY, 1200)
    assert tuple(target for fact in frozen for target in fact.targets) == build.twins(600)
    assert len(frozen) == 3, "a fact is bounded"
    drill.rid = proposed.rollout
    assert drill.rollout.authors == {"ann", "pipe"}
    assert drill.standing == "planning"


def test_the_name_of_a_rollout_follows_from_the_command() -> None:
    names = {rollout_id(f"c-{number}") for number in range(1000)}
    assert len(names) == 1000
    assert rollout_id("c-1") == rollout_id("c-1")
    assert {len(name) for name in names} == {10}


def _found(build: Any, **given: Any) -> TargetsFound:
    return TargetsFound(
        **({"change": build.change(), "inventory": build.INVENTORY, "targets": build.singles(1)} | given)
    )


REQUESTS: dict[str, tuple[str, Callable[[Any], object], str]] = {
    "of a change that nobody submitted": ("nothing", _found, "unknown-change"),
    "of a change that cannot be read": ("submitted", lambda _: LOST, "bad-change"),
    "over nothing": ("submitted", lambda build: _found(build, targets=()), "empty"),
    "that nobody would have to approve": (
        "submitted",
        lambda build: _found(build, change=build.change(approvals=())),
        "empty",
    ),
}


@pytest.mark.parametrize(("given", "looked", "code"), REQUESTS.values(), ids=REQUESTS)
def test_no_rollout_is_requested(given: str, looked: Any, code: str, bring: Bring, drill: Any, build: Any) -> None:
    bring(given)
    assert drill.refused("ann", commands.RequestRollout(change=BUNDLE), looked(build)) == code
    assert not drill.state.rollouts


def test_a_change_that_cannot_be_read_is_not_submitted(drill: Any) -> None:
    assert drill.refused("ann", commands.SubmitChange(bundle=BUNDLE), LOST) == "bad-change"


def test_a_rollout_that_exists_is_never_proposed_anew(bring: Bring, drill: Any, build: Any) -> None:
    # Given a rollout, and a command whose id has the same name by bad luck or design
    bring("awaiting_approval")
    drill.state = drill.state.__class__(
        **{name: getattr(drill.state, name) for name in drill.state.__slots__}
        | {"rollouts": drill.state.rollouts.set(rollout_id("c-evil"), drill.rollout)}
    )
    contents, drill.contents = drill.contents, []
    assert drill.refused("ann", commands.RequestRollout(change=BUNDLE), _found(build), "c-evil") == "id-taken"
    # The state was forged for this, so that the history is not the state's any more.
    drill.__dict__.update(state=build.replay(drill.log, contents), contents=contents)


# Replays


def test_a_request_that_is_replayed_meets_its_rollout(drill: Any, build: Any) -> None:
    drill.submit()
    request = commands.RequestRollout(change=BUNDLE)
    drill.ask("ann", request, _found(build), "c-req")
    (refused,) = drill.ask("ann", request, None, "c-req")
    assert isinstance(refused, facts.CommandRefused)
    assert (refused.code, refused.authentic) == ("replayed", True)
    assert f"it made rollout {rollout_id('c-req')}, which is planning" in refused.reason
    assert len(drill.state.rollouts) == 1


def test_any_command_counts_once_also_when_it_was_refused(bring: Bring, drill: Any) -> None:
    bring("held")
    resume = commands.ResumeRollout(rollout=drill.rid)
    drill.ask("olga", resume, name="c-go")
    drill.ask("olga", commands.HoldRollout(rollout=drill.rid, reason="again"), name="c-hold")
    assert drill.refused("olga", resume, name="c-go") == "replayed"
    assert drill.refused("olga", commands.HoldRollout(rollout="r-x", reason="x"), name="c-x") == "unknown-rollout"
    assert drill.refused("olga", commands.HoldRollout(rollout=drill.rid, reason="x"), name="c-x") == "replayed"
    assert drill.standing == "held"


def test_what_nobody_is_known_to_have_asked_uses_no_id_up(bring: Bring, drill: Any) -> None:
    bring("running")
    hold = commands.HoldRollout(rollout=drill.rid, reason="x")
    assert drill.refused("ann", hold, name="c-x") == "not-allowed"
    assert drill.refused("olga", hold, name="c-x") == ""


# Host keys


def test_host_keys_are_recorded_added_and_replaced(drill: Any) -> None:
    record = commands.RecordHostKeys(device="d-1", keys=(HOST_KEY,))
    assert drill.refused("olga", record) == ""
    assert drill.refused("olga", record.model_copy(update={"reason": "again"})) == "", "the same keys once more"
    other = commands.RecordHostKeys(device="d-1", keys=("ssh-rsa BBBB",))
    assert drill.refused("root", other) == "host-key-known"
    assert drill.refused("root", other.model_copy(update={"replace": True})) == ""
    assert drill.state.host_keys["d-1"] == ("ssh-rsa BBBB",)


def test_orders_carry_the_host_keys_of_the_device_and_of_its_jump_host(drill: Any, build: Any) -> None:
    for name, key in (("s000-r1", "ssh-rsa DEVICE"), ("jump", "ssh-rsa JUMP")):
        drill.ask("olga", commands.RecordHostKeys(device=name, keys=(key,)))
    drill.submit()
    drill.request([build.target("s000-r1", "s000", via="jump")])
    assert drill.order("s000-r1").host_keys == ("ssh-rsa DEVICE",)
    assert drill.order("s000-r1").via_host_keys == ("ssh-rsa JUMP",)
