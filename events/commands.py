"""What somebody asks, in the imperative. Each travels inside a signed envelope (see :mod:`events.signing`)."""

from typing import ClassVar

from pydantic import Field

from events.catalogue import Catalogue, Message
from events.values import Digest, HostKey, Identifier, Moment, Name, Text


class Command(Message):
    """Base of all commands."""


class SubmitChange(Command):
    """Make a change known: its bundle is stored, and rollouts can be requested of it.

    ``files`` carries the bundle itself, each path with its content in base64, for whoever cannot write to the blob
    store; without it the bundle must be in the store under ``bundle``.
    """

    wire: ClassVar[str] = "SubmitChange"

    bundle: Digest
    files: dict[str, str] | None = None


class RequestRollout(Command):
    """Plan a change over what its selector names now, narrowed by ``only`` where given."""

    wire: ClassVar[str] = "RequestRollout"

    change: Digest
    only: str | None = Field(default=None, max_length=2_000)
    reason: Text = ""


class ApprovePlan(Command):
    """Agree, for an area, to exactly this plan.

    ``accept_no_undo`` names the devices whose lack of any undo is accepted; ``save_foreign`` agrees to write lines to
    startup that others left unsaved on the devices.
    """

    wire: ClassVar[str] = "ApprovePlan"

    rollout: Identifier
    plan: Digest
    area: Name
    until: Moment
    note: Text = ""
    accept_no_undo: tuple[Name, ...] = Field(default=(), max_length=2_000)
    save_foreign: bool = False


class RejectPlan(Command):
    """Refuse a plan, for an area; the rollout ends."""

    wire: ClassVar[str] = "RejectPlan"

    rollout: Identifier
    plan: Digest
    area: Name
    reason: Text


class WithdrawRollout(Command):
    """Give a rollout up before it started."""

    wire: ClassVar[str] = "WithdrawRollout"

    rollout: Identifier
    reason: Text


class HoldRollout(Command):
    """Start nothing new; what is in flight finishes."""

    wire: ClassVar[str] = "HoldRollout"

    rollout: Identifier
    reason: Text


class ResumeRollout(Command):
    """Go on with a rollout that is held or halted; refused while any halt on it stands."""

    wire: ClassVar[str] = "ResumeRollout"

    rollout: Identifier
    reason: Text = ""


class SkipDevices(Command):
    """Leave these devices out, as they are; they no longer count as unhealthy."""

    wire: ClassVar[str] = "SkipDevices"

    rollout: Identifier
    devices: tuple[Name, ...] = Field(min_length=1, max_length=5_000)
    reason: Text


class RetryDevices(Command):
    """Push again to these devices, which failed; none named means all that failed."""

    wire: ClassVar[str] = "RetryDevices"

    rollout: Identifier
    devices: tuple[Name, ...] = Field(default=(), max_length=5_000)
    reason: Text = ""


class RollBack(Command):
    """Undo what the rollout changed: on one wave, on these devices, or, with neither, on all."""

    wire: ClassVar[str] = "RollBack"

    rollout: Identifier
    wave: int | None = Field(default=None, ge=0)
    devices: tuple[Name, ...] = Field(default=(), max_length=2_000)
    reason: Text


class RecordHostKeys(Command):
    """Trust these keys of a device; ``replace`` says that the old ones are gone with their hardware."""

    wire: ClassVar[str] = "RecordHostKeys"

    device: Name
    keys: tuple[HostKey, ...] = Field(min_length=1, max_length=16)
    replace: bool = False
    reason: Text = ""


COMMANDS = Catalogue(
    "command",
    SubmitChange,
    RequestRollout,
    ApprovePlan,
    RejectPlan,
    WithdrawRollout,
    HoldRollout,
    ResumeRollout,
    SkipDevices,
    RetryDevices,
    RollBack,
    RecordHostKeys,
)
