"""Which orders go out now: a few at a time, as many as the caps allow, never two on one device."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from automation.rollout.state import DeviceProgress, Rollback, Rollout, State
from automation.rollout.states import ENGAGED, DeviceState
from events import facts
from events.authority import Halt
from events.control import Subject
from events.orders import Order, PlanDevice, PushDevice, RollBackDevice

#: How many devices of one rollout are read for planning at once.
PLANNING_AT_ONCE = 200

D = DeviceState


@dataclass(frozen=True, slots=True)
class Moment:
    """What is decided upon at one time. ``taken`` are devices and groups that got an order in it, for any rollout."""

    state: State
    now: datetime
    taken: set[str] = field(default_factory=set)

    def free(self, device: DeviceProgress) -> bool:
        """Whether neither the device nor its group has got an order."""
        return self.taken.isdisjoint(_keys(device))

    def take(self, device: DeviceProgress) -> None:
        """Keeps the device and its group from further orders."""
        self.taken.update(_keys(device))


def _keys(device: DeviceProgress) -> tuple[str, ...]:
    name, group = device.target.device, device.target.group
    return (f"device:{name}",) if group is None else (f"device:{name}", f"group:{group}")


def release_plans(moment: Moment, rollout: Rollout) -> Iterator[facts.OrderReleased]:
    """Orders to read devices; reading needs no slot of the device's own, but nobody who writes to it meanwhile.

    A device that another rollout does not know the state of is read all the same: that may last.
    """
    room = PLANNING_AT_ONCE - rollout.planning
    for name in rollout.found(D.PENDING, None):
        if room <= 0:
            return
        device = rollout.devices[name]
        if device.order is not None or not _is_due(device, moment.now) or not moment.free(device):
            continue
        if not _is_written_to(moment.state, name) and not _may_not_log_in(moment.state, device):
            yield _released(moment.state, rollout, device, PlanDevice)
            room -= 1


def _is_written_to(state: State, name: str) -> bool:
    """Whether some rollout's order to write to the device is with the workers."""
    holder = state.busy.get(name)
    return holder is not None and state.rollouts[holder].devices[name].order is not None


def release_pushes(moment: Moment, rollout: Rollout) -> Iterator[facts.OrderReleased]:
    """Orders to push, in the order of the waves.

    Devices in flight may still fail, so they count together with the unhealthy ones against the cap on these.
    """
    strategy = rollout.strategy
    room = min(
        strategy.max_in_flight - rollout.in_flight,
        strategy.max_unhealthy - rollout.in_flight - rollout.unhealthy,
    )
    for device in ready(rollout):
        if room <= 0:
            return
        if _can_go(moment, rollout, device) and twin_in_the_way(moment.state, rollout, device) is None:
            moment.take(device)
            yield _released(moment.state, rollout, device, PushDevice)
            room -= 1


def ready(rollout: Rollout) -> Iterator[DeviceProgress]:
    """The devices of the waves so far that wait for their push."""
    for wave in range(rollout.wave + 1):
        for name in rollout.found(D.PLANNED, wave):
            yield rollout.devices[name]


def release_reconciliations(moment: Moment, rollout: Rollout) -> Iterator[facts.OrderReleased]:
    """Orders to find out about unknown devices, whatever is halted: what was begun is finished.

    They use the device's own slot, since a full cap would deadlock them.
    """
    if not rollout.count(D.UNKNOWN):
        return
    for wave in range(len(rollout.waves)):
        for name in rollout.found(D.UNKNOWN, wave):
            device = rollout.devices[name]
            waits = device.order is not None or not _is_due(device, moment.now)
            stopped = any(_is_on_credential(halt) for halt in standing(moment.state, rollout.id, device))
            if not waits and not stopped:
                kind = RollBackDevice if device.work == RollBackDevice.wire else PushDevice
                yield _released(moment.state, rollout, device, kind)


def release_undos(moment: Moment, rollout: Rollout, undo: Rollback) -> Iterator[facts.OrderReleased]:
    """Orders to bring devices back, the last wave first, at the rollout's own pace: a mass revert is an outage too."""
    room = rollout.strategy.max_in_flight - rollout.in_flight
    for device in to_undo(rollout, undo):
        if room <= 0:
            return
        blocked = undo_in_the_way(moment.state, rollout, device) is not None
        if _can_go(moment, rollout, device, undo) and not blocked:
            moment.take(device)
            yield _released(moment.state, rollout, device, RollBackDevice)
            room -= 1


def to_undo(rollout: Rollout, undo: Rollback) -> Iterator[DeviceProgress]:
    """What is meant and is not undone yet: verified devices, and those to be tried once more; the last wave first."""
    for wave in reversed(range(len(rollout.waves))):
        for name in rollout.found(D.VERIFIED, wave):
            if undo.whole or name in undo.devices:
                yield rollout.devices[name]
        for name in rollout.found(D.ROLLBACK_FAILED, wave):
            if name in undo.again:
                yield rollout.devices[name]


def twin_in_the_way(state: State, rollout: Rollout, device: DeviceProgress) -> str | None:
    """A device of the same group that is worked on or may not stand, in any rollout, or that went wrong in this one."""
    for name, twin in _twins(state, device):
        if twin.state in ENGAGED or name == rollout.id:
            return twin.target.device
    return None


def twin_to_decide(state: State, rollout: Rollout, device: DeviceProgress) -> str | None:
    """A device of the same group that is doubtful in this rollout."""
    return next((twin.target.device for name, twin in _twins(state, device) if name == rollout.id), None)


def undo_in_the_way(state: State, rollout: Rollout, device: DeviceProgress) -> str | None:
    """The same for an undo, which what only failed in this rollout does not hold up.

    A device that could not be brought back before may be tried anew although its twin could not be either.
    """
    for name, twin in _twins(state, device):
        both = name == rollout.id and twin.state is device.state is D.ROLLBACK_FAILED
        if twin.state in ENGAGED and not both:
            return twin.target.device
    return None


def _twins(state: State, device: DeviceProgress) -> Iterator[tuple[str, DeviceProgress]]:
    """The doubtful devices of the device's group, each with its rollout."""
    target = device.target
    if target.group is None:
        return
    for rollout, name in sorted(state.doubtful.get(target.group, ())):
        if name != target.device:
            yield rollout, state.rollouts[rollout].devices[name]


def _is_due(device: DeviceProgress, now: datetime) -> bool:
    return device.look_again_at is None or device.look_again_at <= now


def _can_go(moment: Moment, rollout: Rollout, device: DeviceProgress, undo: Rollback | None = None) -> bool:
    """Whether nobody else has the device, its time has come, and no halt stands that bars it.

    A halt that was known when an undo was asked for is no bar to it, unless it is on the credential.
    """
    if device.target.device in moment.state.busy or not _is_due(device, moment.now) or not moment.free(device):
        return False
    halts = standing(moment.state, rollout.id, device)
    if undo is None:
        return not halts
    known = [halt for halt in halts if halt.position < undo.control or halt.id in rollout.halts]
    return len(known) == len(halts) and not any(_is_on_credential(halt) for halt in halts)


def standing(state: State, rollout: str, device: DeviceProgress) -> tuple[Halt, ...]:
    """The halts on work at this device for this rollout."""
    if not state.authority.halts:
        return ()
    return state.authority.standing(subjects(rollout, device.target))


def _is_on_credential(halt: Halt) -> bool:
    return any(subject.kind == "credential" for subject in halt.subjects)


def _may_not_log_in(state: State, device: DeviceProgress) -> bool:
    """Whether even reading waits: for everything that is halted, or for the credential."""
    if not state.authority.halts:
        return False
    return bool(state.authority.standing([Subject(kind="credential", name=device.target.credential)]))


def subjects(rollout: str, target: facts.Target) -> tuple[Subject, ...]:
    """What a halt can be on for work on this device in this rollout."""
    return (
        Subject(kind="rollout", name=rollout),
        Subject(kind="site", name=target.site),
        Subject(kind="device", name=target.device),
        Subject(kind="credential", name=target.credential),
    )


def _released(state: State, rollout: Rollout, device: DeviceProgress, kind: type[Order]) -> facts.OrderReleased:
    return facts.OrderReleased(
        rollout=rollout.id,
        device=device.target.device,
        order=f"{rollout.id}.{device.target.device}.{device.attempts + 1}",
        work=kind.wire,
        control=state.authority.position,
        unresolved=device.unresolved.order if device.unresolved else None,
    )
