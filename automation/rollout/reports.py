"""What follows from a report: a fact, once it is judged whether the report can be true of the order it names."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from automation.rollout.decision import Decision
from automation.rollout.state import DeviceProgress, State
from events import facts, reports
from events.codec import ReportRecord
from events.facts import Fact
from events.orders import RollBackDevice
from events.values import Cause, Reason

#: An unknown device is looked at again after this, doubled each time up to the longest.
FIRST_LOOK = timedelta(seconds=5)
LONGEST_LOOK = timedelta(minutes=10)

#: An order that was given back is not released again before; what stood in the way may still do.
AFTER_RETURN = timedelta(seconds=2)


def judge(state: State, record: ReportRecord, now: datetime) -> Decision:
    """The facts that follow from a report. One that comes late, twice or for another's order is set aside."""
    report = record.report
    cause = f"report:{record.id}"
    rollout = state.rollouts.get(report.rollout)
    device = rollout.devices.get(report.device) if rollout else None
    if isinstance(report, reports.CredentialRefused):
        return Decision(by=report.worker, cause=cause, facts=_credential_refused(state, report))
    if device is None or device.order != report.order:
        return Decision(by=report.worker, cause=cause, facts=(_set_aside(report, device),))
    following = _FOLLOWING[type(report)](report, device, now)
    return Decision(by=report.worker, cause=cause, facts=(following,))


def _set_aside(report: reports.Report, device: DeviceProgress | None) -> Fact:
    if device is None:
        why = f"there is no {report.device} in rollout {report.rollout}"
    elif device.order is None:
        why = f"order {report.order} has ended; {report.device} is {device.state}"
    else:
        why = f"{report.device}'s order is {device.order} now"
    return facts.ReportSetAside(report=report.wire, order=report.order, reason=why)


def _credential_refused(state: State, report: reports.CredentialRefused) -> tuple[Fact, ...]:
    halt = f"auto.{report.credential}.{report.order}"
    if halt in state.authority.seen or halt in state.own_halts:
        return (facts.ReportSetAside(report=report.wire, order=report.order, reason="known already"),)
    return (facts.CredentialStopped(credential=report.credential, device=report.device, halt=halt),)


def _base(report: reports.Report) -> dict[str, Any]:
    return {"rollout": report.rollout, "device": report.device, "order": report.order}


def _undoes(device: DeviceProgress) -> bool:
    return device.work == RollBackDevice.wire


def _failed_undo(report: reports.Report, reason: Reason) -> Fact:
    return facts.DeviceRollbackFailed(**_base(report), reason=reason)


def _computed(report: reports.PlanComputed, _device: DeviceProgress, _now: datetime) -> Fact:
    return facts.DevicePlanned(**_base(report), planned=report.planned)


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


def _already(report: reports.AlreadyApplied, device: DeviceProgress, _now: datetime) -> Fact:
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
    if device.staged is None and device.unresolved is None:
        # It never came to the point of writing, so there is nothing to find out.
        return _failed(reports.PushFailed.model_validate(report.model_dump()), device, now)
    wait = min(FIRST_LOOK * 2**device.looks, LONGEST_LOOK)
    return facts.DeviceLost(**_base(report), reason=report.reason, took_ms=report.took_ms, look_again_at=now + wait)


def _given_back(report: reports.OrderReturned, _device: DeviceProgress, now: datetime) -> Fact:
    return facts.DeviceReturned(**_base(report), reason=report.reason, look_again_at=now + AFTER_RETURN)


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
