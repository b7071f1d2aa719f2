"""What a rollout waits for, and who has to act: the first thing that anybody asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from automation.rollout.releasing import ready, to_undo, twin_in_the_way
from automation.rollout.state import DeviceProgress, Rollout, State
from automation.rollout.states import ACTIVE, DeviceState, RolloutState
from events.authority import Halt
from events.control import Subject

D, R = DeviceState, RolloutState

_FEW = 5

#: Who is needed where a coordinator's own halt does not get through: that is over in a moment, or it is a fault.
AN_ADMIN = "an admin"

#: So many devices that wait for their turn are looked at; what bars one mostly bars its neighbours.
_LOOKED_AT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One thing that is waited for. ``who`` is a person's or an area's name, or "nobody" where time will do."""

    what: str
    who: str


def waits(state: State, rollout: Rollout, now: datetime) -> tuple[Wait, ...]:
    """What stands between a rollout and its next step; empty where it is at an end."""
    return tuple(_waits(state, rollout, now))


def _waits(state: State, rollout: Rollout, now: datetime) -> Iterator[Wait]:
    if rollout.state in ACTIVE:
        yield from _halts(state, rollout)
    match rollout.state:
        case R.PROPOSED | R.PLANNING:
            yield Wait(what=f"{rollout.count(D.PENDING)} devices still to be read", who="workers")
        case R.AWAITING_APPROVAL:
            yield from _approvals(rollout, now)
        case R.RUNNING | R.SCHEDULED:
            yield from _work(state, rollout)
        case R.BAKING:
            yield Wait(what=f"wave {rollout.wave} bakes until {_clock(rollout.bake_until)}", who="nobody")
        case R.HELD | R.HALTED:
            yield from _decision(state, rollout, now)
        case R.HALTING | R.ROLLING_BACK:
            yield Wait(what=f"{rollout.in_flight} devices in flight to settle", who="workers")
        case R.ROLLBACK_FAILED:
            failed = _names(rollout, D.ROLLBACK_FAILED)
            yield Wait(what=f"{failed} could not be brought back: mend by hand, or roll back again", who="operations")
        case _:
            return


def _halts(state: State, rollout: Rollout) -> Iterator[Wait]:
    for name in rollout.halts:
        if name in state.own_halts:
            yield Wait(what=f"halt {name} is being raised; if that lasts, see to the coordinator's key", who=AN_ADMIN)
    if not state.authority.halts:
        return
    for halt in state.authority.standing([Subject(kind="rollout", name=rollout.id)]):
        yield Wait(what=f"halt {halt.id} by {halt.by} stands: {halt.reason}", who=f"{halt.by} or operations")
    credentials = {device.target.credential for device in rollout.devices.values()}
    for halt in _on(state, "credential", credentials):
        yield Wait(what=f"a credential is stopped ({halt.id}): {halt.reason}", who="whoever keeps the credential")
    yield from _local(state, rollout)


def _local(state: State, rollout: Rollout) -> Iterator[Wait]:
    """Halts on the sites and devices that are next."""
    undo = rollout.undoing if rollout.state is R.ROLLING_BACK else None
    waiting = list(islice(to_undo(rollout, undo) if undo else ready(rollout), _LOOKED_AT))
    places = [("site", {device.target.site for device in waiting})]
    places.append(("device", {device.target.device for device in waiting}))
    for kind, names in places:
        for halt in _on(state, kind, names):
            where = ", ".join(sorted(str(subject) for subject in halt.subjects if subject.kind == kind)[:_FEW])
            yield Wait(what=f"halt {halt.id} by {halt.by} on {where}: {halt.reason}", who=f"{halt.by} or operations")


def _on(state: State, kind: str, names: set[str]) -> tuple[Halt, ...]:
    """The halts that name one of these themselves."""
    subjects = [Subject(kind=kind, name=name) for name in sorted(names)]
    return tuple(halt for halt in state.authority.standing(subjects) if not set(halt.subjects).isdisjoint(subjects))


def _approvals(rollout: Rollout, now: datetime) -> Iterator[Wait]:
    for wanted in rollout.missing(now):
        people = "approval" if wanted.count == 1 else f"{wanted.count} approvals"
        yield Wait(what=f"{people} of {wanted.area}", who=wanted.area)


def _work(state: State, rollout: Rollout) -> Iterator[Wait]:
    if rollout.in_flight:
        yield Wait(what=f"{rollout.in_flight} devices in flight", who="workers")
    if rollout.count(D.UNKNOWN):
        yield Wait(what=f"{_names(rollout, D.UNKNOWN)} to be read back", who="workers")
    waiting = list(islice(ready(rollout), _LOOKED_AT))
    others = sorted({holder for device in waiting if (holder := state.busy.get(device.target.device, rollout.id))})
    for other in others:
        if other != rollout.id:
            yield Wait(what=f"rollout {other} is at a device of this one", who="nobody")
    yield from _twins(state, rollout, waiting)


def _twins(state: State, rollout: Rollout, waiting: list[DeviceProgress]) -> Iterator[Wait]:
    twins = sorted({twin for device in waiting if (twin := _undecided_twin(state, rollout, device))})
    if twins:
        names = ", ".join(twins[:_FEW]) + (f" and {len(twins) - _FEW} more" if len(twins) > _FEW else "")
        yield Wait(what=f"{names} ended badly, and their twins wait: skip or retry them", who="operations")


def _undecided_twin(state: State, rollout: Rollout, device: DeviceProgress) -> str | None:
    twin = twin_in_the_way(state, rollout, device)
    own = rollout.devices.get(twin) if twin else None
    return twin if own is not None and own.doubtful and not own.in_flight else None


def _decision(state: State, rollout: Rollout, now: datetime) -> Iterator[Wait]:
    yield from _approvals(rollout, now)
    unhealthy = sorted(name for name, device in rollout.devices.items() if device.unhealthy)
    if unhealthy:
        names = ", ".join(unhealthy[:_FEW])
        yield Wait(what=f"{len(unhealthy)} unhealthy ({names}): skip, retry or roll back", who="operations")
    yield from _twins(state, rollout, list(islice(ready(rollout), _LOOKED_AT)))
    if rollout.undoing is not None:
        yield Wait(what="its roll-back was halted: ask for it, or for another, anew", who="operations")
    else:
        yield Wait(what="a decision to resume or to roll back", who="operations")


def _names(rollout: Rollout, state: DeviceState) -> str:
    names = sorted(name for name, device in rollout.devices.items() if device.state is state)
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S} UTC" if moment else "?"
