"""What has been decided so far: the one state that the facts fold into."""

from dataclasses import dataclass, field
from datetime import datetime

from immutables import Map

from automation.rollout.states import IN_FLIGHT, UNHEALTHY, DeviceState, RolloutState
from events.authority import Authority
from events.codec import GENESIS
from events.facts import PlanApproved, Strategy, Target
from events.orders import Unresolved
from events.plans import ApprovalWanted, PlannedDevice
from events.values import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProgress:
    """A device in a rollout.

    ``wave`` is None until the plan is sealed, and for what is not in it. ``order`` is the unfinished order and ``work``
    its wire name; ``attempts`` counts all orders. ``rests`` is the state to come back to when an order is given back.
    ``before`` and ``after`` are what a roll-back needs; ``staged`` what a reconciliation needs of the order that last
    came to the point of writing; ``unresolved`` is set while the device is unknown.
    """

    target: Target
    state: DeviceState = DeviceState.PENDING
    wave: int | None = None
    attempts: int = 0
    order: str | None = None
    work: str | None = None
    rests: DeviceState = DeviceState.PENDING
    planned: PlannedDevice | None = None
    before: str | None = None
    after: str | None = None
    staged: Unresolved | None = None
    unresolved: Unresolved | None = None
    look_again_at: datetime | None = None
    looks: int = 0
    reason: Reason | None = None

    @property
    def in_flight(self) -> bool:
        """Whether something may be happening at the device now."""
        return self.state in IN_FLIGHT

    @property
    def unhealthy(self) -> bool:
        """Whether the device is in the plan, did not end well, and nobody has decided about it."""
        return self.wave is not None and self.state in UNHEALTHY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What is being undone.

    ``control`` is how far control had been read: halts before it were known and are no bar. ``again`` are devices that
    could not be brought back before and are to be tried once more.
    """

    devices: frozenset[str]
    again: frozenset[str]
    whole: bool
    authority: str
    control: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One execution of a change.

    ``since`` is when its state was entered. ``halts`` are the ids that stopped it; ``at_halt`` are the devices that
    were in flight then, where they are to be undone. ``proposed`` is the number of the fact that
    began it, ``size`` the number of targets, ``counts`` that of devices in
    each state.
    """

    id: str
    change: str
    title: str
    ticket: str
    team: str
    authors: frozenset[str]
    inventory: str
    task: str | None
    strategy: Strategy
    wanted: tuple[ApprovalWanted, ...]
    state: RolloutState
    since: datetime
    size: int
    proposed: int
    devices: Map[str, DeviceProgress] = Map()
    counts: Map[DeviceState, int] = Map()
    unhealthy: int = 0
    planning: int = 0
    plan: str | None = None
    waves: tuple[tuple[str, ...], ...] = ()
    wave: int = -1
    approvals: tuple[PlanApproved, ...] = ()
    bake_until: datetime | None = None
    halts: tuple[str, ...] = ()
    at_halt: frozenset[str] = frozenset()
    rollback: Rollback | None = None

    def count(self, *states: DeviceState) -> int:
        """How many devices are in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def in_flight(self) -> int:
        """How many devices something may be happening at now."""
        return self.count(*IN_FLIGHT)

    def missing(self, now: datetime) -> tuple[ApprovalWanted, ...]:
        """The areas that have not agreed, with how many people are missing in each."""
        given = {(approval.area, approval.approver) for approval in self.approvals if approval.until > now}
        counts = {wanted.area: sum(area == wanted.area for area, _ in given) for wanted in self.wanted}
        return tuple(
            ApprovalWanted(area=wanted.area, count=wanted.count - counts[wanted.area])
            for wanted in self.wanted
            if counts[wanted.area] < wanted.count
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A change that is known, and everybody who submitted it."""

    id: str
    title: str
    ticket: str
    team: str
    authors: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that is decided upon. ``seq`` and ``head`` are the number of the next fact and the last one's digest.

    ``busy`` has each device's unfinished order, over all rollouts. ``own_halts`` are those that the coordinator has
    to raise in control, by their ids.
    """

    authority: Authority
    seq: int = 0
    head: str = GENESIS
    changes: Map[str, Submitted] = Map()
    rollouts: Map[str, Rollout] = Map()
    used: Map[str, None] = Map()
    busy: Map[str, str] = Map()
    host_keys: Map[str, tuple[str, ...]] = Map()
    own_halts: Map[str, tuple[str, str]] = field(default_factory=Map)
    active: Map[str, None] = Map()


def empty(log: str) -> State:
    """The state of a log in which nothing has happened."""
    return State(authority=Authority(log=log))
