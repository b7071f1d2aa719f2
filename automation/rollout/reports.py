"""What follows from a report: a fact, once it is judged whether the report can be true of the order it names."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from automation.rollout.decision import Decision
from automation.rollout.state import DeviceProgress, Rollout, State
from automation.rollout.states import COMES_OF, DEVICE_TRANSITIONS, STAYING
from events import facts, reports
from events.codec import ReportRecord
from events.control import AUTOMATIC, Subject
from events.facts import Fact, Target
from events.orders import PlanDevice, RollBackDevice
from events.plans import PlannedDevice
from events.values import Cause, Reason

#: An unknown device is looked at again after this, doubled each time up to the longest.
FIRST_LOOK = timedelta(seconds=5)
LONGEST_LOOK = timedelta(minutes=10)

#: An order that was given back is not released again before; what stood in the way may still do. Doubled likewise.
AFTER_RETURN = timedelta(seconds=2)
LONGEST_RETURN = timedelta(minutes=1)


def judge(state: State, record: ReportRecord, now: datetime) -> Decision:
    """The facts that follow from a report. One that comes late, twice or for another's order is set aside."""
    report = record.report
    cause = f"report:{record.id}"
    rollout = state.rollouts.get(report.rollout)
    device = rollout.devices.get(report.device) if rollout else None
    if rollout is None or device is None:
        fact = _set_aside(report, f"there is no {report.device} in rollout {report.rollout}")
    elif isinstance(report, reports.CredentialRefused):
        fact = _credential_refused(state, report)
    else:
        fact = _judged(rollout, device, report, now)
    return Decision(by=report.worker, cause=cause, facts=(fact,))


def _judged(rollout: Rollout, device: DeviceProgress, report: reports.Report, now: datetime) -> Fact:
    if device.order is None:
        return _set_aside(report, f"order {report.order} has ended; {report.device} is {device.state}")
    if device.order != report.order:
        return _set_aside(report, f"{report.device}'s order is {device.order} now")
    if report.worker in device.superseded and not isinstance(report, reports.PushIntended):
        return _set_aside(report, f"{device.worker} has taken the order over from {report.worker}")
    for fact in _told(report, device, now):
        if _is_possible(rollout, device, fact):
            return fact
    return _set_aside(report, f"{report.device} is {device.state}, the rollout {rollout.state}: it cannot be so")


def _told(report: reports.Report, device: DeviceProgress, now: datetime) -> Iterator[Fact]:
    """What the report says; and what has to be made of an outcome that cannot be its order's."""
    plans = isinstance(report, _OF_PLANS)
    if isinstance(report, reports.OrderReturned) or plans == (device.work == PlanDevice.wire):
        yield _FOLLOWING[type(report)](report, device, now)
    if isinstance(report, reports.Outcome):
        yield _misfit(report, device, now)


_OF_PLANS = (reports.PlanComputed, reports.PlanFoundNothing, reports.PlanFailed)


def _is_possible(rollout: Rollout, device: DeviceProgress, fact: Fact) -> bool:
    kind = type(fact)
    of_order = kind in COMES_OF.get(device.work or "", frozenset()) and kind in DEVICE_TRANSITIONS[device.state]
    return of_order and rollout.state in STAYING[kind]


def _misfit(report: reports.Outcome, device: DeviceProgress, now: datetime) -> Fact:
    """An outcome that its order cannot have. The worker is done with the order all the same, so it has to end."""
    begun = " that was begun before" if device.unresolved is not None else ""
    detail = f"{report.worker} ended a {device.work}{begun} with {report.wire}, which it cannot end with"
    reason = Reason(cause=Cause.INTERNAL, detail=detail)
    if device.work == PlanDevice.wire:
        return facts.DevicePlanFailed(**_base(report), reason=reason)
    return _lost(report, reason, device, now)


def _set_aside(report: reports.Report, why: str) -> Fact:
    return facts.ReportSetAside(report=report.wire, order=report.order, reason=why)


def _credential_refused(state: State, report: reports.CredentialRefused) -> Fact:
    """Stops the credential, once: fifty devices that refuse it at the same time are one thing to be mended."""
    subject = Subject(kind="credential", name=report.credential)
    raised = [halt.id for halt in state.authority.standing([subject]) if subject in halt.subjects]
    raised += [name for name, (halted, _) in state.own_halts.items() if halted == str(subject)]
    if raised:
        why = f"{report.device} refused credential {report.credential}, which {min(raised)} stops already"
        return _set_aside(report, why)
    halt = f"{AUTOMATIC}{report.credential}.{state.seq}"
    return facts.CredentialStopped(credential=report.credential, device=report.device, halt=halt)


def _base(report: reports.Report) -> dict[str, Any]:
    return {"rollout": report.rollout, "device": report.device, "order": report.order}


def _undoes(device: DeviceProgress) -> bool:
    return device.work == RollBackDevice.wire


def _failed_undo(report: reports.Report, reason: Reason) -> Fact:
    return facts.DeviceRollbackFailed(**_base(report), reason=reason)


def _computed(report: reports.PlanComputed, device: DeviceProgress, _now: datetime) -> Fact:
    differing = _differing(device.target, report.planned)
    if not differing:
        return facts.DevicePlanned(**_base(report), planned=report.planned)
    detail = f"the inventory of {report.worker} says otherwise than when the rollout was requested: {differing}"
    return facts.DevicePlanFailed(**_base(report), reason=Reason(cause=Cause.INVENTORY_DIFFERS, detail=detail))


def _differing(target: Target, planned: PlannedDevice) -> str:
    """In what a plan is about another device than the target; waves and caps are computed from these."""
    pairs = ((name, getattr(target, name), getattr(planned, name)) for name in _SAME)
    different = [(name, wanted or "none", found or "none") for name, wanted, found in pairs if wanted != found]
    return ", ".join(f"{name} was {wanted}, is {found}" for name, wanted, found in different)


_SAME = ("device", "site", "region", "tier", "role", "platform", "group")


def _nothing(report: reports.PlanFoundNothing, _device: DeviceProgress, _now: datetime) -> Fact:
    return facts.DeviceUnchanged(**_base(report), took_ms=report.took_ms)


def _not_planned(report: reports.PlanFailed, _device: DeviceProgress, _now: datetime) -> Fact:
    return facts.DevicePlanFailed(**_base(report), reason=report.reason)


def _intended(report: reports.PushIntended, _device: DeviceProgress, _now: datetime) -> Fact:
    return facts.PushStarted(**_base(report), worker=report.worker)


def _staged(report: reports.PushStaged, _device: DeviceProgress, _now: datetime) -> Fact:
    return facts.DeviceStaged(**_base(report), undo=report.undo, before=report.before)


def _drift_noted(report: reports.DriftNoted, _device: DeviceProgress, _now: datetime) -> Fact:
    return facts.ForeignDriftNoted(**_base(report), detail=report.detail)


def _verified(report: reports.PushVerified, device: DeviceProgress, _now: datetime) -> Fact:
    if _undoes(device):
        return facts.DeviceRolledBack(**_base(report), took_ms=report.took_ms)
    return facts.DeviceVerified(
        **_base(report),
        before=report.before,
        after=report.after,
        observed=report.observed,
        checks=report.checks,
        took_ms=report.took_ms,
    )


def _already(report: reports.AlreadyApplied, device: DeviceProgress, now: datetime) -> Fact:
    """Only what nobody began can have been there already; believed where somebody did, it would hide what we wrote."""
    if device.unresolved is not None or device.staged is not None:
        return _misfit(report, device, now)
    if _undoes(device):
        return facts.DeviceRolledBack(**_base(report), took_ms=report.took_ms)
    return facts.DeviceUnchanged(**_base(report), took_ms=report.took_ms)


def _reverted(report: reports.PushReverted, device: DeviceProgress, _now: datetime) -> Fact:
    if _undoes(device):
        return _failed_undo(report, report.reason)
    return facts.DeviceReverted(**_base(report), reason=report.reason, checks=report.checks, took_ms=report.took_ms)


def _failed(report: reports.PushFailed, device: DeviceProgress, _now: datetime) -> Fact:
    if _undoes(device):
        return _failed_undo(report, report.reason)
    return facts.DeviceFailed(**_base(report), reason=report.reason, took_ms=report.took_ms)


def _refused(report: reports.PushRefused, device: DeviceProgress, _now: datetime) -> Fact:
    if _undoes(device):
        return _failed_undo(report, report.reason)
    return facts.DeviceRefused(**_base(report), reason=report.reason)


def _drifted(report: reports.DriftFound, device: DeviceProgress, _now: datetime) -> Fact:
    if _undoes(device):
        return _failed_undo(report, Reason(cause=Cause.LATER_CHANGE, detail=report.reason.detail))
    return facts.DeviceDrifted(**_base(report), reason=report.reason)


def _unknown(report: reports.PushUnknown, device: DeviceProgress, now: datetime) -> Fact:
    return _lost(report, report.reason, device, now)


def _lost(report: reports.Outcome, reason: Reason, device: DeviceProgress, now: datetime) -> Fact:
    """What the device has is unknown, unless the order never came to the point of writing: then there is nothing to."""
    if device.staged is None and device.unresolved is None:
        if _undoes(device):
            return _failed_undo(report, reason)
        return facts.DeviceFailed(**_base(report), reason=reason, took_ms=report.took_ms)
    wait = _backed_off(FIRST_LOOK, device.looks, LONGEST_LOOK)
    return facts.DeviceLost(**_base(report), reason=reason, took_ms=report.took_ms, look_again_at=now + wait)


def _given_back(report: reports.OrderReturned, device: DeviceProgress, now: datetime) -> Fact:
    wait = _backed_off(AFTER_RETURN, device.returns, LONGEST_RETURN)
    return facts.DeviceReturned(**_base(report), reason=report.reason, look_again_at=now + wait)


def _backed_off(first: timedelta, times: int, longest: timedelta) -> timedelta:
    """Doubled each time, up to the longest. What is doubled without a bound leaves what a timedelta can hold."""
    return min(first * (1 << min(times, 16)), longest)


_FOLLOWING: Mapping[type[reports.Report], Callable[[Any, DeviceProgress, datetime], Fact]] = {
    reports.PlanComputed: _computed,
    reports.PlanFoundNothing: _nothing,
    reports.PlanFailed: _not_planned,
    reports.PushIntended: _intended,
    reports.PushStaged: _staged,
    reports.DriftNoted: _drift_noted,
    reports.PushVerified: _verified,
    reports.AlreadyApplied: _already,
    reports.PushReverted: _reverted,
    reports.PushFailed: _failed,
    reports.PushRefused: _refused,
    reports.DriftFound: _drifted,
    reports.PushUnknown: _unknown,
    reports.OrderReturned: _given_back,
}
