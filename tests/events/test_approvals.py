"""Approvals that hold and that do not, and what else somebody signed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import commands
from events.authority import Authority
from events.commands import ApprovePlan, HoldRollout
from events.control import (
    ApprovalRevoked,
    HaltRaised,
    KeyRegistered,
    KeyRevoked,
    LogFounded,
    Role,
    Subject,
)
from events.plans import ApprovalWanted, Plan, digest
from events.signing import COMMAND, key_id, seal

DIGEST = "sha256:" + "0" * 64
HOLD = HoldRollout(rollout="r-1", reason="lunch")
ROLL_BACK = commands.RollBack(rollout="r-1", reason="no")


# Approvals


@pytest.fixture
def plan(realm: Any) -> Plan:
    return Plan(
        log=realm.log,
        rollout="r-1",
        change=DIGEST,
        title="NTP",
        ticket="NET-1",
        team="netauto",
        authors=("ann", "eva"),
        inventory=DIGEST,
        approvals=(ApprovalWanted(area="noc"),),
        devices=(),
        waves=(),
    )


def approval(realm: Any, who: str = "olga", **given: Any) -> str:
    """A signed approval; of the plan ``given['of']``."""
    of: Plan = given.pop("of")
    plain = {"rollout": of.rollout, "plan": digest(of.sealed()), "area": "noc", "until": realm.now + timedelta(hours=8)}
    signed: str = realm.command(who, ApprovePlan(**(plain | given)), name="c-app")
    return signed


def judged(realm: Any, plan: Plan, signed: str, after: timedelta = timedelta(0)) -> Any:
    return realm.code_of(lambda: realm.authority.approval(signed, plan, digest(plan.sealed()), realm.now + after))


def test_an_approval_counts_also_when_its_envelope_has_expired(realm: Any, plan: Plan) -> None:
    signed = approval(realm, of=plan)
    message, author = realm.authority.approval(signed, plan, digest(plan.sealed()), realm.now + timedelta(hours=7))
    assert (message.area, author.name) == ("noc", "olga")


def test_an_approval_runs_out(realm: Any, plan: Plan) -> None:
    signed = approval(realm, of=plan)
    assert judged(realm, plan, signed, timedelta(hours=8)) == "approval-expired"


OTHERS: dict[str, Callable[[Plan], Plan]] = {
    "other devices": lambda plan: plan.model_copy(update={"waves": (("d-1",),)}),
    "another rollout": lambda plan: plan.model_copy(update={"rollout": "r-2"}),
    "another change": lambda plan: plan.model_copy(update={"change": "sha256:" + "1" * 64}),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_an_approval_is_given_to_one_plan_alone(realm: Any, plan: Plan, other: Callable[[Plan], Plan]) -> None:
    assert judged(realm, plan, approval(realm, of=other(plan))) == "stale-plan"


def test_an_approval_of_this_plan_in_another_rollouts_name_is_stale(realm: Any, plan: Plan) -> None:
    assert judged(realm, plan, approval(realm, of=plan, rollout="r-2")) == "stale-plan"


def test_nobody_approves_what_they_wrote(realm: Any, plan: Plan) -> None:
    realm.register("eva", Role.ENGINEER, Role.OPERATOR, areas=("noc",))
    assert judged(realm, plan, approval(realm, "eva", of=plan)) == "own-change"


def test_an_approver_decides_for_their_areas_alone(realm: Any, plan: Plan) -> None:
    assert judged(realm, plan, approval(realm, of=plan, area="unix")) == "wrong-area"


def test_an_engineer_approves_nothing(realm: Any, plan: Plan) -> None:
    assert judged(realm, plan, approval(realm, "ann", of=plan)) == "not-allowed"


def test_another_command_is_no_approval(realm: Any, plan: Plan) -> None:
    assert judged(realm, plan, realm.command("olga", HOLD)) == "no-approval"


LOST: dict[str, tuple[Callable[[Any], object], str]] = {
    "the approval is revoked": (
        lambda realm: realm.note("omar", ApprovalRevoked(rollout="r-1", approval="c-app", reason="wait")),
        "revoked",
    ),
    "the key is revoked": (
        lambda realm: realm.note("root", KeyRevoked(key=realm.key("olga").key_id, reason="left")),
        "unknown-key",
    ),
    "the key loses its role": (lambda realm: realm.register("olga", Role.ENGINEER, areas=("noc",)), "not-allowed"),
    "the key loses its area": (lambda realm: realm.register("olga", Role.OPERATOR, areas=("unix",)), "wrong-area"),
    "the key gets an author's name": (
        lambda realm: realm.register("olga", Role.OPERATOR, areas=("noc",), name="ann"),
        "own-change",
    ),
}


@pytest.mark.parametrize(("lose", "code"), LOST.values(), ids=LOST)
def test_an_approval_is_lost_with_what_it_stands_on(
    realm: Any, plan: Plan, lose: Callable[[Any], object], code: str
) -> None:
    signed = approval(realm, of=plan)
    assert judged(realm, plan, signed) == ""
    lose(realm)
    assert judged(realm, plan, signed) == code


def test_an_approval_can_be_revoked_before_anybody_has_seen_it(realm: Any, plan: Plan) -> None:
    realm.note("olga", ApprovalRevoked(rollout="r-1", approval="c-app", reason="typo"))
    assert judged(realm, plan, approval(realm, of=plan)) == "revoked"


# What somebody signed


def test_a_word_holds_beyond_its_expiry_and_not_beyond_its_key(realm: Any) -> None:
    signed = realm.command("olga", commands.RollBack(rollout="r-1", reason="no"), valid=timedelta(days=-30))
    message, author = realm.authority.word(signed)
    assert (message.wire, author.name) == ("RollBack", "olga")
    realm.note("root", KeyRevoked(key=realm.key("olga").key_id, reason="left"))
    assert realm.code_of(lambda: realm.authority.word(signed)) == "unknown-key"


def test_a_halt_is_a_word_too(realm: Any) -> None:
    message, author = realm.authority.word(
        realm.record("olga", HaltRaised(subjects=(Subject(kind="all"),), reason="x", revert=True))
    )
    assert (type(message), author.name) == (HaltRaised, "olga")


NO_WORDS: dict[str, tuple[Callable[[Any], str], str]] = {
    "of nobody": (lambda _: "words", "unsigned"),
    "of a stranger": (lambda realm: realm.command("eve", ROLL_BACK), "unknown-key"),
    "of somebody who may not": (lambda realm: realm.command("ann", ROLL_BACK), "not-allowed"),
    "for another log": (
        lambda realm: seal(realm.key("olga"), COMMAND, ROLL_BACK, log="log-2", id="c", expires=realm.now),
        "wrong-log",
    ),
}


@pytest.mark.parametrize(("sign", "code"), NO_WORDS.values(), ids=NO_WORDS)
def test_what_is_no_word(realm: Any, sign: Callable[[Any], str], code: str) -> None:
    assert realm.code_of(lambda: realm.authority.word(sign(realm))) == code


def test_every_process_folds_the_same_authority(realm: Any, make_realm: Any) -> None:
    # Given the same records, read by somebody else
    records = [
        ("root", LogFounded(root=realm.entry("root", Role.ADMIN), at=realm.now)),
        ("root", KeyRegistered(key=realm.entry("olga", Role.OPERATOR, areas=("noc",)))),
        ("olga", HaltRaised(subjects=(Subject(kind="all"),), reason="x")),
    ]
    one, other = make_realm(), make_realm()
    for number, (who, message) in enumerate(records):
        signed = realm.record(who, message, f"k-{number}")
        one.read(signed)
        other.read(signed)
    assert one.authority == other.authority
    assert isinstance(one.authority, Authority)
    assert key_id(realm.key("olga").public) in one.authority.keys
