"""What a worker checks for itself before it writes, whoever gave it the order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from automation.push.work import ForbiddenError
from events.authority import Authority
from events.commands import ApprovePlan, HoldRollout, RollBack
from events.control import (
    ApprovalRevoked,
    Control,
    HaltLifted,
    HaltRaised,
    KeyEntry,
    KeyRegistered,
    KeyRevoked,
    LogFounded,
    Role,
    Subject,
)
from events.orders import PushDevice, RollBackDevice
from events.plans import ApprovalWanted, Plan, digest
from events.signing import COMMAND, CONTROL, Signer, log_name, seal
from workers.device.permission import check_authority, check_halts

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HASH = "sha256:" + "1" * 64
ROLLOUT = Subject(kind="rollout", name="r-1")
SUBJECTS = (ROLLOUT, Subject(kind="site", name="s-1"), Subject(kind="device", name="d-1"))


@dataclass
class Rules:
    """Control as a worker has read it."""

    root: Signer = field(default_factory=Signer.generate)
    operator: Signer = field(default_factory=Signer.generate)
    second: Signer = field(default_factory=Signer.generate)
    count: int = 0

    def __post_init__(self) -> None:
        self.authority = Authority(log=self.log)
        root = KeyEntry(public=self.root.public, name="root", team="security", roles=(Role.ADMIN,))
        self.note(LogFounded(root=root, at=NOW))
        for name, signer in (("olga", self.operator), ("otto", self.second)):
            entry = KeyEntry(
                public=signer.public, name=name, team="ops", areas=("network-ops",), roles=(Role.OPERATOR,)
            )
            self.note(KeyRegistered(key=entry))

    @property
    def log(self) -> str:
        return log_name(self.root.public)

    def note(self, message: Control, by: Signer | None = None) -> str:
        self.count += 1
        identity = f"control-{self.count}"
        signed = seal(by or self.root, CONTROL, message, log=self.log, id=identity, expires=NOW)
        self.authority, _ = self.authority.read(self.authority.position, signed)
        return identity

    def plan(self, count: int = 1, authors: tuple[str, ...] = ("ann",)) -> Plan:
        return Plan(
            log=self.log,
            rollout="r-1",
            change=HASH,
            title="t",
            ticket="T-1",
            team="netauto",
            authors=authors,
            inventory=HASH,
            approvals=(ApprovalWanted(area="network-ops", count=count),),
            devices=(),
            waves=(),
        )

    def approval(self, plan: Plan, /, by: Signer | None = None, **changed: object) -> str:
        content = {
            "rollout": "r-1",
            "plan": digest(plan.sealed()),
            "area": "network-ops",
            "until": NOW + timedelta(hours=1),
        }
        signer = by or self.operator
        message = ApprovePlan.model_validate(content | changed)
        return seal(signer, COMMAND, message, log=self.log, id=f"a-{signer.key_id}", expires=NOW)

    def push(self, plan: Plan, *approvals: str, control: int | None = None) -> PushDevice:
        return PushDevice(
            id="r-1.d-1.1",
            rollout="r-1",
            change=HASH,
            device="d-1",
            site="s-1",
            control=self.authority.position if control is None else control,
            plan=digest(plan.sealed()),
            approvals=approvals,
        )

    def roll_back(self, authority: str) -> RollBackDevice:
        return RollBackDevice(
            id="r-1.d-1.2",
            rollout="r-1",
            change=HASH,
            device="d-1",
            site="s-1",
            control=self.authority.position,
            plan=HASH,
            authority=authority,
            before="secret-" + "2" * 64,
            after="hmac:" + "3" * 64,
        )


@pytest.fixture
def rules() -> Rules:
    return Rules()


def test_an_approved_plan_may_be_pushed(rules: Rules) -> None:
    plan = rules.plan()
    signed = rules.approval(plan, accept_no_undo=("d-1",), save_foreign=True)
    granted = check_authority(rules.authority, rules.push(plan, signed), plan, NOW)
    assert granted.accept_no_undo == {"d-1"}
    assert granted.save_foreign


def _nobody(_rules: Rules, _plan: Plan) -> list[str]:
    return []


def _another_plan(rules: Rules, plan: Plan) -> list[str]:
    return [rules.approval(plan, plan=HASH)]


def _another_rollout(rules: Rules, plan: Plan) -> list[str]:
    return [rules.approval(plan, rollout="r-2")]


def _run_out(rules: Rules, plan: Plan) -> list[str]:
    return [rules.approval(plan, until=NOW)]


def _a_stranger(rules: Rules, plan: Plan) -> list[str]:
    return [rules.approval(plan, by=Signer.generate())]


def _no_operator(rules: Rules, plan: Plan) -> list[str]:
    return [rules.approval(plan, by=rules.root)]


def _another_area(rules: Rules, plan: Plan) -> list[str]:
    return [rules.approval(plan, area="unix-ops")]


def _something_else(rules: Rules, _plan: Plan) -> list[str]:
    message = HoldRollout(rollout="r-1", reason="x")
    return [seal(rules.operator, COMMAND, message, log=rules.log, id="h-1", expires=NOW)]


def _revoked(rules: Rules, plan: Plan) -> list[str]:
    signed = rules.approval(plan)
    rules.note(ApprovalRevoked(rollout="r-1", approval=f"a-{rules.operator.key_id}", reason="no"), by=rules.operator)
    return [signed]


def _by_a_revoked_key(rules: Rules, plan: Plan) -> list[str]:
    signed = rules.approval(plan)
    rules.note(KeyRevoked(key=rules.operator.key_id, reason="lost"))
    return [signed]


def _altered(rules: Rules, plan: Plan) -> list[str]:
    head, body, signature = rules.approval(plan).split(".")
    return [f"{head}.{body}.{'A' * len(signature)}"]


@pytest.mark.parametrize(
    ("approvals", "why"),
    [
        pytest.param(_nobody, "needs 1, 0 count", id="nobody approved"),
        pytest.param(_another_plan, "not to this one", id="another plan was approved"),
        pytest.param(_another_rollout, "not to this one", id="another rollout was approved"),
        pytest.param(_run_out, "ran out", id="the approval has run out"),
        pytest.param(_a_stranger, "not registered", id="a stranger signed"),
        pytest.param(_no_operator, "is for operator", id="it was not theirs to give"),
        pytest.param(_another_area, "may not decide for area", id="it is another area's"),
        pytest.param(_something_else, "no approval", id="it is no approval"),
        pytest.param(_revoked, "was revoked", id="it was revoked"),
        pytest.param(_by_a_revoked_key, "not registered, or was revoked", id="the key was revoked"),
        pytest.param(_altered, "signature", id="the signature is altered"),
    ],
)
def test_a_worker_refuses_what_was_not_approved(
    rules: Rules, approvals: Callable[[Rules, Plan], list[str]], why: str
) -> None:
    plan = rules.plan()
    order = rules.push(plan, *approvals(rules, plan))
    with pytest.raises(ForbiddenError, match=why):
        check_authority(rules.authority, order, plan, NOW)


def test_an_authors_own_approval_does_not_count(rules: Rules) -> None:
    plan = rules.plan(authors=("ann", "olga"))
    with pytest.raises(ForbiddenError, match="author of this change"):
        check_authority(rules.authority, rules.push(plan, rules.approval(plan)), plan, NOW)


def test_one_person_twice_is_one_person(rules: Rules) -> None:
    plan = rules.plan(count=2)
    once = rules.approval(plan)
    with pytest.raises(ForbiddenError, match="needs 2, 1 count"):
        check_authority(rules.authority, rules.push(plan, once, once), plan, NOW)
    both = rules.push(plan, once, rules.approval(plan, by=rules.second))
    assert not check_authority(rules.authority, both, plan, NOW).save_foreign


@pytest.mark.parametrize("subject", [*SUBJECTS, Subject(kind="all")], ids=str)
def test_a_halt_on_any_of_its_subjects_stops_a_push(rules: Rules, subject: Subject) -> None:
    plan = rules.plan()
    order = rules.push(plan)
    check_halts(rules.authority, order, SUBJECTS)
    rules.note(HaltRaised(subjects=(subject,), reason="war room"), by=rules.operator)
    with pytest.raises(ForbiddenError, match=r"olga halted .*: war room"):
        check_halts(rules.authority, order, SUBJECTS)


def test_a_halt_on_something_else_stops_nothing(rules: Rules) -> None:
    rules.note(HaltRaised(subjects=(Subject(kind="rollout", name="r-2"),), reason="x"), by=rules.operator)
    check_halts(rules.authority, rules.push(rules.plan()), SUBJECTS)


def test_an_order_released_before_a_halt_is_given_back_after_it_was_lifted(rules: Rules) -> None:
    order = rules.push(rules.plan())
    halt = rules.note(HaltRaised(subjects=(ROLLOUT,), reason="x"), by=rules.operator)
    rules.note(HaltLifted(halt=halt), by=rules.operator)
    with pytest.raises(ForbiddenError, match="after the order was released"):
        check_halts(rules.authority, order, SUBJECTS)
    check_halts(rules.authority, rules.push(rules.plan()), SUBJECTS)


def test_two_halt_one_lifts_and_it_is_still_halted(rules: Rules) -> None:
    first = rules.note(HaltRaised(subjects=(ROLLOUT,), reason="mine"), by=rules.operator)
    rules.note(HaltRaised(subjects=(ROLLOUT,), reason="mine too"), by=rules.second)
    rules.note(HaltLifted(halt=first), by=rules.operator)
    with pytest.raises(ForbiddenError, match="mine too"):
        check_halts(rules.authority, rules.push(rules.plan()), SUBJECTS)


def test_a_worker_that_has_read_less_than_the_coordinator_does_not_write(rules: Rules) -> None:
    order = rules.push(rules.plan(), control=rules.authority.position + 1)
    with pytest.raises(ForbiddenError, match="was read to"):
        check_halts(rules.authority, order, SUBJECTS)


def test_an_undo_goes_on_under_the_halt_that_it_follows_but_not_under_a_new_one(rules: Rules) -> None:
    rules.note(HaltRaised(subjects=(ROLLOUT,), reason="it hurts"), by=rules.operator)
    undo = rules.roll_back("x.y.z")
    check_halts(rules.authority, undo, SUBJECTS)
    rules.note(HaltRaised(subjects=(ROLLOUT,), reason="the undo hurts too"), by=rules.operator)
    with pytest.raises(ForbiddenError, match="the undo hurts too"):
        check_halts(rules.authority, undo, SUBJECTS)


def test_a_roll_back_needs_an_operators_word_for_this_rollout(rules: Rules) -> None:
    def word(rollout: str, by: Signer) -> str:
        message = RollBack(rollout=rollout, reason="x")
        return seal(by, COMMAND, message, log=rules.log, id="b-1", expires=NOW)

    plan = rules.plan()
    assert check_authority(rules.authority, rules.roll_back(word("r-1", rules.operator)), plan, NOW).save_foreign
    for signed, why in ((word("r-2", rules.operator), "something else"), (word("r-1", rules.root), "is for operator")):
        with pytest.raises(ForbiddenError, match=why):
            check_authority(rules.authority, rules.roll_back(signed), plan, NOW)


@pytest.mark.parametrize(
    ("subject", "revert", "counts"),
    [
        pytest.param(ROLLOUT, True, True, id="a halt with --revert on this rollout"),
        pytest.param(Subject(kind="all"), True, True, id="a halt with --revert on everything"),
        pytest.param(ROLLOUT, False, False, id="a halt without --revert"),
        pytest.param(Subject(kind="rollout", name="r-2"), True, False, id="a halt on another rollout"),
    ],
)
def test_a_halt_with_revert_is_such_a_word(rules: Rules, subject: Subject, revert: bool, counts: bool) -> None:
    message = HaltRaised(subjects=(subject,), reason="x", revert=revert)
    signed = seal(rules.operator, CONTROL, message, log=rules.log, id="h-1", expires=NOW)
    order, plan = rules.roll_back(signed), rules.plan()
    if counts:
        assert check_authority(rules.authority, order, plan, NOW).save_foreign
    else:
        with pytest.raises(ForbiddenError, match="something else"):
            check_authority(rules.authority, order, plan, NOW)
