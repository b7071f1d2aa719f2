"""What a fact about a device does to it, and to its rollout's sums."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from immutables import Map

from automation.rollout.errors import ImpossibleFactError
from automation.rollout.state import DeviceProgress, Rollout, State
from automation.rollout.states import COMES_OF, DEVICE_TRANSITIONS, RELEASES, DeviceState
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
    _check(state, rollout, before, fact)
    after = _after(before, fact)
    return _summed(_tried(rollout, fact), before, after), _held(state, rollout.id, before, after)


def _check(state: State, rollout: Rollout, before: DeviceProgress, fact: DeviceChange) -> None:
    """Whether the fact's order is the device's own, and can lead to such a fact."""
    if isinstance(fact, facts.OrderReleased):
        allowed = RELEASES.get(before.state, {}).get(fact.work, frozenset())
        reads = fact.work == PlanDevice.wire
        free = reads or state.busy.get(fact.device, rollout.id) == rollout.id
        changed = before.state is DeviceState.UNKNOWN and fact.work != before.work
        possible = before.order is None and rollout.state in allowed and free and not changed
    elif isinstance(fact, facts.DeviceFact):
        possible = before.order == fact.order and type(fact) in COMES_OF.get(before.work or "", frozenset())
    else:
        possible = before.order is None
    if not possible:
        order = f"whose order is {before.order} ({before.work})" if before.order else "which has no order"
        raise ImpossibleFactError(
            f"{fact.wire} cannot happen to {fact.device} in rollout {rollout.id}, {rollout.state}, {order}"
        )


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
    """The rollout, with a device that was brought back, left, or not brought back once more no longer to be tried."""
    undo = rollout.rollback
    if undo is None or fact.device not in undo.again or not isinstance(fact, _TRIED):
        return rollout
    return replace(rollout, rollback=replace(undo, again=undo.again - {fact.device}))


_TRIED = (facts.DeviceRollbackFailed, facts.DeviceRolledBack, facts.DeviceSkipped)


def _summed(rollout: Rollout, before: DeviceProgress, after: DeviceProgress) -> Rollout:
    rollout = replace(
        rollout,
        devices=rollout.devices.set(after.target.device, after),
        unhealthy=rollout.unhealthy + after.unhealthy - before.unhealthy,
        planning=rollout.planning + _plans(after) - _plans(before),
    )
    return rollout if before.state is after.state else _moved(rollout, before, after)


def _moved(rollout: Rollout, before: DeviceProgress, after: DeviceProgress) -> Rollout:
    """The rollout with a device counted, and found, in its new state."""
    counts = rollout.counts.set(before.state, rollout.counts[before.state] - 1)
    counts = counts.set(after.state, counts.get(after.state, 0) + 1)
    left, taken = (before.state, before.wave), (after.state, after.wave)
    places = rollout.places.set(left, rollout.places[left].delete(before.number))
    places = places.set(taken, places.get(taken, _NOBODY).set(after.number, after.target.device))
    return replace(rollout, counts=counts, places=places)


_NOBODY: Map[int, str] = Map()


def _plans(device: DeviceProgress) -> bool:
    return device.state is DeviceState.PENDING and device.order is not None


def _held(state: State, rollout: str, before: DeviceProgress, after: DeviceProgress) -> State:
    """The state with the device kept from other rollouts, or let go, and with any doubt about it noted."""
    name, group = after.target.device, after.target.group
    if _holds(after) != _holds(before):
        busy = state.busy.set(name, rollout) if _holds(after) else state.busy.delete(name)
        state = replace(state, busy=busy)
    if group is None or after.doubtful == before.doubtful:
        return state
    doubtful = state.doubtful.get(group, frozenset())
    own = {(rollout, name)}
    return replace(state, doubtful=state.doubtful.set(group, doubtful | own if after.doubtful else doubtful - own))


def _holds(device: DeviceProgress) -> bool:
    """Whether the device is being written to, or may have been."""
    writes = device.order is not None and device.work != PlanDevice.wire
    return writes or device.state is DeviceState.UNKNOWN


def _released(after: DeviceProgress, before: DeviceProgress, fact: facts.OrderReleased) -> DeviceProgress:
    return replace(
        after,
        order=fact.order,
        work=fact.work,
        attempts=before.attempts + 1,
        rests=before.state,
        worker=None,
        superseded=frozenset(),
        look_again_at=None,
    )


def _started(after: DeviceProgress, before: DeviceProgress, fact: facts.PushStarted) -> DeviceProgress:
    earlier = before.superseded | ({before.worker} if before.worker else frozenset())
    return replace(after, worker=fact.worker, superseded=earlier - {fact.worker})


def _planned(after: DeviceProgress, _before: DeviceProgress, fact: facts.DevicePlanned) -> DeviceProgress:
    return replace(_well(after), planned=fact.planned)


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
        returns=0,
    )


def _returned(after: DeviceProgress, before: DeviceProgress, fact: facts.DeviceReturned) -> DeviceProgress:
    staged = None if before.unresolved is None else before.staged
    returns = before.returns + 1
    return replace(after, reason=fact.reason, staged=staged, look_again_at=fact.look_again_at, returns=returns)


def _ended(after: DeviceProgress, _before: DeviceProgress, fact: Any) -> DeviceProgress:  # noqa: ANN401 - several facts
    return replace(_resolved(after), reason=fact.reason)


def _well(after: DeviceProgress, *_: object) -> DeviceProgress:
    return replace(_resolved(after), reason=None)


def _resolved(after: DeviceProgress, *_: object) -> DeviceProgress:
    return replace(after, staged=None, unresolved=None, look_again_at=None, looks=0, returns=0)


_DETAILS: Mapping[type[facts.Fact], Callable[[DeviceProgress, DeviceProgress, Any], DeviceProgress]] = {
    facts.OrderReleased: _released,
    facts.PushStarted: _started,
    facts.DevicePlanned: _planned,
    facts.DevicePlanFailed: _ended,
    facts.DeviceStaged: _staged,
    facts.DeviceVerified: _verified,
    facts.DeviceUnchanged: _well,
    facts.DeviceRolledBack: _well,
    facts.DeviceLost: _lost,
    facts.DeviceReturned: _returned,
    facts.DeviceReverted: _ended,
    facts.DeviceFailed: _ended,
    facts.DeviceRefused: _ended,
    facts.DeviceDrifted: _ended,
    facts.DeviceRollbackFailed: _ended,
    facts.DeviceSkipped: _resolved,
}
