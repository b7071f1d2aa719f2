"""What has been decided so far: the one state that the facts fold into."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from immutables import Map

from automation.rollout.states import ENGAGED, IN_FLIGHT, UNHEALTHY, DeviceState, RolloutState
from events.authority import Authority
from events.codec import GENESIS
from events.facts import PlanApproved, Strategy, Target
from events.orders import Unresolved
from events.plans import ApprovalWanted, PlannedDevice
from events.values import Reason

#: Devices are found by their state and their wave; None is for those that are in no wave.
Place = tuple[DeviceState, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProgress:
    """A device in a rollout.

    ``number`` is its own among the rollout's targets. ``wave`` is None until the plan is sealed, and for what is not in
    it. ``order`` is the unfinished order and ``work`` its wire name; ``attempts`` counts all orders. ``rests`` is the
    state to come back to when an order is given back; ``returns`` counts how often in a row that happened. ``worker``
    said last that it is at the device for this order, ``superseded`` are those who said so before.
    ``before`` and ``after`` are what a roll-back needs; ``staged`` what a reconciliation needs of the order that last
    came to the point of writing; ``unresolved`` is set while the device is unknown, ``looks`` counts how often it was
    looked at since.
    """

    target: Target
    number: int
    state: DeviceState = DeviceState.PENDING
    wave: int | None = None
    attempts: int = 0
    order: str | None = None
    work: str | None = None
    rests: DeviceState = DeviceState.PENDING
    returns: int = 0
    worker: str | None = None
    superseded: frozenset[str] = frozenset()
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

    @property
    def doubtful(self) -> bool:
        """Whether it is open that the device stands, so that its twin may be its group's last."""
        return self.state in ENGAGED or self.unhealthy


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What is being undone: these devices, or all where it is ``whole``.

    ``control`` is how far control had been read: halts before it were known and are no bar. ``again`` are devices that
    could not be brought back before and are to be tried once more. ``done``: everything in it is decided.
    """

    devices: frozenset[str]
    again: frozenset[str]
    whole: bool
    authority: str
    control: int
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One execution of a change.

    ``since`` is when its state was entered. ``halts`` are the ids that stopped it; ``at_halt`` are the devices that
    were in flight then, where they are to be undone. ``proposed`` is the number of the fact that proposed it, ``size``
    the number of targets, ``counts`` that of devices in each state, ``places`` has the devices' names by state and
    wave, each by its number. ``rollback`` is the last one that was asked for.
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
    proposed: int
    size: int
    devices: Map[str, DeviceProgress] = Map()
    places: Map[Place, Map[int, str]] = Map()
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

    def found(self, state: DeviceState, wave: int | None) -> Iterable[str]:
        """The devices of a wave that are in a state, in an order that is the same in every process."""
        return self.places.get((state, wave), _NOBODY).values()

    @property
    def undoing(self) -> Rollback | None:
        """What is to be undone still, be it halted meanwhile."""
        return None if self.rollback is None or self.rollback.done else self.rollback

    @property
    def in_flight(self) -> int:
        """How many devices something may be happening at now."""
        return self.count(*IN_FLIGHT)

    @property
    def halts_at(self) -> int:
        """At how many unhealthy devices it halts; at the latest when they leave no room for another push."""
        return min(self.strategy.halt_at, self.strategy.max_unhealthy)

    def missing(self, now: datetime) -> tuple[ApprovalWanted, ...]:
        """The areas that have not agreed, with how many people are missing in each."""
        given = {(approval.area, approval.approver) for approval in self.approvals if approval.until > now}
        counts = {wanted.area: sum(area == wanted.area for area, _ in given) for wanted in self.wanted}
        return tuple(
            ApprovalWanted(area=wanted.area, count=wanted.count - counts[wanted.area])
            for wanted in self.wanted
            if counts[wanted.area] < wanted.count
        )


_NOBODY: Map[int, str] = Map()


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

    ``busy`` has the rollout that has each device to itself: it may be writing to it, or does not know what it wrote.
    ``doubtful`` has, by redundancy group, rollouts and devices of which it is open whether they stand. ``own_halts``
    are those that the coordinator has to raise in control, by their ids: a subject and a reason.
    """

    authority: Authority
    seq: int = 0
    head: str = GENESIS
    changes: Map[str, Submitted] = Map()
    rollouts: Map[str, Rollout] = Map()
    used: Map[str, None] = Map()
    busy: Map[str, str] = Map()
    doubtful: Map[str, frozenset[tuple[str, str]]] = Map()
    host_keys: Map[str, tuple[str, ...]] = Map()
    own_halts: Map[str, tuple[str, str]] = field(default_factory=Map)
    active: Map[str, None] = Map()


def empty(log: str) -> State:
    """The state of a log in which nothing has happened."""
    return State(authority=Authority(log=log))
