"""What happens by itself: when planning is done, when a wave is, when time has passed, when something hurts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from automation.rollout.commands import can_be_rolled_back
from automation.rollout.decision import CLOCK, COORDINATOR, Decision
from automation.rollout.releasing import release_plans, release_pushes, release_reconciliations, release_undos
from automation.rollout.sealing import plan_of
from automation.rollout.state import Rollout, State
from automation.rollout.states import DeviceState, RolloutState
from automation.rollout.waves import compute
from events import facts
from events.control import Subject
from events.facts import Fact
from events.plans import digest

#: A plan that nobody has decided about is void after this; the devices will have changed.
DECIDE_WITHIN = timedelta(days=7)

D, R = DeviceState, RolloutState

#: Devices of these states have still to be dealt with before their wave is done.
_UNDECIDED = frozenset({D.PLANNED, D.RELEASED, D.IN_PROGRESS, D.UNKNOWN})


def advance(state: State, now: datetime) -> Iterator[Decision]:
    """The facts that are due now, one decision for each rollout that has any.

    Call it again after they have been folded in, until nothing is due: one thing leads to another.
    """
    for name in sorted(state.active):
        following = tuple(_DUE[state.rollouts[name].state](_Due(state, state.rollouts[name], now)))
        if following:
            yield Decision(by=COORDINATOR, cause=CLOCK, facts=following)


@dataclass(frozen=True, slots=True)
class _Due:
    """One rollout, in its state, at a time."""

    state: State
    rollout: Rollout
    now: datetime

    @property
    def id(self) -> str:
        return self.rollout.id


def _proposed(due: _Due) -> Iterator[Fact]:
    yield facts.PlanningStarted(rollout=due.id)


def _planning(due: _Due) -> Iterator[Fact]:
    rollout = due.rollout
    if rollout.count(D.PENDING):
        yield from release_plans(due.state, rollout, due.now)
    elif rollout.count(D.PLANNED):
        planned = [device.planned for device in rollout.devices.values() if device.planned is not None]
        waves = compute(planned, rollout.strategy)
        for number, devices in enumerate(waves):
            yield facts.WavePlanned(rollout=rollout.id, wave=number, devices=devices)
        yield facts.PlanSealed(rollout=rollout.id, plan=digest(plan_of(due.state, rollout, waves).sealed()))
    else:
        yield facts.RolloutCompleted(rollout=rollout.id)


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
    yield from release_reconciliations(due.state, rollout, due.now)
    yield from release_pushes(due.state, rollout, due.now)
    if not _undecided(rollout):
        until = due.now + timedelta(seconds=rollout.strategy.bake_s)
        yield facts.BakeStarted(rollout=rollout.id, wave=rollout.wave, until=until)


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
    """Held or halted: nothing new, but what is unknown is still looked at."""
    yield from release_reconciliations(due.state, due.rollout, due.now)


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
    rollout, undo = due.rollout, due.rollout.rollback
    if undo is None:
        return
    yield from release_reconciliations(due.state, rollout, due.now)
    yield from release_undos(due.state, rollout, undo, due.now)
    meant = [device for name, device in rollout.devices.items() if undo.whole or name in undo.devices]
    if rollout.in_flight or undo.again or any(device.state in {D.VERIFIED, D.UNKNOWN} for device in meant):
        return
    failed = sorted(device.target.device for device in meant if device.state is D.ROLLBACK_FAILED)
    if failed:
        yield facts.RollbackFailed(rollout=rollout.id, devices=tuple(failed))
    elif undo.whole:
        yield facts.RolloutRolledBack(rollout=rollout.id)
    else:
        yield facts.PartRolledBack(rollout=rollout.id)


def _undecided(rollout: Rollout) -> bool:
    """Whether any device of the waves so far has still to be dealt with."""
    if not rollout.count(*_UNDECIDED):
        return False
    return any(rollout.devices[name].state in _UNDECIDED for wave in rollout.waves[: rollout.wave + 1] for name in wave)


def _approvals_gone(due: _Due) -> Fact | None:
    missing = due.rollout.missing(due.now)
    if not missing:
        return None
    areas = ", ".join(wanted.area for wanted in missing)
    return facts.RolloutHeld(rollout=due.id, reason=f"approvals of {areas} have run out or were revoked")


def _hurt(due: _Due) -> Fact | None:
    """The halt that is due because too many devices ended badly."""
    rollout = due.rollout
    if rollout.unhealthy < rollout.strategy.halt_at:
        return None
    hurt = sorted(name for name, device in rollout.devices.items() if device.unhealthy)
    reason = f"{len(hurt)} unhealthy, the change stops at {rollout.strategy.halt_at}: {', '.join(hurt[:8])}"
    return facts.RolloutHalting(rollout=rollout.id, halt=f"auto.{rollout.id}.{due.state.seq}", reason=reason)


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
    **dict.fromkeys((R.COMPLETED, R.ROLLED_BACK, R.ROLLBACK_FAILED, R.REJECTED, R.WITHDRAWN, R.EXPIRED), _nothing),
}
