"""What a fact does to the state. Every fact is one of a rollout, of a device in one, or of the log as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from immutables import Map

from automation.rollout.errors import ImpossibleFactError
from automation.rollout.evolve_device import DeviceChange, with_device
from automation.rollout.state import DeviceProgress, Rollback, Rollout, State, Submitted
from automation.rollout.states import ACTIVE, STAYING, TRANSITIONS, DeviceState, RolloutState
from events import facts
from events.authority import RefusedError
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


def _control_noted(state: State, fact: facts.ControlNoted, record: FactRecord) -> State:
    if fact.position < state.authority.position:
        raise ImpossibleFactError(f"fact {record.seq} notes control record {fact.position}, which was noted before")
    if fact.refused or fact.signed is None:
        return replace(state, authority=state.authority.passed(fact.position))
    try:
        authority, _ = state.authority.read(fact.position, fact.signed)
    except RefusedError as error:
        raise ImpossibleFactError(
            f"fact {record.seq} counts control record {fact.position}, but {error}: was the log written by other "
            "software, or altered?"
        ) from error
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
    if fact.rollout in state.rollouts or fact.change not in state.changes:
        raise ImpossibleFactError(f"fact {record.seq} proposes {fact.rollout} a second time, or of an unknown change")
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
    rollouts = state.rollouts.set(rollout.id, rollout)
    acts = rollout.state in ACTIVE
    if acts == (rollout.id in state.active):
        return replace(state, rollouts=rollouts)
    active = state.active.set(rollout.id, None) if acts else state.active.delete(rollout.id)
    return replace(state, rollouts=rollouts, active=active)


def _on_rollout(state: State, fact: facts.RolloutFact, record: FactRecord) -> State:
    rollout = state.rollouts.get(fact.rollout)
    if rollout is None:
        raise ImpossibleFactError(
            f"fact {record.seq} ({fact.wire}) is about rollout {fact.rollout}, which nobody proposed"
        )
    target = TRANSITIONS[rollout.state].get(type(fact))
    if target is None and rollout.state not in STAYING.get(type(fact), ()):
        raise ImpossibleFactError(f"fact {record.seq}: {fact.wire} cannot happen to a rollout that is {rollout.state}")
    if isinstance(fact, DeviceChange):
        rollout, state = with_device(state, rollout, fact)
        return _with(state, rollout)
    if isinstance(fact, facts.RolloutHalting) and fact.halt not in state.authority.halts:
        # Nobody raised it but we: it has to be raised in control too, where workers look.
        state = replace(state, own_halts=state.own_halts.set(fact.halt, (f"rollout:{fact.rollout}", fact.reason)))
    details = _DETAILS.get(type(fact))
    rollout = details(state, rollout, fact) if details else rollout
    return _with(state, rollout if target is None else replace(rollout, state=target, since=record.at))


def _targets_frozen(_state: State, rollout: Rollout, fact: facts.TargetsFrozen) -> Rollout:
    devices, names = rollout.devices.mutate(), rollout.places.get(_UNREAD, Map()).mutate()
    for number, target in enumerate(fact.targets, start=len(rollout.devices)):
        devices[target.device] = DeviceProgress(target=target, number=number)
        names[number] = target.device
    frozen = devices.finish()
    if len(frozen) != len(rollout.devices) + len(fact.targets) or len(frozen) > rollout.size:
        raise ImpossibleFactError(f"rollout {rollout.id} has {rollout.size} targets, each once; these are others")
    places = rollout.places.set(_UNREAD, names.finish())
    return replace(rollout, devices=frozen, places=places, counts=Map({DeviceState.PENDING: len(frozen)}))


def _planning_started(_state: State, rollout: Rollout, _fact: facts.PlanningStarted) -> Rollout:
    if len(rollout.devices) != rollout.size:
        raise ImpossibleFactError(
            f"rollout {rollout.id} has {rollout.size} targets, and {len(rollout.devices)} are known"
        )
    return rollout


def _wave_planned(_state: State, rollout: Rollout, fact: facts.WavePlanned) -> Rollout:
    if fact.wave not in {len(rollout.waves) - 1, len(rollout.waves)}:
        raise ImpossibleFactError(f"wave {fact.wave} of rollout {rollout.id} comes out of turn")
    devices = rollout.devices.mutate()
    waiting = rollout.places.get(_UNPLACED, Map()).mutate()
    wave = rollout.places.get((DeviceState.PLANNED, fact.wave), Map()).mutate()
    for name in fact.devices:
        device = rollout.devices.get(name)
        if device is None or waiting.pop(device.number, None) is None:
            raise ImpossibleFactError(f"{name} cannot be in a wave of rollout {rollout.id}: it has no plan, or a wave")
        devices[name] = replace(device, wave=fact.wave)
        wave[device.number] = name
    places = rollout.places.update({_UNPLACED: waiting.finish(), (DeviceState.PLANNED, fact.wave): wave.finish()})
    earlier = rollout.waves[fact.wave] if fact.wave < len(rollout.waves) else ()
    waves = (*rollout.waves[: fact.wave], (*earlier, *fact.devices))
    return replace(rollout, waves=waves, devices=devices.finish(), places=places)


#: Where devices are found before they were read; and where those that have a plan, and are in no wave yet.
_UNREAD = (DeviceState.PENDING, None)
_UNPLACED = (DeviceState.PLANNED, None)


def _sealed(_state: State, rollout: Rollout, fact: facts.PlanSealed) -> Rollout:
    if not rollout.waves or rollout.places.get(_UNPLACED) or rollout.count(DeviceState.PENDING):
        raise ImpossibleFactError(f"the plan of rollout {rollout.id} cannot be sealed: not every device is in a wave")
    return replace(rollout, plan=fact.plan)


def _approved(_state: State, rollout: Rollout, fact: facts.PlanApproved) -> Rollout:
    """An approval takes the place of the same person's earlier one for the same area."""
    if fact.plan != rollout.plan:
        raise ImpossibleFactError(f"an approval of {fact.plan} is none of rollout {rollout.id}, whose plan is another")
    who = (fact.area, fact.approver)
    others = tuple(given for given in rollout.approvals if (given.area, given.approver) != who)
    return replace(rollout, approvals=(*others, fact))


def _approval_withdrawn(_state: State, rollout: Rollout, fact: facts.ApprovalWithdrawn) -> Rollout:
    kept = tuple(approval for approval in rollout.approvals if approval.approval != fact.approval)
    return replace(rollout, approvals=kept)


def _wave_started(_state: State, rollout: Rollout, fact: facts.WaveStarted) -> Rollout:
    if fact.wave != rollout.wave + 1 or fact.wave >= len(rollout.waves):
        raise ImpossibleFactError(f"wave {fact.wave} of rollout {rollout.id} starts out of turn")
    return replace(rollout, wave=fact.wave, bake_until=None)


def _bake_started(_state: State, rollout: Rollout, fact: facts.BakeStarted) -> Rollout:
    return replace(rollout, bake_until=fact.until)


def _halting(_state: State, rollout: Rollout, fact: facts.RolloutHalting) -> Rollout:
    moving = _moving(rollout) if fact.revert else frozenset()
    return replace(rollout, halts=(*rollout.halts, fact.halt), at_halt=rollout.at_halt | moving)


def _moving(rollout: Rollout) -> frozenset[str]:
    return frozenset(name for name, device in rollout.devices.items() if device.in_flight)


def _resumed(_state: State, rollout: Rollout, _fact: facts.RolloutResumed) -> Rollout:
    return replace(rollout, halts=(), at_halt=frozenset())


def _rollback_started(state: State, rollout: Rollout, fact: facts.RollbackStarted) -> Rollout:
    """What is asked while something is being undone adds to it; otherwise it is a decision of its own."""
    goes_on = rollout.rollback if rollout.state is RolloutState.ROLLING_BACK else None
    whole = fact.whole or (goes_on is not None and goes_on.whole)
    failed = _to_try_again(rollout, fact)
    rollback = Rollback(
        devices=frozenset(fact.devices) | (goes_on.devices if goes_on else frozenset()),
        again=failed | (goes_on.again if goes_on else frozenset()),
        whole=whole,
        authority=fact.authority,
        control=state.authority.position,
    )
    return replace(rollout, rollback=rollback, at_halt=frozenset() if whole else rollout.at_halt - set(fact.devices))


def _to_try_again(rollout: Rollout, fact: facts.RollbackStarted) -> frozenset[str]:
    unknown = [name for name in fact.devices if name not in rollout.devices]
    if unknown:
        raise ImpossibleFactError(f"{unknown[0]}, which is to be rolled back, is no target of rollout {rollout.id}")
    failed = DeviceState.ROLLBACK_FAILED
    if fact.whole and not rollout.count(failed):
        return frozenset()
    names = rollout.devices if fact.whole else fact.devices
    return frozenset(name for name in names if rollout.devices[name].state is failed)


def _rollback_ended(_state: State, rollout: Rollout, _fact: facts.RolloutFact) -> Rollout:
    return replace(rollout, rollback=None if rollout.rollback is None else replace(rollout.rollback, done=True))


_DETAILS: Mapping[type[facts.Fact], Callable[[State, Rollout, Any], Rollout]] = {
    facts.TargetsFrozen: _targets_frozen,
    facts.PlanningStarted: _planning_started,
    facts.WavePlanned: _wave_planned,
    facts.PlanSealed: _sealed,
    facts.PlanApproved: _approved,
    facts.ApprovalWithdrawn: _approval_withdrawn,
    facts.WaveStarted: _wave_started,
    facts.BakeStarted: _bake_started,
    facts.RolloutHalting: _halting,
    facts.RolloutResumed: _resumed,
    facts.RollbackStarted: _rollback_started,
    facts.RolloutRolledBack: _rollback_ended,
    facts.PartRolledBack: _rollback_ended,
    facts.RollbackFailed: _rollback_ended,
}
