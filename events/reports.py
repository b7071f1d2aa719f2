"""What a worker observed, at one device, for one order. Reports claim; the coordinator judges."""

from typing import ClassVar

from pydantic import Field

from events.catalogue import Catalogue, Message
from events.plans import PlannedDevice
from events.values import BlobAddress, Count, Identifier, KeyedDigest, Name, Reason, UndoRank, Value


class Report(Message):
    """Base of all reports. ``order`` is what it is about; ``worker`` who says so."""

    order: Identifier
    rollout: Identifier
    device: Name
    worker: Name


class Outcome(Report):
    """Base of the reports that end an order; an order has exactly one. ``took_ms`` counts from its start."""

    took_ms: Count = 0


class PlanComputed(Outcome):
    """The device was read and its part of the plan computed."""

    wire: ClassVar[str] = "PlanComputed"

    planned: PlannedDevice


class PlanFoundNothing(Outcome):
    """The device already is as the change wants it."""

    wire: ClassVar[str] = "PlanFoundNothing"


class PlanFailed(Outcome):
    """No plan for this device, and why."""

    wire: ClassVar[str] = "PlanFailed"

    reason: Reason


class PushIntended(Report):
    """The worker is about to open the device for writing."""

    wire: ClassVar[str] = "PushIntended"


class PushStaged(Report):
    """Everything is ready for the write, which comes next.

    ``before`` is the blob of the touched sections as they are: who has to finish this push needs it. ``undo`` is how
    the device undoes what nobody confirms.
    """

    wire: ClassVar[str] = "PushStaged"

    undo: UndoRank
    before: BlobAddress


class DriftNoted(Report):
    """Something else on the device has changed since it was planned; it stops nothing."""

    wire: ClassVar[str] = "DriftNoted"

    detail: str = Field(max_length=4_000)


class CheckResult(Value):
    """One post-check: what it is called, whether it held, and what was seen, redacted."""

    name: str = Field(max_length=200)
    passed: bool
    seen: str = Field(default="", max_length=1_000)


class PushVerified(Outcome):
    """The order's target is reached, confirmed, read back and saved.

    ``before`` is the blob of the touched sections as they were, ``after`` the digest of them as they are: what a
    roll-back needs. ``observed`` is the blob of the redacted difference that was seen.
    """

    wire: ClassVar[str] = "PushVerified"

    before: BlobAddress
    after: KeyedDigest
    observed: BlobAddress
    checks: tuple[CheckResult, ...] = ()


class AlreadyApplied(Outcome):
    """The target was reached before this order did anything, and no earlier order of this rollout had begun."""

    wire: ClassVar[str] = "AlreadyApplied"


class PushReverted(Outcome):
    """The change was on the device and is undone: by us, by the device's timer or by its dead-man."""

    wire: ClassVar[str] = "PushReverted"

    reason: Reason
    checks: tuple[CheckResult, ...] = ()


class PushFailed(Outcome):
    """Nothing changed on the device, and why."""

    wire: ClassVar[str] = "PushFailed"

    reason: Reason


class PushRefused(Outcome):
    """What would happen is not what was approved; nothing was written."""

    wire: ClassVar[str] = "PushRefused"

    reason: Reason


class DriftFound(Outcome):
    """The touched sections are not as they were planned; nothing was written."""

    wire: ClassVar[str] = "DriftFound"

    reason: Reason


class PushUnknown(Outcome):
    """It cannot be told what the device has; reading back will."""

    wire: ClassVar[str] = "PushUnknown"

    reason: Reason


class OrderReturned(Outcome):
    """The order was given back before anything was written."""

    wire: ClassVar[str] = "OrderReturned"

    reason: Reason


class CredentialRefused(Report):
    """A device refused a login: the credential is to stop everywhere, before accounts are locked."""

    wire: ClassVar[str] = "CredentialRefused"

    credential: Name


REPORTS = Catalogue(
    "report",
    PlanComputed,
    PlanFoundNothing,
    PlanFailed,
    PushIntended,
    PushStaged,
    DriftNoted,
    PushVerified,
    AlreadyApplied,
    PushReverted,
    PushFailed,
    PushRefused,
    DriftFound,
    PushUnknown,
    OrderReturned,
    CredentialRefused,
)
