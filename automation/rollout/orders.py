"""The order that goes to the workers with a release."""

from collections.abc import Callable, Mapping
from typing import Any

from automation.rollout.state import DeviceProgress, Rollout, State
from events.facts import OrderReleased
from events.orders import Order, PlanDevice, PushDevice, RollBackDevice


def order_of(state: State, released: OrderReleased) -> Order:
    """The order, built from the state into which its release has been folded."""
    rollout = state.rollouts[released.rollout]
    device = rollout.devices[released.device]
    common = {
        "id": released.order,
        "rollout": rollout.id,
        "change": rollout.change,
        "device": released.device,
        "site": device.target.site,
        "control": released.control,
        "host_keys": state.host_keys.get(released.device, ()),
        "via_host_keys": state.host_keys.get(device.target.via, ()) if device.target.via else (),
    }
    return _BUILD[released.work](common, rollout, device)


def _plan(common: dict[str, Any], _rollout: Rollout, _device: DeviceProgress) -> Order:
    return PlanDevice.model_validate(common)


def _push(common: dict[str, Any], rollout: Rollout, device: DeviceProgress) -> Order:
    approvals = tuple(approval.signed for approval in rollout.approvals)
    writing = {"plan": rollout.plan, "unresolved": device.unresolved, "approvals": approvals}
    return PushDevice.model_validate(common | writing)


def _roll_back(common: dict[str, Any], rollout: Rollout, device: DeviceProgress) -> Order:
    assert rollout.rollback is not None  # noqa: S101 - nothing else releases such an order
    undo = {"authority": rollout.rollback.authority, "before": device.before, "after": device.after}
    return RollBackDevice.model_validate(common | {"plan": rollout.plan, "unresolved": device.unresolved} | undo)


_BUILD: Mapping[str, Callable[[dict[str, Any], Rollout, DeviceProgress], Order]] = {
    PlanDevice.wire: _plan,
    PushDevice.wire: _push,
    RollBackDevice.wire: _roll_back,
}
