"""Facts about a rollout as a whole."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from events.facts.base import RolloutFact
from events.plans import ApprovalWanted
from events.values import Count, Digest, Identifier, Moment, Name, Signed, Text, Value

Share = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?%$")]
"""A share, such as 10%."""

WaveSize = Annotated[int, Field(ge=1, le=1_000_000)] | Share
"""A number of sites, or a share of them."""


class Strategy(Value):
    """How a rollout goes forward; the numbers are a change's own.

    ``canary`` and ``waves`` count sites; a share is of all the rollout's sites and the last entry repeats until all
    are in a wave. ``max_unhealthy`` bounds devices in flight and unhealthy together, ``halt_at`` is the number of
    unhealthy devices at which the rollout halts, ``bake_s`` the seconds between a wave's end and the next one's start.
    """

    canary: int = Field(default=1, ge=1, le=1_000_000)
    waves: tuple[WaveSize, ...] = Field(default=("10%", "25%", "50%"), min_length=1, max_length=100)
    max_in_flight: int = Field(default=50, ge=1, le=5_000)
    max_unhealthy: int = Field(default=50, ge=1, le=1_000_000)
    halt_at: int = Field(default=1, ge=1, le=1_000_000)
    bake_s: float = Field(default=300, ge=0, le=30 * 86_400)


class Target(Value):
    """A device that a rollout is about, as the inventory described it when the rollout was requested."""

    device: Name
    site: Name
    region: Name
    tier: Name | None = None
    role: Name
    platform: Name
    group: Name | None = None
    via: Name | None = None
    credential: Name


class RolloutProposed(RolloutFact):
    """Somebody asked for a change to be rolled out, over ``count`` devices, which the facts that follow name.

    ``authors`` are all who submitted the change. They and the requester may not approve it.
    """

    wire: ClassVar[str] = "RolloutProposed"

    change: Digest
    title: Text
    ticket: str = Field(max_length=200)
    team: Name
    authors: tuple[Name, ...] = Field(min_length=1)
    requester: Name
    reason: Text
    inventory: Digest
    task: Digest | None
    strategy: Strategy
    approvals: tuple[ApprovalWanted, ...] = Field(min_length=1)
    count: int = Field(ge=1, le=1_000_000)


class TargetsFrozen(RolloutFact):
    """Some of the devices that the selector named; together with its like, all of them."""

    wire: ClassVar[str] = "TargetsFrozen"

    targets: tuple[Target, ...] = Field(min_length=1)


class PlanningStarted(RolloutFact):
    """Workers read the devices."""

    wire: ClassVar[str] = "PlanningStarted"


class WavePlanned(RolloutFact):
    """Which devices are changed together; waves are planned in order, the canary is number 0.

    A large wave comes in several facts with its number.
    """

    wire: ClassVar[str] = "WavePlanned"

    wave: Count
    devices: tuple[Name, ...] = Field(min_length=1)


class PlanSealed(RolloutFact):
    """The plan is frozen; ``plan`` is its digest, under which the blob with all of it is found."""

    wire: ClassVar[str] = "PlanSealed"

    plan: Digest


class PlanApproved(RolloutFact):
    """One person's agreement. ``approval`` is the command's id, ``signed`` what was signed."""

    wire: ClassVar[str] = "PlanApproved"

    plan: Digest
    area: Name
    approver: Name
    key: Identifier
    approval: Identifier
    until: Moment
    note: Text
    signed: Signed


class ApprovalWithdrawn(RolloutFact):
    """An approval does not count any more: it was revoked, or has expired."""

    wire: ClassVar[str] = "ApprovalWithdrawn"

    approval: Identifier
    reason: Text


class RolloutScheduled(RolloutFact):
    """Every area has agreed."""

    wire: ClassVar[str] = "RolloutScheduled"


class PlanRejected(RolloutFact):
    """An area said no."""

    wire: ClassVar[str] = "PlanRejected"

    area: Name
    reason: Text


class RolloutWithdrawn(RolloutFact):
    """Given up before it started: by a person, or by the coordinator where nothing of it could be planned."""

    wire: ClassVar[str] = "RolloutWithdrawn"

    reason: Text


class RolloutExpired(RolloutFact):
    """Nobody decided in time, or nothing was left to do anything about."""

    wire: ClassVar[str] = "RolloutExpired"

    reason: Text


class WaveStarted(RolloutFact):
    """Orders of this wave are released from now on."""

    wire: ClassVar[str] = "WaveStarted"

    wave: Count


class BakeStarted(RolloutFact):
    """A wave is done and is watched for a while."""

    wire: ClassVar[str] = "BakeStarted"

    wave: Count
    until: Moment


class RolloutHeld(RolloutFact):
    """Nothing new starts until somebody resumes."""

    wire: ClassVar[str] = "RolloutHeld"

    reason: Text


class RolloutResumed(RolloutFact):
    """It goes on."""

    wire: ClassVar[str] = "RolloutResumed"

    reason: Text


class RolloutHalting(RolloutFact):
    """It stops: nothing new starts, what is in flight settles. ``halt`` is the id that must be lifted to go on."""

    wire: ClassVar[str] = "RolloutHalting"

    halt: Identifier
    reason: Text
    revert: bool = False


class RolloutHalted(RolloutFact):
    """Nothing is in flight any more."""

    wire: ClassVar[str] = "RolloutHalted"


class RollbackStarted(RolloutFact):
    """What was changed on these devices is being undone; on all of the rollout's, unnamed, where it is ``whole``."""

    wire: ClassVar[str] = "RollbackStarted"

    devices: tuple[Name, ...]
    whole: bool
    reason: Text
    authority: Signed


class RolloutRolledBack(RolloutFact):
    """Everything that the rollout changed is undone."""

    wire: ClassVar[str] = "RolloutRolledBack"


class PartRolledBack(RolloutFact):
    """What was asked to be undone is undone; the rest of the rollout waits for a decision."""

    wire: ClassVar[str] = "PartRolledBack"


class RollbackFailed(RolloutFact):
    """At least one device could not be brought back."""

    wire: ClassVar[str] = "RollbackFailed"

    devices: tuple[Name, ...]


class RolloutCompleted(RolloutFact):
    """Every device of every wave has been decided."""

    wire: ClassVar[str] = "RolloutCompleted"
