"""Which orders go out now: a few at a time, as many as the caps allow, never two on one device."""

from collections.abc import Iterator
from datetime import datetime

from automation.rollout.state import DeviceProgress, Rollback, Rollout, State
from automation.rollout.states import IN_FLIGHT, DeviceState
from events import facts
from events.control import Subject
from events.orders import Order, PlanDevice, PushDevice, RollBackDevice

#: How many devices of one rollout are read for planning at once.
PLANNING_AT_ONCE = 200


def release_plans(state: State, rollout: Rollout, now: datetime) -> Iterator[facts.OrderReleased]:
    """Orders to read devices; reading needs no slot of the device's own."""
    room = PLANNING_AT_ONCE - rollout.planning
    for _, device in sorted(rollout.devices.items()):
        if room <= 0:
            return
        waits = device.order is not None or not _is_due(device, now)
        if device.state is DeviceState.PENDING and not waits and not _credential_stopped(state, device):
            yield _released(state, rollout, device, PlanDevice)
            room -= 1


def release_pushes(state: State, rollout: Rollout, now: datetime) -> Iterator[facts.OrderReleased]:
    """Orders to push, in the order of the waves.

    Devices in flight may still fail, so they count together with the unhealthy ones against the cap on these.
    """
    if not rollout.count(DeviceState.PLANNED):
        return
    strategy = rollout.strategy
    room = min(
        strategy.max_in_flight - rollout.in_flight,
        strategy.max_unhealthy - rollout.in_flight - rollout.unhealthy,
    )
    engaged = _engaged_groups(rollout)
    for wave in rollout.waves[: rollout.wave + 1]:
        for name in wave:
            if room <= 0:
                return
            device = rollout.devices[name]
            group = device.target.group
            if device.state is not DeviceState.PLANNED or not _is_due(device, now) or group in engaged:
                continue
            if _is_barred(state, rollout, device):
                continue
            yield _released(state, rollout, device, PushDevice)
            room -= 1
            if group is not None:
                engaged.add(group)


def release_reconciliations(state: State, rollout: Rollout, now: datetime) -> Iterator[facts.OrderReleased]:
    """Orders to find out about unknown devices. They use the device's own slot: a full cap would deadlock them."""
    if not rollout.count(DeviceState.UNKNOWN):
        return
    for _, device in sorted(rollout.devices.items()):
        unknown = device.state is DeviceState.UNKNOWN and device.unresolved is not None
        if unknown and device.order is None and _is_due(device, now):
            kind = RollBackDevice if device.work == RollBackDevice.wire else PushDevice
            if not _credential_stopped(state, device) and device.target.device not in state.busy:
                yield _released(state, rollout, device, kind)


def release_undos(state: State, rollout: Rollout, undo: Rollback, now: datetime) -> Iterator[facts.OrderReleased]:
    """Orders to bring devices back, the last wave first, at the rollout's own pace: a mass revert is an outage too."""
    room = rollout.strategy.max_in_flight - rollout.in_flight
    engaged = _engaged_groups(rollout)
    for wave in reversed(rollout.waves):
        for name in wave:
            if room <= 0:
                return
            device = rollout.devices[name]
            group = device.target.group
            if not _to_undo(device, undo) or not _is_due(device, now) or group in engaged:
                continue
            if _is_barred(state, rollout, device, undo.control):
                continue
            yield _released(state, rollout, device, RollBackDevice)
            room -= 1
            if group is not None:
                engaged.add(group)


def _to_undo(device: DeviceProgress, undo: Rollback) -> bool:
    """Verified devices in what is meant; one that could not be brought back is tried once more, when named."""
    name = device.target.device
    if device.before is None or device.order is not None:
        return False
    if device.state is DeviceState.VERIFIED:
        return undo.whole or name in undo.devices
    return device.state is DeviceState.ROLLBACK_FAILED and name in undo.again


def _is_due(device: DeviceProgress, now: datetime) -> bool:
    return device.look_again_at is None or device.look_again_at <= now


def _engaged_groups(rollout: Rollout) -> set[str | None]:
    """Redundancy groups of which a device is being worked on, or is not known to stand."""
    if not rollout.count(*IN_FLIGHT, DeviceState.UNKNOWN, DeviceState.ROLLBACK_FAILED):
        return set()
    stuck = IN_FLIGHT | {DeviceState.UNKNOWN, DeviceState.ROLLBACK_FAILED}
    return {device.target.group for device in rollout.devices.values() if device.state in stuck} - {None}


def _is_barred(state: State, rollout: Rollout, device: DeviceProgress, known: int = 0) -> bool:
    """Whether another order has the device, or a halt that was raised at ``known`` or later stands on it."""
    if device.target.device in state.busy:
        return True
    halts = state.authority.standing(subjects(rollout.id, device.target))
    return any(halt.position >= known or _is_on_credential(halt.subjects) for halt in halts)


def _is_on_credential(halted: tuple[Subject, ...]) -> bool:
    return any(subject.kind == "credential" for subject in halted)


def _credential_stopped(state: State, device: DeviceProgress) -> bool:
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
