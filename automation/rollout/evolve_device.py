"""What a fact about a device does to it, and to its rollout's sums."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from automation.rollout.errors import ImpossibleFactError
from automation.rollout.state import DeviceProgress, Rollout, State
from automation.rollout.states import DEVICE_TRANSITIONS, DeviceState
from events import facts
from events.orders import PlanDevice, Unresolved

DeviceChange = facts.DeviceFact | facts.DeviceSkipped | facts.DeviceRetried

#: Facts that end the order they name.
ENDING: frozenset[type[facts.Fact]] = frozenset(
    {
        facts.DevicePlanned,
        facts.DeviceUnchanged,
        facts.DevicePlanFailed,
        facts.DeviceVerified,
        facts.DeviceReverted,
        facts.DeviceFailed,
        facts.DeviceRefused,
        facts.DeviceDrifted,
        facts.DeviceLost,
        facts.DeviceReturned,
        facts.DeviceRolledBack,
        facts.DeviceRollbackFailed,
    }
)


def with_device(state: State, rollout: Rollout, fact: DeviceChange) -> tuple[Rollout, State]:
    """The rollout with the device as it is after the fact, and the state with the device's order begun or ended.

    Raises:
        ImpossibleFactError: this cannot happen to the device in its state.
    """
    before = rollout.devices.get(fact.device)
    if before is None:
        raise ImpossibleFactError(f"{fact.wire} is about {fact.device}, which is no target of rollout {rollout.id}")
    after = _after(before, fact)
    return _summed(_tried(rollout, fact), fact.device, before, after), _busy(state, fact, before)


def _after(before: DeviceProgress, fact: DeviceChange) -> DeviceProgress:
    known = DEVICE_TRANSITIONS[before.state]
    if type(fact) not in known:
        raise ImpossibleFactError(f"{fact.wire} cannot happen to {fact.device}, which is {before.state}")
    target = known[type(fact)]
    after = replace(before, state=before.rests if target is None else target)
    if type(fact) in ENDING:
        after = replace(after, order=None)
    details = _DETAILS.get(type(fact))
    return details(after, before, fact) if details else after


def _tried(rollout: Rollout, fact: DeviceChange) -> Rollout:
    """The rollout, with a device that could not be brought back once more no longer to be tried again."""
    if rollout.rollback is None or not isinstance(fact, facts.DeviceRollbackFailed):
        return rollout
    again = rollout.rollback.again - {fact.device}
    return replace(rollout, rollback=replace(rollout.rollback, again=again))


def _summed(rollout: Rollout, name: str, before: DeviceProgress, after: DeviceProgress) -> Rollout:
    counts = rollout.counts
    if before.state is not after.state:
        counts = counts.set(before.state, counts[before.state] - 1)
        counts = counts.set(after.state, counts.get(after.state, 0) + 1)
    return replace(
        rollout,
        devices=rollout.devices.set(name, after),
        counts=counts,
        unhealthy=rollout.unhealthy + after.unhealthy - before.unhealthy,
        planning=rollout.planning + _plans(after) - _plans(before),
    )


def _plans(device: DeviceProgress) -> bool:
    return device.state is DeviceState.PENDING and device.order is not None


def _busy(state: State, fact: DeviceChange, before: DeviceProgress) -> State:
    if isinstance(fact, facts.OrderReleased) and fact.work != PlanDevice.wire:
        return replace(state, busy=state.busy.set(fact.device, fact.order))
    if type(fact) in ENDING and state.busy.get(fact.device) == before.order and before.order is not None:
        return replace(state, busy=state.busy.delete(fact.device))
    return state


def _released(after: DeviceProgress, before: DeviceProgress, fact: facts.OrderReleased) -> DeviceProgress:
    return replace(
        after,
        order=fact.order,
        work=fact.work,
        attempts=before.attempts + 1,
        rests=before.state,
        look_again_at=None,
    )


def _planned(after: DeviceProgress, _before: DeviceProgress, fact: facts.DevicePlanned) -> DeviceProgress:
    return replace(after, planned=fact.planned)


def _staged(after: DeviceProgress, before: DeviceProgress, fact: facts.DeviceStaged) -> DeviceProgress:
    if before.unresolved is not None:
        return after
    return replace(after, staged=Unresolved(order=fact.order, before=fact.before, undo=fact.undo))


def _verified(after: DeviceProgress, _before: DeviceProgress, fact: facts.DeviceVerified) -> DeviceProgress:
    return replace(_resolved(after), before=fact.before, after=fact.after, reason=None)


def _lost(after: DeviceProgress, before: DeviceProgress, fact: facts.DeviceLost) -> DeviceProgress:
    return replace(
        after,
        reason=fact.reason,
        unresolved=before.unresolved or before.staged,
        look_again_at=fact.look_again_at,
        looks=before.looks + 1,
    )


def _returned(after: DeviceProgress, before: DeviceProgress, fact: facts.DeviceReturned) -> DeviceProgress:
    staged = None if before.unresolved is None else before.staged
    return replace(after, reason=fact.reason, staged=staged, look_again_at=fact.look_again_at)


def _ended(after: DeviceProgress, _before: DeviceProgress, fact: Any) -> DeviceProgress:  # noqa: ANN401 - several facts
    return replace(_resolved(after), reason=fact.reason)


def _resolved(after: DeviceProgress, *_: object) -> DeviceProgress:
    return replace(after, staged=None, unresolved=None, look_again_at=None, looks=0)


_DETAILS: Mapping[type[facts.Fact], Callable[[DeviceProgress, DeviceProgress, Any], DeviceProgress]] = {
    facts.OrderReleased: _released,
    facts.DevicePlanned: _planned,
    facts.DevicePlanFailed: _ended,
    facts.DeviceStaged: _staged,
    facts.DeviceVerified: _verified,
    facts.DeviceUnchanged: _resolved,
    facts.DeviceRolledBack: _resolved,
    facts.DeviceLost: _lost,
    facts.DeviceReturned: _returned,
    facts.DeviceReverted: _ended,
    facts.DeviceFailed: _ended,
    facts.DeviceRefused: _ended,
    facts.DeviceDrifted: _ended,
    facts.DeviceRollbackFailed: _ended,
    facts.DeviceSkipped: _resolved,
}
