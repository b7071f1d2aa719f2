"""Whether an order may be carried out now, judged by the worker itself from ``control`` and from what was signed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from automation.push.work import ForbiddenError
from events.authority import Authority, RefusedError
from events.commands import ApprovePlan, RollBack
from events.control import HaltRaised, Role, Subject
from events.orders import PushDevice, RollBackDevice, Writing
from events.plans import Plan
from events.values import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What the approvals of an order allow besides the push itself."""

    accept_no_undo: frozenset[str] = frozenset()
    save_foreign: bool = False


def check_halts(authority: Authority, order: Writing, subjects: Iterable[Subject]) -> None:
    """Checks that nothing halts the order.

    A halt that was lifted again counts too where it came after the order was released: the order is then given back
    and released anew, or not. An undo is not stopped by what stood before it was asked for.

    Raises:
        ForbiddenError: something does.
    """
    subjects = tuple(subjects)
    if authority.position < order.control:
        raise ForbiddenError(Cause.CONTROL_UNREAD, f"control was read to {authority.position}, not to {order.control}")
    standing = authority.standing(subjects)
    undoes = isinstance(order, RollBackDevice)
    halts = [halt for halt in standing if not undoes or halt.position >= order.control]
    if halts:
        raise ForbiddenError(Cause.HALTED, "; ".join(f"{halt.by} halted ({halt.id}): {halt.reason}" for halt in halts))
    if authority.touched_since(subjects, order.control):
        raise ForbiddenError(Cause.HALTED, "something halted this, and was lifted, after the order was released")


def check_authority(authority: Authority, order: Writing, plan: Plan, now: datetime) -> Granted:
    """Checks who allowed the order: the approvals of its plan, or the person who asked for the roll-back.

    Raises:
        ForbiddenError: not enough people did, or not for this.
    """
    _check_plan(order, plan)
    if isinstance(order, PushDevice):
        return _approved(authority, order, plan, now)
    if isinstance(order, RollBackDevice):
        return _asked(authority, order)
    raise ForbiddenError(Cause.APPROVAL_INVALID, f"a {order.wire} is not known to need anybody's word")


def _check_plan(order: Writing, plan: Plan) -> None:
    """Checks that an order is about what its plan is about: by another rollout's name it would pass under its halts."""
    if (order.rollout, order.change) != (plan.rollout, plan.change):
        why = (
            f"the order is for rollout {order.rollout} of {order.change}, its plan for {plan.rollout} of {plan.change}"
        )
        raise ForbiddenError(Cause.APPROVAL_INVALID, why)


def _approved(authority: Authority, order: PushDevice, plan: Plan, now: datetime) -> Granted:
    agreed: list[tuple[ApprovePlan, str]] = []
    refused: list[str] = []
    for signed in order.approvals:
        try:
            approval, author = authority.approval(signed, plan, order.plan, now)
        except RefusedError as error:
            refused.append(str(error))
        else:
            agreed.append((approval, author.name))
    for wanted in plan.approvals:
        names = {name for approval, name in agreed if approval.area == wanted.area}
        if len(names) < wanted.count:
            why = f"area {wanted.area} needs {wanted.count}, {len(names)} count"
            raise ForbiddenError(Cause.APPROVAL_INVALID, "; ".join([why, *refused]))
    return Granted(
        accept_no_undo=frozenset(name for approval, _ in agreed for name in approval.accept_no_undo),
        save_foreign=any(approval.save_foreign for approval, _ in agreed),
    )


def _asked(authority: Authority, order: RollBackDevice) -> Granted:
    """An operator's command to roll this rollout back, or the halt that asked for it."""
    try:
        message, author = authority.word(order.authority)
    except RefusedError as error:
        raise ForbiddenError(Cause.APPROVAL_INVALID, str(error)) from error
    rollout = {"all", str(Subject(kind="rollout", name=order.rollout))}
    by_command = isinstance(message, RollBack) and message.rollout == order.rollout
    by_halt = (
        isinstance(message, HaltRaised)
        and message.revert
        and author.has({Role.OPERATOR})
        and not rollout.isdisjoint(str(subject) for subject in message.subjects)
    )
    if not by_command and not by_halt:
        raise ForbiddenError(Cause.APPROVAL_INVALID, f"{author.name} signed something else than this roll-back")
    return Granted(accept_no_undo=frozenset({order.device}), save_foreign=True)
