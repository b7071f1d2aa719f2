"""A worker believes no order: without what people signed for this plan it writes nothing, whoever gave it the order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events import commands
from events.control import ApprovalRevoked, HaltLifted, HaltRaised, KeyEntry, KeyRegistered, KeyRevoked, Role, Subject
from events.orders import PushDevice, RollBackDevice, Unresolved
from events.plans import address_of
from events.reports import OrderReturned, Outcome, PushRefused, PushUnknown, PushVerified
from events.signing import COMMAND, Signer, seal
from events.values import Cause, UndoRank
from workers.control_watch import read_control

DEVICE = "store-001-sw1"
ADDED = "ntp server 10.0.0.2"
HASH = "sha256:" + "7" * 64


@dataclass
class Forge:
    """An installation with a plan and a worker, and nobody else: whoever can write to the log gives it its orders."""

    world: Any
    worker: Any
    rollout: str
    plan: str
    count: int = 0

    def approval(self, by: Signer | None = None, **changed: object) -> str:
        """An approval as it is signed, of this plan unless something is changed."""
        self.count += 1
        content: dict[str, object] = {
            "rollout": self.rollout,
            "plan": self.plan,
            "area": "network-ops",
            "until": datetime.now(UTC) + timedelta(hours=1),
        }
        message = commands.ApprovePlan.model_validate(content | changed)
        signer = by or self.world.operator.client.signer
        expires = datetime.now(UTC) + timedelta(hours=1)
        return seal(signer, COMMAND, message, log=self.world.name, id=f"forged-{self.count}", expires=expires)

    def order(self, *approvals: str, **changed: object) -> PushDevice:
        content: dict[str, object] = {
            "id": f"forged-order-{self.count}",
            "rollout": self.rollout,
            "change": self.world.rollout(self.rollout).change,
            "device": DEVICE,
            "site": "store-001",
            "control": self.world.state().authority.position,
            "plan": self.plan,
            "approvals": approvals,
        }
        return PushDevice.model_validate(content | changed)

    def give(self, order: Any) -> Outcome:
        """Puts an order into the log, once the worker has read control, and waits for what it makes of it."""
        end = read_control(self.world.log, self.world.name).position
        self.world.until(lambda: self.worker.office.control.authority.position >= end)
        self.world.order(order)

        def outcome() -> Outcome | None:
            found = (report for report in self.world.reports() if report.order == order.id)
            return next((report for report in found if isinstance(report, Outcome)), None)

        self.world.until(outcome)
        ended = outcome()
        assert ended is not None
        return ended

    @property
    def touched(self) -> list[str]:
        """What was done to the device since it was planned."""
        return list(self.world.devices[DEVICE].journal)


@pytest.fixture
def forge(make_quick_world: Any) -> Forge:
    world = make_quick_world(sites=1)
    coordinator = world.coordinator()
    worker = world.worker()
    rollout = world.request(world.submit())
    plan = world.await_state(rollout, "awaiting_approval").plan
    coordinator.stop()
    world.until(lambda: not coordinator.active)
    for device in world.devices.values():
        device.journal.clear()
    return Forge(world, worker, rollout, plan)


def test_with_an_approval_of_this_plan_it_is_carried_out(forge: Forge) -> None:
    outcome = forge.give(forge.order(forge.approval()))
    assert isinstance(outcome, PushVerified)
    assert forge.world.devices[DEVICE].running.get(ADDED) is not None


def _none(_forge: Forge) -> tuple[str, ...]:
    return ()


def _tampered(forge: Forge) -> tuple[str, ...]:
    head, body, signature = forge.approval().split(".")
    other = forge.approval(note="something else").split(".")[1]
    assert body != other
    return (f"{head}.{other}.{signature}",)


def _run_out(forge: Forge) -> tuple[str, ...]:
    return (forge.approval(until=datetime.now(UTC) - timedelta(seconds=1)),)


def _revoked(forge: Forge) -> tuple[str, ...]:
    signed = forge.approval()
    message = ApprovalRevoked(rollout=forge.rollout, approval=f"forged-{forge.count}", reason="no")
    forge.world.operator.client.control(message)
    return (signed,)


def _revoked_key(forge: Forge) -> tuple[str, ...]:
    leaver = forge.world.person("leo", Role.OPERATOR, areas=("network-ops",))
    signed = forge.approval(by=leaver.client.signer)
    admin = forge.world.person("ada", Role.ADMIN)
    admin.client.control(KeyRevoked(key=leaver.client.signer.key_id, reason="left"))
    return (signed,)


def _authors(forge: Forge) -> tuple[str, ...]:
    # The author of the change got an operator's key too, since it was planned.
    both = Signer.generate()
    entry = KeyEntry(public=both.public, name="ann", team="ops", areas=("network-ops",), roles=(Role.OPERATOR,))
    forge.world.person("ada", Role.ADMIN).client.control(KeyRegistered(key=entry))
    return (forge.approval(by=both),)


def _other_plan(forge: Forge) -> tuple[str, ...]:
    return (forge.approval(plan=HASH),)


def _stranger(forge: Forge) -> tuple[str, ...]:
    return (forge.approval(by=Signer.generate()),)


def _engineers(forge: Forge) -> tuple[str, ...]:
    return (forge.approval(by=forge.world.person("eve", Role.ENGINEER).client.signer),)


@pytest.mark.parametrize(
    ("approvals", "why"),
    [
        pytest.param(_none, "needs 1, 0 count", id="none"),
        pytest.param(_tampered, "the signature does not match", id="tampered with"),
        pytest.param(_run_out, "ran out", id="run out"),
        pytest.param(_revoked, "was revoked", id="revoked"),
        pytest.param(_revoked_key, "not registered, or was revoked", id="by a revoked key"),
        pytest.param(_authors, "ann is an author of this change", id="by the author"),
        pytest.param(_other_plan, "not to this one", id="of another plan"),
        pytest.param(_stranger, "not registered", id="by a stranger"),
        pytest.param(_engineers, "is for operator", id="by somebody who may not"),
    ],
)
def test_without_one_that_counts_the_device_is_not_even_opened(
    forge: Forge, approvals: Callable[[Forge], tuple[str, ...]], why: str
) -> None:
    signed = approvals(forge)
    outcome = forge.give(forge.order(*signed))
    assert isinstance(outcome, OrderReturned)
    assert outcome.reason.cause is Cause.APPROVAL_INVALID
    assert why in outcome.reason.detail
    assert forge.touched == []


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"rollout": "r-unhalted"}, id="by the name of another rollout"),
        pytest.param({"change": HASH}, id="with another change"),
    ],
)
def test_an_approval_does_not_serve_for_something_else(forge: Forge, changed: dict[str, str]) -> None:
    outcome = forge.give(forge.order(forge.approval(), **changed))
    assert isinstance(outcome, OrderReturned)
    assert "the order is for" in outcome.reason.detail
    assert forge.touched == []


def test_an_order_that_says_another_site_does_not_pass_under_that_site_s_halt(forge: Forge) -> None:
    outcome = forge.give(forge.order(forge.approval(), site="store-999"))
    assert isinstance(outcome, PushRefused)
    assert "its plan at store-001" in outcome.reason.detail
    assert forge.touched == []


def test_a_device_that_is_not_in_the_approved_plan_is_left_alone(forge: Forge) -> None:
    outcome = forge.give(forge.order(forge.approval(), device="store-001-sw9"))
    assert isinstance(outcome, PushRefused)
    assert outcome.reason.cause is Cause.NOT_IN_INVENTORY
    assert forge.touched == []


def test_a_plan_whose_bytes_are_not_what_was_approved_is_not_opened(forge: Forge) -> None:
    # Given a plan that somebody with access to the store wrote over
    (path,) = forge.world.folder.rglob(f"*{address_of(forge.plan)[-40:]}*")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[::-1])
    # When a worker that has not read it yet is given the order
    outcome = forge.give(forge.order(forge.approval()))
    # Then it says what is missing, and writes nothing
    assert not isinstance(outcome, PushVerified)
    assert outcome.model_dump()["reason"]["cause"] == Cause.CHANGE_MISSING
    assert forge.touched == []


@pytest.mark.parametrize("kind", ["rollout", "site", "device", "credential", "all"])
def test_an_approved_order_is_given_back_under_a_halt_on_any_of_its_subjects(forge: Forge, kind: str) -> None:
    names = {"rollout": forge.rollout, "site": "store-001", "device": DEVICE, "credential": "lab", "all": ""}
    subject = Subject(kind=kind, name=names[kind]) if names[kind] else Subject(kind="all")
    order = forge.order(forge.approval())
    forge.world.operator.client.control(HaltRaised(subjects=(subject,), reason="war room"))
    outcome = forge.give(order)
    assert isinstance(outcome, OrderReturned)
    assert outcome.reason.cause is Cause.HALTED
    assert "war room" in outcome.reason.detail
    assert not any(step.startswith("commit") for step in forge.touched)


def test_a_halt_that_was_lifted_again_sends_back_what_was_released_before_it(forge: Forge) -> None:
    # Given an order, and a halt that came after it and stands no longer
    order = forge.order(forge.approval())
    operator = forge.world.operator.client
    halt = operator.control(HaltRaised(subjects=(Subject(kind="site", name="store-001"),), reason="war room"))
    operator.control(HaltLifted(halt=halt))
    # Then whoever decides may release it anew, but it is not carried out as if nothing had been
    outcome = forge.give(order)
    assert isinstance(outcome, OrderReturned)
    assert outcome.reason.cause is Cause.HALTED
    assert "lifted, after the order was released" in outcome.reason.detail
    assert not any(step.startswith("commit") for step in forge.touched)
    # And one that is released after it is
    now = read_control(forge.world.log, forge.world.name).position
    assert isinstance(forge.give(forge.order(forge.approval(), control=now)), PushVerified)


def test_an_order_that_refers_to_control_nobody_has_read_waits_for_it_and_is_given_back(forge: Forge) -> None:
    order = forge.order(forge.approval(), control=forge.world.state().authority.position + 1_000)
    outcome = forge.give(order)
    assert isinstance(outcome, OrderReturned)
    assert outcome.reason.cause is Cause.CONTROL_UNREAD
    assert not any(step.startswith("commit") for step in forge.touched)


@pytest.mark.parametrize(
    ("by", "why"),
    [
        pytest.param("engineer", "RollBack is for operator", id="an engineer's word"),
        pytest.param("operator", "signed something else than this roll-back", id="a word for another rollout"),
    ],
)
def test_a_roll_back_needs_somebody_s_word_as_well(forge: Forge, by: str, why: str) -> None:
    message = commands.RollBack(rollout=forge.rollout if by == "engineer" else "r-other", reason="x")
    expires = datetime.now(UTC) + timedelta(hours=1)
    signer = getattr(forge.world, by).client.signer
    signed = seal(signer, COMMAND, message, log=forge.world.name, id="forged", expires=expires)
    content = forge.order().model_dump(exclude={"approvals"})
    undo = {"authority": signed, "before": "secret-" + "2" * 64, "after": "hmac:" + "3" * 64}
    outcome = forge.give(RollBackDevice.model_validate(content | undo))
    assert isinstance(outcome, OrderReturned)
    assert why in outcome.reason.detail
    assert forge.touched == []


def test_a_reconciliation_that_cannot_be_prepared_stays_unknown(forge: Forge) -> None:
    # Given an order to find out what became of another, whose before nobody has any more
    lost = Unresolved(order="forged-lost", before="secret-" + "2" * 64, undo=UndoRank.TIMER)
    # When it is given
    outcome = forge.give(forge.order(forge.approval(), unresolved=lost))
    # Then nobody says that nothing was changed
    assert isinstance(outcome, PushUnknown)
    assert outcome.reason.cause is Cause.CHANGE_MISSING
