"""What a fact does to the state. Every fact is one of a rollout, of a device in one, or of the log as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from immutables import Map

from automation.rollout.errors import ImpossibleFactError
from automation.rollout.evolve_device import DeviceChange, with_device
from automation.rollout.state import DeviceProgress, Rollback, Rollout, State, Submitted
from automation.rollout.states import (
    ACTIVE,
    STAYING,
    TRANSITIONS,
    DeviceState,
    RolloutState,
)
from events import facts
from events.codec import FactRecord

#: A cause that a command brought about begins like this; its id follows.
COMMAND_CAUSE = "command:"


def evolve(state: State, record: FactRecord, head: str) -> State:
    """The state after one more fact, whose bytes have the digest ``head``.

    Raises:
        ImpossibleFactError: it is not the next fact, or cannot happen in this state.
    """
    if (record.seq, record.prev) != (state.seq, state.head):
        raise ImpossibleFactError(
            f"fact {record.seq} follows {record.prev[:18]}…, but fact {state.seq} after {state.head[:18]}… was "
            "expected: the log has a gap or was altered"
        )
    state = replace(state, seq=state.seq + 1, head=head, used=_used(state, record))
    fact = record.fact
    apply = _ON_LOG.get(type(fact))
    if apply is not None:
        return apply(state, fact, record)
    if isinstance(fact, facts.RolloutFact):
        return _on_rollout(state, fact, record)
    return state


def _used(state: State, record: FactRecord) -> Map[str, None]:
    fact = record.fact
    if isinstance(fact, facts.CommandRefused):
        return state.used.set(fact.command, None) if fact.authentic else state.used
    if record.cause.startswith(COMMAND_CAUSE):
        return state.used.set(record.cause.removeprefix(COMMAND_CAUSE), None)
    return state.used


def _control_noted(state: State, fact: facts.ControlNoted, _record: FactRecord) -> State:
    if fact.refused or fact.signed is None:
        return replace(state, authority=state.authority.passed(fact.position))
    authority, _ = state.authority.read(fact.position, fact.signed)
    raised = state.own_halts.delete(fact.id) if fact.id in state.own_halts else state.own_halts
    return replace(state, authority=authority, own_halts=raised)


def _change_submitted(state: State, fact: facts.ChangeSubmitted, _record: FactRecord) -> State:
    known = state.changes.get(fact.change)
    change = Submitted(
        id=fact.change,
        title=fact.title,
        ticket=fact.ticket,
        team=fact.team,
        authors=frozenset({fact.author}) | (known.authors if known else frozenset()),
    )
    return replace(state, changes=state.changes.set(fact.change, change))


def _host_keys_recorded(state: State, fact: facts.HostKeysRecorded, _record: FactRecord) -> State:
    earlier = () if fact.replace else state.host_keys.get(fact.device, ())
    keys = tuple(dict.fromkeys((*earlier, *fact.keys)))
    return replace(state, host_keys=state.host_keys.set(fact.device, keys))


def _credential_stopped(state: State, fact: facts.CredentialStopped, _record: FactRecord) -> State:
    reason = f"{fact.device} refused the login"
    return replace(state, own_halts=state.own_halts.set(fact.halt, (f"credential:{fact.credential}", reason)))


def _proposed(state: State, fact: facts.RolloutProposed, record: FactRecord) -> State:
    rollout = Rollout(
        id=fact.rollout,
        change=fact.change,
        title=fact.title,
        ticket=fact.ticket,
        team=fact.team,
        authors=frozenset({*fact.authors, fact.requester}),
        inventory=fact.inventory,
        task=fact.task,
        strategy=fact.strategy,
        wanted=fact.approvals,
        state=RolloutState.PROPOSED,
        since=record.at,
        size=fact.count,
        proposed=record.seq,
    )
    return _with(state, rollout)


_ON_LOG: Mapping[type[facts.Fact], Callable[[State, Any, FactRecord], State]] = {
    facts.ControlNoted: _control_noted,
    facts.ChangeSubmitted: _change_submitted,
    facts.HostKeysRecorded: _host_keys_recorded,
    facts.CredentialStopped: _credential_stopped,
    facts.RolloutProposed: _proposed,
}


def _with(state: State, rollout: Rollout) -> State:
    """The state with a rollout as it is now; only those that can do something by themselves stay in ``active``."""
    if rollout.state in ACTIVE:
        active = state.active.set(rollout.id, None)
    else:
        active = state.active.delete(rollout.id) if rollout.id in state.active else state.active
    return replace(state, rollouts=state.rollouts.set(rollout.id, rollout), active=active)


def _on_rollout(state: State, fact: facts.RolloutFact, record: FactRecord) -> State:
    rollout = state.rollouts.get(fact.rollout)
    if rollout is None:
        raise ImpossibleFactError(
            f"fact {record.seq} ({fact.wire}) is about rollout {fact.rollout}, which nobody proposed"
        )
    if isinstance(fact, DeviceChange):
        rollout, state = with_device(state, rollout, fact)
        return _with(state, rollout)
    if isinstance(fact, facts.RolloutHalting) and fact.halt not in state.authority.halts:
        # Nobody raised it but we: it has to be raised in control too, where workers look.
        state = replace(state, own_halts=state.own_halts.set(fact.halt, (f"rollout:{fact.rollout}", fact.reason)))
    return _with(state, _moved(state, rollout, fact, record))


def _moved(state: State, rollout: Rollout, fact: facts.RolloutFact, record: FactRecord) -> Rollout:
    target = TRANSITIONS[rollout.state].get(type(fact))
    if target is not None:
        rollout = replace(rollout, state=target, since=record.at)
    elif rollout.state not in STAYING.get(type(fact), ()):
        raise ImpossibleFactError(f"fact {record.seq}: {fact.wire} cannot happen to a rollout that is {rollout.state}")
    details = _DETAILS.get(type(fact))
    return details(state, rollout, fact) if details else rollout


def _targets_frozen(_state: State, rollout: Rollout, fact: facts.TargetsFrozen) -> Rollout:
    devices = rollout.devices.update({target.device: DeviceProgress(target=target) for target in fact.targets})
    return replace(rollout, devices=devices, counts=Map({DeviceState.PENDING: len(devices)}))


def _wave_planned(_state: State, rollout: Rollout, fact: facts.WavePlanned) -> Rollout:
    devices = rollout.devices.mutate()
    for name in fact.devices:
        devices[name] = replace(devices[name], wave=fact.wave)
    return replace(rollout, waves=(*rollout.waves, fact.devices), devices=devices.finish())


def _sealed(_state: State, rollout: Rollout, fact: facts.PlanSealed) -> Rollout:
    return replace(rollout, plan=fact.plan)


def _approved(_state: State, rollout: Rollout, fact: facts.PlanApproved) -> Rollout:
    return replace(rollout, approvals=(*rollout.approvals, fact))


def _approval_withdrawn(_state: State, rollout: Rollout, fact: facts.ApprovalWithdrawn) -> Rollout:
    kept = tuple(approval for approval in rollout.approvals if approval.approval != fact.approval)
    return replace(rollout, approvals=kept)


def _wave_started(_state: State, rollout: Rollout, fact: facts.WaveStarted) -> Rollout:
    return replace(rollout, wave=fact.wave, bake_until=None)


def _bake_started(_state: State, rollout: Rollout, fact: facts.BakeStarted) -> Rollout:
    return replace(rollout, bake_until=fact.until)


def _halting(_state: State, rollout: Rollout, fact: facts.RolloutHalting) -> Rollout:
    moving = frozenset(name for name, device in rollout.devices.items() if device.in_flight and fact.revert)
    return replace(rollout, halts=(*rollout.halts, fact.halt), at_halt=moving)


def _resumed(_state: State, rollout: Rollout, _fact: facts.RolloutResumed) -> Rollout:
    return replace(rollout, halts=(), at_halt=frozenset())


def _rollback_started(state: State, rollout: Rollout, fact: facts.RollbackStarted) -> Rollout:
    failed = {name for name in fact.devices if rollout.devices[name].state is DeviceState.ROLLBACK_FAILED}
    rollback = Rollback(
        devices=frozenset(fact.devices),
        again=frozenset(failed),
        whole=fact.whole,
        authority=fact.authority,
        control=state.authority.position,
    )
    return replace(rollout, rollback=rollback, at_halt=frozenset())


_DETAILS: Mapping[type[facts.Fact], Callable[[State, Rollout, Any], Rollout]] = {
    facts.TargetsFrozen: _targets_frozen,
    facts.WavePlanned: _wave_planned,
    facts.PlanSealed: _sealed,
    facts.PlanApproved: _approved,
    facts.ApprovalWithdrawn: _approval_withdrawn,
    facts.WaveStarted: _wave_started,
    facts.BakeStarted: _bake_started,
    facts.RolloutHalting: _halting,
    facts.RolloutResumed: _resumed,
    facts.RollbackStarted: _rollback_started,
}
