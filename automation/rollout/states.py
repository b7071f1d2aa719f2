"""The states of a rollout and of a device in it, and which facts lead from one to another."""

from collections.abc import Mapping
from enum import StrEnum

from events import facts
from events.facts import Fact
from events.orders import PlanDevice, PushDevice, RollBackDevice


class RolloutState(StrEnum):
    """Where a rollout stands."""

    PROPOSED = "proposed"  # asked for; which devices is frozen
    PLANNING = "planning"  # workers read the devices
    AWAITING_APPROVAL = "awaiting_approval"  # the plan is sealed; every area has to agree
    SCHEDULED = "scheduled"  # agreed; starts as soon as nothing stands in the way
    RUNNING = "running"  # orders of a wave are released
    BAKING = "baking"  # a wave is done and watched
    HELD = "held"  # a person, or an approval that ran out, stops new orders; resumable
    HALTING = "halting"  # stopped; what is in flight settles
    HALTED = "halted"  # stopped and settled; waits for a decision
    ROLLING_BACK = "rolling_back"  # devices are brought back
    ROLLED_BACK = "rolled_back"  # everything it changed is undone
    ROLLBACK_FAILED = "rollback_failed"  # a device could not be brought back; a person has to
    COMPLETED = "completed"  # every device is decided
    REJECTED = "rejected"  # an area said no
    WITHDRAWN = "withdrawn"  # given up before it started
    EXPIRED = "expired"  # nobody decided in time


class DeviceState(StrEnum):
    """Where a device stands in a rollout."""

    PENDING = "pending"  # not planned yet
    PLANNED = "planned"  # waits for its wave
    UNCHANGED = "unchanged"  # was already as the change wants it
    RELEASED = "released"  # its order is with the workers
    IN_PROGRESS = "in_progress"  # a worker is at it
    VERIFIED = "verified"  # changed, read back, saved
    FAILED = "failed"  # nothing changed on it
    DRIFTED = "drifted"  # somebody changed the touched sections; nothing was written
    REFUSED = "refused"  # what would happen was not what was approved; nothing was written
    REVERTED = "reverted"  # changed, did not hold, undone
    UNKNOWN = "unknown"  # it cannot be told; is read back until it can
    ROLLED_BACK = "rolled_back"  # brought back after it had been verified
    ROLLBACK_FAILED = "rollback_failed"  # could not be brought back
    SKIPPED = "skipped"  # a person decided to leave it as it is


R, D = RolloutState, DeviceState

#: A rollout in one of these can still do something by itself or on request.
OPEN = frozenset(RolloutState) - {R.REJECTED, R.WITHDRAWN, R.EXPIRED, R.ROLLED_BACK}

#: A rollout in one of these does something by itself, now or when time passes.
ACTIVE = OPEN - {R.COMPLETED}

#: Devices at which something may be happening now.
IN_FLIGHT = frozenset({D.RELEASED, D.IN_PROGRESS})

#: Devices of a plan that did not end well; a person has to look at them.
UNHEALTHY = frozenset({D.FAILED, D.REVERTED, D.UNKNOWN, D.ROLLBACK_FAILED})

#: Devices that are worked on, or that may not stand: nobody touches their twins meanwhile, in whatever rollout.
ENGAGED = IN_FLIGHT | {D.UNKNOWN, D.ROLLBACK_FAILED}

#: Devices that can be pushed to again when a person asks for it.
RETRIABLE = frozenset({D.FAILED, D.REVERTED, D.REFUSED, D.DRIFTED})

#: Devices that a person may leave as they are.
SKIPPABLE = RETRIABLE | {D.PLANNED, D.UNKNOWN, D.ROLLBACK_FAILED}

#: From each state of a rollout, the facts that leave it and where they lead. A fact that is not there cannot happen.
TRANSITIONS: Mapping[RolloutState, Mapping[type[Fact], RolloutState]] = {
    R.PROPOSED: {facts.PlanningStarted: R.PLANNING, facts.RolloutWithdrawn: R.WITHDRAWN},
    R.PLANNING: {
        facts.PlanSealed: R.AWAITING_APPROVAL,
        facts.RolloutCompleted: R.COMPLETED,
        facts.RolloutWithdrawn: R.WITHDRAWN,
    },
    R.AWAITING_APPROVAL: {
        facts.RolloutScheduled: R.SCHEDULED,
        facts.PlanRejected: R.REJECTED,
        facts.RolloutWithdrawn: R.WITHDRAWN,
        facts.RolloutExpired: R.EXPIRED,
    },
    R.SCHEDULED: {
        facts.WaveStarted: R.RUNNING,
        facts.RolloutHeld: R.HELD,
        facts.RolloutHalting: R.HALTING,
        facts.RolloutWithdrawn: R.WITHDRAWN,
    },
    R.RUNNING: {
        facts.BakeStarted: R.BAKING,
        facts.RolloutHeld: R.HELD,
        facts.RolloutHalting: R.HALTING,
        facts.RollbackStarted: R.ROLLING_BACK,
        facts.WaveStarted: R.RUNNING,  # the canary, where it was held or halted before it began
    },
    R.BAKING: {
        facts.WaveStarted: R.RUNNING,
        facts.RolloutCompleted: R.COMPLETED,
        facts.RolloutResumed: R.RUNNING,
        facts.RolloutHeld: R.HELD,
        facts.RolloutHalting: R.HALTING,
        facts.RollbackStarted: R.ROLLING_BACK,
    },
    R.HELD: {
        facts.RolloutResumed: R.RUNNING,
        facts.RolloutHalting: R.HALTING,
        facts.RollbackStarted: R.ROLLING_BACK,
        facts.RolloutWithdrawn: R.WITHDRAWN,
    },
    R.HALTING: {facts.RolloutHalted: R.HALTED, facts.RolloutHalting: R.HALTING},
    R.HALTED: {
        facts.RolloutResumed: R.RUNNING,
        facts.RollbackStarted: R.ROLLING_BACK,
        facts.RolloutWithdrawn: R.WITHDRAWN,
    },
    R.ROLLING_BACK: {
        facts.RolloutRolledBack: R.ROLLED_BACK,
        facts.PartRolledBack: R.HALTED,
        facts.RollbackFailed: R.ROLLBACK_FAILED,
        facts.RolloutHalting: R.HALTING,
        facts.RollbackStarted: R.ROLLING_BACK,  # on somebody else's word, or of more
    },
    R.ROLLBACK_FAILED: {facts.RollbackStarted: R.ROLLING_BACK},
    R.COMPLETED: {facts.RolloutResumed: R.RUNNING, facts.RollbackStarted: R.ROLLING_BACK},
    R.ROLLED_BACK: {},
    R.REJECTED: {},
    R.WITHDRAWN: {},
    R.EXPIRED: {},
}

#: Rollouts that read unknown devices back.
LOOKING = frozenset({R.RUNNING, R.HELD, R.HALTED, R.ROLLING_BACK, R.ROLLBACK_FAILED})

#: Rollouts whose orders to write may be with the workers.
_WORKING = LOOKING | {R.HALTING}

#: Facts about a rollout that leave its state as it is, and the states in which they can happen.
STAYING: Mapping[type[Fact], frozenset[RolloutState]] = {
    facts.TargetsFrozen: frozenset({R.PROPOSED}),
    facts.WavePlanned: frozenset({R.PLANNING}),
    facts.PlanApproved: frozenset({R.AWAITING_APPROVAL, R.SCHEDULED, R.RUNNING, R.BAKING, R.HELD, R.HALTING, R.HALTED}),
    facts.ApprovalWithdrawn: OPEN,
    facts.DeviceSkipped: OPEN - {R.PROPOSED, R.PLANNING},
    facts.DeviceRetried: frozenset({R.RUNNING, R.HELD, R.HALTED}),
    facts.OrderReleased: LOOKING | {R.PLANNING},
    facts.DevicePlanned: frozenset({R.PLANNING}),
    facts.DevicePlanFailed: frozenset({R.PLANNING}),
    facts.DeviceUnchanged: _WORKING | {R.PLANNING},
    facts.DeviceReturned: _WORKING | {R.PLANNING},
    facts.PushStarted: _WORKING,
    facts.DeviceStaged: _WORKING,
    facts.ForeignDriftNoted: _WORKING,
    facts.DeviceVerified: _WORKING,
    facts.DeviceReverted: _WORKING,
    facts.DeviceFailed: _WORKING,
    facts.DeviceRefused: _WORKING,
    facts.DeviceDrifted: _WORKING,
    facts.DeviceLost: _WORKING,
    facts.DeviceRolledBack: _WORKING,
    facts.DeviceRollbackFailed: _WORKING,
}

#: Which orders a device in a state can get, by their wire names, and in which rollouts.
RELEASES: Mapping[DeviceState, Mapping[str, frozenset[RolloutState]]] = {
    D.PENDING: {PlanDevice.wire: frozenset({R.PLANNING})},
    D.PLANNED: {PushDevice.wire: frozenset({R.RUNNING})},
    D.UNKNOWN: {PushDevice.wire: LOOKING, RollBackDevice.wire: LOOKING},
    D.VERIFIED: {RollBackDevice.wire: frozenset({R.ROLLING_BACK})},
    D.ROLLBACK_FAILED: {RollBackDevice.wire: frozenset({R.ROLLING_BACK})},
}

_STEPS: tuple[type[Fact], ...] = (
    facts.PushStarted,
    facts.DeviceStaged,
    facts.ForeignDriftNoted,
    facts.DeviceLost,
    facts.DeviceReturned,
)
_PUSHED: tuple[type[Fact], ...] = (
    facts.DeviceVerified,
    facts.DeviceUnchanged,
    facts.DeviceReverted,
    facts.DeviceFailed,
    facts.DeviceRefused,
    facts.DeviceDrifted,
)

#: Which facts can come of an order, by its wire name.
COMES_OF: Mapping[str, frozenset[type[Fact]]] = {
    PlanDevice.wire: frozenset(
        {facts.DevicePlanned, facts.DeviceUnchanged, facts.DevicePlanFailed, facts.DeviceReturned}
    ),
    PushDevice.wire: frozenset({*_STEPS, *_PUSHED}),
    RollBackDevice.wire: frozenset({*_STEPS, facts.DeviceRolledBack, facts.DeviceRollbackFailed}),
}

_OUTCOMES: Mapping[type[Fact], DeviceState | None] = {
    facts.DeviceVerified: D.VERIFIED,
    facts.DeviceUnchanged: D.UNCHANGED,
    facts.DeviceReverted: D.REVERTED,
    facts.DeviceFailed: D.FAILED,
    facts.DeviceRefused: D.REFUSED,
    facts.DeviceDrifted: D.DRIFTED,
    facts.DeviceLost: D.UNKNOWN,
    facts.DeviceRolledBack: D.ROLLED_BACK,
    facts.DeviceRollbackFailed: D.ROLLBACK_FAILED,
}
_AGAIN: Mapping[type[Fact], DeviceState | None] = {facts.DeviceRetried: D.PLANNED, facts.DeviceSkipped: D.SKIPPED}

#: The same for a device. None: back to where it rested before its order. What stays put is listed too.
DEVICE_TRANSITIONS: Mapping[DeviceState, Mapping[type[Fact], DeviceState | None]] = {
    D.PENDING: {
        facts.OrderReleased: D.PENDING,
        facts.DevicePlanned: D.PLANNED,
        facts.DeviceUnchanged: D.UNCHANGED,
        facts.DevicePlanFailed: D.FAILED,
        facts.DeviceReturned: None,
    },
    D.PLANNED: {facts.OrderReleased: D.RELEASED, facts.DeviceSkipped: D.SKIPPED},
    D.RELEASED: {
        facts.PushStarted: D.IN_PROGRESS,
        facts.DeviceStaged: D.IN_PROGRESS,
        facts.DeviceReturned: None,
        **_OUTCOMES,
    },
    D.IN_PROGRESS: {
        facts.PushStarted: D.IN_PROGRESS,
        facts.DeviceStaged: D.IN_PROGRESS,
        facts.ForeignDriftNoted: D.IN_PROGRESS,
        facts.DeviceReturned: None,
        **_OUTCOMES,
    },
    D.UNKNOWN: {
        facts.OrderReleased: D.UNKNOWN,
        facts.PushStarted: D.UNKNOWN,
        facts.DeviceStaged: D.UNKNOWN,
        facts.ForeignDriftNoted: D.UNKNOWN,
        facts.DeviceReturned: D.UNKNOWN,
        facts.DeviceSkipped: D.SKIPPED,
        **_OUTCOMES,
    },
    D.VERIFIED: {facts.OrderReleased: D.RELEASED},
    D.FAILED: _AGAIN,
    D.REVERTED: _AGAIN,
    D.REFUSED: _AGAIN,
    D.DRIFTED: _AGAIN,
    D.ROLLBACK_FAILED: {facts.OrderReleased: D.RELEASED, facts.DeviceSkipped: D.SKIPPED},
    D.UNCHANGED: {},
    D.ROLLED_BACK: {},
    D.SKIPPED: {},
}
