"""What a rollout waits for, and who has to act: the first thing that anybody asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from automation.rollout.state import Rollout, State
from automation.rollout.states import DeviceState, RolloutState
from events.control import Subject

D, R = DeviceState, RolloutState

_FEW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One thing that is waited for. ``who`` is a person's or an area's name, or "nobody" where time will do."""

    what: str
    who: str


def waits(state: State, rollout: Rollout, now: datetime) -> tuple[Wait, ...]:
    """What stands between a rollout and its next step; empty where it is at an end."""
    return tuple(_waits(state, rollout, now))


def _waits(state: State, rollout: Rollout, now: datetime) -> Iterator[Wait]:
    yield from _halts(state, rollout)
    match rollout.state:
        case R.PROPOSED | R.PLANNING:
            yield Wait(what=f"{rollout.count(D.PENDING)} devices still to be read", who="workers")
        case R.AWAITING_APPROVAL:
            yield from _approvals(rollout, now)
        case R.RUNNING | R.SCHEDULED:
            yield from _work(rollout)
        case R.BAKING:
            yield Wait(what=f"wave {rollout.wave} bakes until {_clock(rollout.bake_until)}", who="nobody")
        case R.HELD | R.HALTED:
            yield from _decision(rollout)
        case R.HALTING | R.ROLLING_BACK:
            yield Wait(what=f"{rollout.in_flight} devices in flight to settle", who="workers")
        case R.ROLLBACK_FAILED:
            failed = _names(rollout, D.ROLLBACK_FAILED)
            yield Wait(what=f"{failed} could not be brought back: mend by hand, or roll back again", who="operations")
        case _:
            return


def _halts(state: State, rollout: Rollout) -> Iterator[Wait]:
    if rollout.state in {R.REJECTED, R.WITHDRAWN, R.EXPIRED, R.ROLLED_BACK, R.COMPLETED}:
        return
    for halt in state.authority.standing([Subject(kind="rollout", name=rollout.id)]):
        yield Wait(what=f"halt {halt.id} by {halt.by} stands: {halt.reason}", who=f"{halt.by} or operations")
    credentials = {device.target.credential for device in rollout.devices.values()}
    stopped = state.authority.standing([Subject(kind="credential", name=name) for name in sorted(credentials)])
    for halt in stopped:
        if any(subject.kind == "credential" for subject in halt.subjects):
            yield Wait(what=f"a credential is stopped ({halt.id}): {halt.reason}", who="whoever keeps the credential")


def _approvals(rollout: Rollout, now: datetime) -> Iterator[Wait]:
    for wanted in rollout.missing(now):
        people = "approval" if wanted.count == 1 else f"{wanted.count} approvals"
        yield Wait(what=f"{people} of {wanted.area}", who=wanted.area)


def _work(rollout: Rollout) -> Iterator[Wait]:
    if rollout.in_flight:
        yield Wait(what=f"{rollout.in_flight} devices in flight", who="workers")
    if rollout.count(D.UNKNOWN):
        yield Wait(what=f"{_names(rollout, D.UNKNOWN)} to be read back", who="workers")


def _decision(rollout: Rollout) -> Iterator[Wait]:
    unhealthy = sorted(name for name, device in rollout.devices.items() if device.unhealthy)
    if unhealthy:
        names = ", ".join(unhealthy[:_FEW])
        yield Wait(what=f"{len(unhealthy)} unhealthy ({names}): skip, retry or roll back", who="operations")
    yield Wait(what="a decision to resume or to roll back", who="operations")


def _names(rollout: Rollout, state: DeviceState) -> str:
    names = sorted(name for name, device in rollout.devices.items() if device.state is state)
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S} UTC" if moment else "?"
