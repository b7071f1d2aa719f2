"""Facts about one device in a rollout."""

from typing import ClassVar

from pydantic import Field

from events.facts.base import DeviceFact, RolloutFact
from events.plans import PlannedDevice
from events.reports import CheckResult
from events.values import BlobAddress, Count, Identifier, KeyedDigest, Moment, Name, Reason, Text, UndoRank


class DevicePlanned(DeviceFact):
    """A device's part of the plan is computed."""

    wire: ClassVar[str] = "DevicePlanned"

    planned: PlannedDevice


class DeviceUnchanged(DeviceFact):
    """The device already is as the change wants it."""

    wire: ClassVar[str] = "DeviceUnchanged"

    took_ms: Count = 0


class DevicePlanFailed(DeviceFact):
    """The device is not part of the plan, and why."""

    wire: ClassVar[str] = "DevicePlanFailed"

    reason: Reason


class OrderReleased(DeviceFact):
    """Work on a device was given to the workers. ``work`` is the order's wire name."""

    wire: ClassVar[str] = "OrderReleased"

    work: str = Field(max_length=64)
    control: Count
    unresolved: Identifier | None = None


class PushStarted(DeviceFact):
    """A worker is at the device."""

    wire: ClassVar[str] = "PushStarted"

    worker: Name


class DeviceStaged(DeviceFact):
    """The device is about to be written to; ``before`` is the blob of the touched sections as they are."""

    wire: ClassVar[str] = "DeviceStaged"

    undo: UndoRank
    before: BlobAddress


class DeviceVerified(DeviceFact):
    """The device is as the plan wants it, read back and saved."""

    wire: ClassVar[str] = "DeviceVerified"

    before: BlobAddress
    after: KeyedDigest
    observed: BlobAddress
    checks: tuple[CheckResult, ...]
    took_ms: Count


class DeviceReverted(DeviceFact):
    """The change was on the device, did not hold, and is undone."""

    wire: ClassVar[str] = "DeviceReverted"

    reason: Reason
    checks: tuple[CheckResult, ...]
    took_ms: Count


class DeviceFailed(DeviceFact):
    """Nothing changed on the device."""

    wire: ClassVar[str] = "DeviceFailed"

    reason: Reason
    took_ms: Count


class DeviceRefused(DeviceFact):
    """What would have happened was not what was approved; nothing was written."""

    wire: ClassVar[str] = "DeviceRefused"

    reason: Reason


class DeviceDrifted(DeviceFact):
    """Its touched sections were no longer as planned; nothing was written."""

    wire: ClassVar[str] = "DeviceDrifted"

    reason: Reason


class DeviceLost(DeviceFact):
    """It is unknown what the device has; it will be read back."""

    wire: ClassVar[str] = "DeviceLost"

    reason: Reason
    took_ms: Count
    look_again_at: Moment


class DeviceReturned(DeviceFact):
    """The worker gave the order back before anything was written; it is released anew after a while."""

    wire: ClassVar[str] = "DeviceReturned"

    reason: Reason
    look_again_at: Moment


class ForeignDriftNoted(DeviceFact):
    """Somebody changed something else on the device since it was planned."""

    wire: ClassVar[str] = "ForeignDriftNoted"

    detail: Text


class DeviceSkipped(RolloutFact):
    """A person decided to leave the device as it is."""

    wire: ClassVar[str] = "DeviceSkipped"

    device: Name
    reason: Text


class DeviceRetried(RolloutFact):
    """A person asked for another push."""

    wire: ClassVar[str] = "DeviceRetried"

    device: Name
    reason: Text


class DeviceRolledBack(DeviceFact):
    """The touched sections are as they were before the rollout."""

    wire: ClassVar[str] = "DeviceRolledBack"

    took_ms: Count


class DeviceRollbackFailed(DeviceFact):
    """The device could not be brought back; a person has to."""

    wire: ClassVar[str] = "DeviceRollbackFailed"

    reason: Reason
