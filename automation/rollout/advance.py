"""What happens by itself: when planning is done, when a wave is, when time has passed, when something hurts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from automation.rollout.commands import can_be_rolled_back
from automation.rollout.decision import CLOCK, COORDINATOR, Decision
from automation.rollout.releasing import (
    Moment,
    ready,
    release_plans,
    release_pushes,
    release_reconciliations,
    release_undos,
    to_undo,
    twin_to_decide,
    undo_in_the_way,
)
from automation.rollout.sealing import plan_of
from automation.rollout.state import Rollback, Rollout, State
from automation.rollout.states import DeviceState, RolloutState
from automation.rollout.waves import compute
from events import facts
from events.control import AUTOMATIC, Subject
from events.facts import Fact
from events.plans import digest

#: A plan that nobody has decided about is void after this; the devices will have changed.
DECIDE_WITHIN = timedelta(days=7)

#: So many devices of a wave go into one fact: a record of the log is bounded.
_PER_FACT = 5_000

#: As many names are listed in a reason.
_NAMES = 8

D, R = DeviceState, RolloutState


def advance(state: State, now: datetime) -> Iterator[Decision]:
    """The facts that are due now, one decision for each rollout that has any.

    Call it again after they have been folded in, until nothing is due: one thing leads to another. Decisions of one
    call can be folded in one after the other; no device and no redundancy group gets an order in two of them.
    """
    moment = Moment(state, now)
    for name in sorted(state.active):
        following = tuple(_DUE[state.rollouts[name].state](_Due(moment, state.rollouts[name])))
        if following:
            yield Decision(by=COORDINATOR, cause=CLOCK, facts=following)


@dataclass(frozen=True, slots=True)
class _Due:
    """One rollout, in its state, at a time."""

    moment: Moment
    rollout: Rollout

    @property
    def state(self) -> State:
        return self.moment.state

    @property
    def now(self) -> datetime:
        return self.moment.now

    @property
    def id(self) -> str:
        return self.rollout.id


def _proposed(due: _Due) -> Iterator[Fact]:
    yield facts.PlanningStarted(rollout=due.id)


def _planning(due: _Due) -> Iterator[Fact]:
    rollout = due.rollout
    if rollout.count(D.PENDING):
        yield from release_plans(due.moment, rollout)
    elif rollout.count(D.PLANNED):
        yield from _sealing(due)
    elif failed := rollout.count(D.FAILED):
        why = f"{failed} of {len(rollout.devices)} devices could not be planned, and none of the others needs a change"
        yield facts.RolloutWithdrawn(rollout=rollout.id, reason=why)
    else:
        yield facts.RolloutCompleted(rollout=rollout.id)


def _sealing(due: _Due) -> Iterator[Fact]:
    rollout = due.rollout
    planned = [device.planned for device in rollout.devices.values() if device.planned is not None]
    waves = compute(planned, rollout.strategy)
    for number, devices in enumerate(waves):
        for start in range(0, len(devices), _PER_FACT):
            yield facts.WavePlanned(rollout=rollout.id, wave=number, devices=devices[start : start + _PER_FACT])
    yield facts.PlanSealed(rollout=rollout.id, plan=digest(plan_of(due.state, rollout, waves).sealed()))


def _awaiting(due: _Due) -> Iterator[Fact]:
    if not due.rollout.missing(due.now):
        yield facts.RolloutScheduled(rollout=due.id)
    elif due.now - due.rollout.since >= DECIDE_WITHIN:
        days = DECIDE_WITHIN.days
        yield facts.RolloutExpired(rollout=due.id, reason=f"not every area decided within {days} days")


def _scheduled(due: _Due) -> Iterator[Fact]:
    held = _approvals_gone(due)
    if held:
        yield held
    elif not due.state.authority.standing([Subject(kind="rollout", name=due.id)]):
        yield facts.WaveStarted(rollout=due.id, wave=0)


def _running(due: _Due) -> Iterator[Fact]:
    stop = _approvals_gone(due) or _hurt(due)
    if stop:
        yield stop
        return
    rollout = due.rollout
    released = [*release_reconciliations(due.moment, rollout), *release_pushes(due.moment, rollout)]
    yield from released
    if rollout.wave < 0:
        yield facts.WaveStarted(rollout=rollout.id, wave=0)
    elif not _undecided(rollout):
        until = due.now + timedelta(seconds=rollout.strategy.bake_s)
        yield facts.BakeStarted(rollout=rollout.id, wave=rollout.wave, until=until)
    elif not released:
        yield from _stalled(due)


def _undecided(rollout: Rollout) -> bool:
    """Whether any device of the waves so far has still to be dealt with."""
    return bool(rollout.count(D.RELEASED, D.IN_PROGRESS, D.UNKNOWN)) or any(True for _ in ready(rollout))


def _stalled(due: _Due) -> Iterator[Fact]:
    """The hold that is due when all that is left waits for a decision about a twin that did not end well."""
    rollout = due.rollout
    if rollout.in_flight or rollout.count(D.UNKNOWN):
        return
    twins: set[str] = set()
    for device in ready(rollout):
        twin = twin_to_decide(due.state, rollout, device)
        if twin is None:
            return
        twins.add(twin)
    reason = f"the last devices of their groups wait until it is decided about {_listed(sorted(twins))}: skip or retry"
    yield facts.RolloutHeld(rollout=rollout.id, reason=reason)


def _baking(due: _Due) -> Iterator[Fact]:
    rollout = due.rollout
    stop = _approvals_gone(due) or _hurt(due)
    if stop:
        yield stop
    elif rollout.bake_until is not None and due.now >= rollout.bake_until:
        if rollout.wave + 1 < len(rollout.waves):
            yield facts.WaveStarted(rollout=rollout.id, wave=rollout.wave + 1)
        else:
            yield facts.RolloutCompleted(rollout=rollout.id)


def _resting(due: _Due) -> Iterator[Fact]:
    """Nothing new, but what is unknown is still looked at."""
    yield from release_reconciliations(due.moment, due.rollout)


def _halting(due: _Due) -> Iterator[Fact]:
    if due.rollout.in_flight:
        return
    yield facts.RolloutHalted(rollout=due.id)


def _halted(due: _Due) -> Iterator[Fact]:
    rollout = due.rollout
    hurt = sorted(name for name in rollout.at_halt if can_be_rolled_back(rollout.devices[name]))
    asked = [halt for name in rollout.halts if (halt := due.state.authority.halts.get(name)) and halt.revert]
    if hurt and asked:
        yield facts.RollbackStarted(
            rollout=rollout.id,
            devices=tuple(hurt),
            whole=False,
            reason=f"they were in flight when {asked[-1].by} halted with --revert",
            authority=asked[-1].signed,
        )
        return
    yield from _resting(due)


def _rolling_back(due: _Due) -> Iterator[Fact]:
    rollout, undo = due.rollout, due.rollout.undoing
    if undo is None:
        return
    released = [*release_reconciliations(due.moment, rollout), *release_undos(due.moment, rollout, undo)]
    yield from released
    if released or rollout.in_flight or undo.again or _unknown_in(rollout, undo):
        return
    left = list(to_undo(rollout, undo))
    stuck = [device.target.device for device in left if _is_stuck(due, undo_in_the_way(due.state, rollout, device))]
    if len(stuck) == len(left):
        yield _undone(rollout, undo, stuck)


def _unknown_in(rollout: Rollout, undo: Rollback) -> bool:
    if not rollout.count(D.UNKNOWN):
        return False
    return undo.whole or any(rollout.devices[name].state is D.UNKNOWN for name in undo.devices)


def _is_stuck(due: _Due, twin: str | None) -> bool:
    """Whether a person has to see to the twin first: it could not be brought back in this rollout."""
    own = due.rollout.devices.get(twin) if twin else None
    return own is not None and own.state is D.ROLLBACK_FAILED


def _undone(rollout: Rollout, undo: Rollback, stuck: list[str]) -> Fact:
    names = rollout.devices if undo.whole else undo.devices
    failed = [name for name in names if rollout.devices[name].state is D.ROLLBACK_FAILED]
    if failed or stuck:
        return facts.RollbackFailed(rollout=rollout.id, devices=tuple(sorted({*failed, *stuck})))
    if undo.whole:
        return facts.RolloutRolledBack(rollout=rollout.id)
    return facts.PartRolledBack(rollout=rollout.id)


def _approvals_gone(due: _Due) -> Fact | None:
    missing = due.rollout.missing(due.now)
    if not missing:
        return None
    areas = ", ".join(wanted.area for wanted in missing)
    return facts.RolloutHeld(rollout=due.id, reason=f"approvals of {areas} have run out or were revoked")


def _hurt(due: _Due) -> Fact | None:
    """The halt that is due because too many devices ended badly, or none could be begun any more."""
    rollout = due.rollout
    if rollout.unhealthy < rollout.halts_at:
        return None
    hurt = sorted(name for name, device in rollout.devices.items() if device.unhealthy)
    reason = f"{len(hurt)} unhealthy, the change stops at {rollout.halts_at}: {_listed(hurt)}"
    return facts.RolloutHalting(rollout=rollout.id, halt=f"{AUTOMATIC}{rollout.id}.{due.state.seq}", reason=reason)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMES])
    return shown if len(names) <= _NAMES else f"{shown} and {len(names) - _NAMES} more"


def _nothing(_due: _Due) -> Iterator[Fact]:
    return iter(())


_DUE: Mapping[RolloutState, Callable[[_Due], Iterator[Fact]]] = {
    R.PROPOSED: _proposed,
    R.PLANNING: _planning,
    R.AWAITING_APPROVAL: _awaiting,
    R.SCHEDULED: _scheduled,
    R.RUNNING: _running,
    R.BAKING: _baking,
    R.HELD: _resting,
    R.HALTING: _halting,
    R.HALTED: _halted,
    R.ROLLING_BACK: _rolling_back,
    R.ROLLBACK_FAILED: _resting,
    **dict.fromkeys((R.COMPLETED, R.ROLLED_BACK, R.REJECTED, R.WITHDRAWN, R.EXPIRED), _nothing),
}
