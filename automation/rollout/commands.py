"""What follows from a command: the facts it asks for, or the one that says why not."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from automation.rollout.decision import Asked, ChangeRead, Decision, Looked, LookupFailed, TargetsFound
from automation.rollout.evolve import COMMAND_CAUSE
from automation.rollout.state import DeviceProgress, Rollout, State
from automation.rollout.states import RETRIABLE, SKIPPABLE, STAYING, TRANSITIONS, DeviceState, RolloutState
from events import commands, facts
from events.authority import Authority, RefusedError
from events.control import Role, Subject
from events.facts import Fact

#: An approval may not be given for longer.
LONGEST_APPROVAL = timedelta(days=30)

#: So many targets go into one fact: a record of the log is bounded.
_PER_FACT = 500

#: As many names are listed in a message.
_NAMES = 8

#: What a rollout changed, and has not brought back.
_UNDOABLE = frozenset({DeviceState.VERIFIED, DeviceState.ROLLBACK_FAILED})

R = RolloutState


@dataclass(frozen=True, slots=True)
class _Ask:
    """A command with all that a decision about it depends on."""

    state: State
    asked: Asked
    looked: Looked
    now: datetime


def rollout_id(command: str) -> str:
    """The id of the rollout that a command asks for: eight letters and digits that follow from the command's id.

    So the same request, sent twice, meets the rollout that it made.
    """
    hashed = hashlib.sha256(command.encode()).digest()
    return "r-" + base64.b32encode(hashed[:5]).decode().lower()


def decide(state: State, asked: Asked, looked: Looked, now: datetime) -> Decision:
    """The facts that follow from a command, refused ones included."""
    try:
        following = _following(_Ask(state, asked, looked, now))
    except RefusedError as error:
        following = (refusal(asked.id, asked.command.wire, error, authentic=True, rollout=_about(asked)),)
    return Decision(by=asked.author.name, cause=f"{COMMAND_CAUSE}{asked.id}", facts=following)


def _following(ask: _Ask) -> tuple[Fact, ...]:
    if ask.asked.id in ask.state.used:
        raise RefusedError("replayed", _met(ask.state, ask.asked))
    return _HANDLERS[type(ask.asked.command)](ask.asked.command, ask)


def refusal(
    command: str, kind: str, error: RefusedError, *, authentic: bool, rollout: str | None = None
) -> facts.CommandRefused:
    """The fact that says why a command was not carried out."""
    return facts.CommandRefused(
        command=command[:128] or "unknown",
        kind=kind[:64],
        code=error.code,
        reason=str(error)[:4000],
        authentic=authentic,
        rollout=rollout,
    )


def _about(asked: Asked) -> str | None:
    return getattr(asked.command, "rollout", None)


def _met(state: State, asked: Asked) -> str:
    existing = state.rollouts.get(rollout_id(asked.id))
    if existing is not None:
        return f"command {asked.id} was carried out already: it made rollout {existing.id}, which is {existing.state}"
    return f"command {asked.id} was decided already; to ask again, sign a new one"


def _found(looked: Looked, kind: type[Any]) -> Any:  # noqa: ANN401 - what was looked up for this command
    if isinstance(looked, LookupFailed):
        raise RefusedError(looked.code, looked.why)
    assert isinstance(looked, kind)  # noqa: S101 - the coordinator looks up what the command needs
    return looked


def _submit(command: commands.SubmitChange, ask: _Ask) -> tuple[Fact, ...]:
    change: ChangeRead = _found(ask.looked, ChangeRead)
    if change.team != ask.asked.author.entry.team:
        raise RefusedError(
            "wrong-team",
            f"the change is team {change.team}'s, {ask.asked.author.name} is of {ask.asked.author.entry.team}: "
            "the team that signs is the one that is paged",
        )
    submitted = facts.ChangeSubmitted(
        change=command.bundle,
        title=change.title,
        ticket=change.ticket,
        team=change.team,
        author=ask.asked.author.name,
        selector=change.selector,
    )
    return (submitted,)


def _request(command: commands.RequestRollout, ask: _Ask) -> tuple[Fact, ...]:
    known = ask.state.changes.get(command.change)
    if known is None:
        raise RefusedError("unknown-change", f"change {command.change} was never submitted; submit it first")
    found: TargetsFound = _found(ask.looked, TargetsFound)
    name = rollout_id(ask.asked.id)
    if name in ask.state.rollouts:
        raise RefusedError(
            "id-taken", f"command {ask.asked.id} would make rollout {name}, which exists; sign a new one"
        )
    if not found.targets or not found.change.approvals:
        raise RefusedError("empty", "the rollout would change no device, or nobody would have to agree to it")
    proposed = facts.RolloutProposed(
        rollout=name,
        change=command.change,
        title=known.title,
        ticket=known.ticket,
        team=known.team,
        authors=tuple(sorted(known.authors)),
        requester=ask.asked.author.name,
        reason=command.reason,
        inventory=found.inventory,
        task=found.change.task,
        strategy=found.change.strategy,
        approvals=found.change.approvals,
        count=len(found.targets),
    )
    parts = (found.targets[start : start + _PER_FACT] for start in range(0, len(found.targets), _PER_FACT))
    return (proposed, *(facts.TargetsFrozen(rollout=proposed.rollout, targets=tuple(part)) for part in parts))


def _rollout(ask: _Ask, *allowed: RolloutState) -> Rollout:
    name = _about(ask.asked)
    rollout = ask.state.rollouts.get(name) if name else None
    if rollout is None:
        raise RefusedError("unknown-rollout", f"there is no rollout {name}; 'wavegate rollout list' shows them")
    if rollout.state not in allowed:
        wanted = ", ".join(sorted(allowed))
        raise RefusedError("wrong-state", f"rollout {name} is {rollout.state}; this can be asked while it is {wanted}")
    return rollout


def _check_plan(rollout: Rollout, plan: str) -> None:
    if rollout.plan != plan:
        raise RefusedError("stale-plan", f"rollout {rollout.id} has plan {rollout.plan}, not {plan}; look at it again")


def _approve(command: commands.ApprovePlan, ask: _Ask) -> tuple[Fact, ...]:
    rollout = _rollout(ask, *STAYING[facts.PlanApproved])
    _check_plan(rollout, command.plan)
    _check_area(rollout, command.area)
    Authority.check_approver(ask.asked.author, command.area, rollout.authors)
    if not ask.now < command.until <= ask.now + LONGEST_APPROVAL:
        days = LONGEST_APPROVAL.days
        raise RefusedError("bad-until", f"an approval has to end later than now and within {days} days")
    if ask.asked.id in ask.state.authority.revoked_approvals:
        raise RefusedError("revoked", f"approval {ask.asked.id} was revoked before it was decided about")
    approved = facts.PlanApproved(
        rollout=rollout.id,
        plan=command.plan,
        area=command.area,
        approver=ask.asked.author.name,
        key=ask.asked.author.key_id,
        approval=ask.asked.id,
        until=command.until,
        note=command.note,
        signed=ask.asked.signed,
    )
    return (approved,)


def _check_area(rollout: Rollout, area: str) -> None:
    areas = [wanted.area for wanted in rollout.wanted]
    if area not in areas:
        raise RefusedError("wrong-area", f"rollout {rollout.id} needs no word of {area}; it needs {', '.join(areas)}")


def _reject(command: commands.RejectPlan, ask: _Ask) -> tuple[Fact, ...]:
    rollout = _rollout(ask, R.AWAITING_APPROVAL)
    _check_plan(rollout, command.plan)
    _check_area(rollout, command.area)
    Authority.check_approver(ask.asked.author, command.area, ())
    return (facts.PlanRejected(rollout=rollout.id, area=command.area, reason=command.reason),)


def _withdraw(command: commands.WithdrawRollout, ask: _Ask) -> tuple[Fact, ...]:
    rollout = _rollout(ask, R.PROPOSED, R.PLANNING, R.AWAITING_APPROVAL, R.SCHEDULED, R.HELD, R.HALTED)
    if rollout.wave >= 0:
        raise RefusedError("started", f"rollout {rollout.id} has started; roll it back, which also ends it")
    if ask.asked.author.name not in rollout.authors and not ask.asked.author.has({Role.OPERATOR}):
        authors = ", ".join(sorted(rollout.authors))
        raise RefusedError("not-allowed", f"rollout {rollout.id} is {authors}'s; they or an operator may withdraw it")
    return (facts.RolloutWithdrawn(rollout=rollout.id, reason=command.reason),)


def _hold(command: commands.HoldRollout, ask: _Ask) -> tuple[Fact, ...]:
    rollout = _rollout(ask, R.SCHEDULED, R.RUNNING, R.BAKING)
    return (facts.RolloutHeld(rollout=rollout.id, reason=command.reason),)


def _resume(command: commands.ResumeRollout, ask: _Ask) -> tuple[Fact, ...]:
    rollout = _rollout(ask, R.HELD, R.HALTED)
    _check_halts(ask.state, rollout)
    if rollout.undoing is not None:
        raise RefusedError(
            "rolling-back", f"the roll-back of rollout {rollout.id} was halted; ask for it, or for another, anew"
        )
    if rollout.unhealthy >= rollout.halts_at:
        names = _names([name for name, device in rollout.devices.items() if device.unhealthy])
        raise RefusedError("unhealthy", f"it would halt again at once: {names} ended badly. Skip or retry them first")
    missing = rollout.missing(ask.now)
    if missing:
        areas = ", ".join(wanted.area for wanted in missing)
        raise RefusedError(
            "not-approved", f"approvals of {areas} have run out or were revoked; the plan needs them anew"
        )
    return (facts.RolloutResumed(rollout=rollout.id, reason=command.reason),)


def _check_halts(state: State, rollout: Rollout) -> None:
    raised = state.authority.standing([Subject(kind="rollout", name=rollout.id)])
    standing = [f"{halt.id} by {halt.by}: {halt.reason}" for halt in raised]
    standing += [f"{name}: being raised" for name in rollout.halts if name in state.own_halts]
    if standing:
        halts = "; ".join(standing)
        raise RefusedError("still-halted", f"rollout {rollout.id} is halted ({halts}); each has to be lifted first")


def _skip(command: commands.SkipDevices, ask: _Ask) -> tuple[Fact, ...]:
    rollout = _rollout(ask, *STAYING[facts.DeviceSkipped])
    chosen = _chosen(rollout, command.devices, SKIPPABLE, "skipped")
    return tuple(facts.DeviceSkipped(rollout=rollout.id, device=name, reason=command.reason) for name in chosen)


def _retry(command: commands.RetryDevices, ask: _Ask) -> tuple[Fact, ...]:
    rollout = _rollout(ask, R.RUNNING, R.BAKING, R.HELD, R.HALTED, R.COMPLETED)
    failed = (name for name, device in rollout.devices.items() if device.state in RETRIABLE and device.wave is not None)
    names = command.devices or tuple(sorted(failed))
    if not names:
        raise RefusedError("nothing-to-do", f"no device of rollout {rollout.id} failed")
    chosen = _chosen(rollout, names, RETRIABLE, "retried")
    unplanned = [name for name in chosen if rollout.devices[name].wave is None]
    if unplanned:
        raise RefusedError(
            "not-planned", f"{_names(unplanned)} never got into the plan; request a new rollout for them"
        )
    if rollout.state in {R.COMPLETED, R.BAKING}:
        _check_halts(ask.state, rollout)
    retried = [facts.DeviceRetried(rollout=rollout.id, device=name, reason=command.reason) for name in chosen]
    if rollout.state in {R.COMPLETED, R.BAKING}:
        reason = f"to retry {_names(chosen)}"
        return (facts.RolloutResumed(rollout=rollout.id, reason=reason), *retried)
    return tuple(retried)


def _chosen(rollout: Rollout, names: tuple[str, ...], allowed: frozenset[DeviceState], what: str) -> tuple[str, ...]:
    """The named devices in order, each once, if every one of them is in a state that allows it."""
    for name in names:
        device = rollout.devices.get(name)
        if device is None:
            raise RefusedError("unknown-device", f"{name} is no target of rollout {rollout.id}")
        if device.state not in allowed or device.order is not None:
            busy = "; work on it has not ended" if device.order is not None else ""
            raise RefusedError("wrong-state", f"{name} is {device.state}{busy} and cannot be {what}")
    return tuple(dict.fromkeys(names))


def _roll_back(command: commands.RollBack, ask: _Ask) -> tuple[Fact, ...]:
    """Undoing the whole of an unfinished rollout also ends it, be there anything to undo or not."""
    allowed = [state for state, leaving in TRANSITIONS.items() if facts.RollbackStarted in leaving]
    rollout = _rollout(ask, *allowed)
    whole = command.wave is None and not command.devices
    chosen = _to_be_undone(command, rollout)
    ends = whole and rollout.state is not R.COMPLETED
    if not chosen and not ends and rollout.state is not R.ROLLBACK_FAILED:
        raise RefusedError("nothing-to-do", f"nothing that rollout {rollout.id} changed there is left to be undone")
    started = facts.RollbackStarted(
        rollout=rollout.id,
        devices=() if whole else chosen,
        whole=whole,
        reason=command.reason,
        authority=ask.asked.signed,
    )
    return (started,)


def _to_be_undone(command: commands.RollBack, rollout: Rollout) -> tuple[str, ...]:
    if command.devices and command.wave is not None:
        raise RefusedError("ambiguous", "name a wave or devices, not both")
    if command.devices:
        return _chosen(rollout, command.devices, _UNDOABLE, "rolled back")
    if command.wave is not None and command.wave >= len(rollout.waves):
        raise RefusedError("unknown-wave", f"rollout {rollout.id} has waves 0 to {len(rollout.waves) - 1}")
    devices = rollout.devices.items()
    meant = ((name, device) for name, device in devices if command.wave is None or device.wave == command.wave)
    return tuple(sorted(name for name, device in meant if can_be_rolled_back(device)))


def can_be_rolled_back(device: DeviceProgress) -> bool:
    """Whether the rollout changed the device, and it is known how it was before."""
    return device.state in _UNDOABLE and device.before is not None


def _record_keys(command: commands.RecordHostKeys, ask: _Ask) -> tuple[Fact, ...]:
    known = ask.state.host_keys.get(command.device, ())
    new = [key for key in command.keys if key not in known]
    if known and new and not command.replace:
        raise RefusedError(
            "host-key-known",
            f"{command.device} has other keys on record; if its hardware was swapped, say so with --replace",
        )
    recorded = facts.HostKeysRecorded(
        device=command.device, keys=command.keys, replace=command.replace, reason=command.reason
    )
    return (recorded,)


def _names(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(sorted(names)[:_NAMES])
    return shown if len(names) <= _NAMES else f"{shown} and {len(names) - _NAMES} more"


_HANDLERS: Mapping[type[commands.Command], Callable[[Any, _Ask], tuple[Fact, ...]]] = {
    commands.SubmitChange: _submit,
    commands.RequestRollout: _request,
    commands.ApprovePlan: _approve,
    commands.RejectPlan: _reject,
    commands.WithdrawRollout: _withdraw,
    commands.HoldRollout: _hold,
    commands.ResumeRollout: _resume,
    commands.SkipDevices: _skip,
    commands.RetryDevices: _retry,
    commands.RollBack: _roll_back,
    commands.RecordHostKeys: _record_keys,
}
