"""What operations decide about rollouts: what is to be confirmed, and what is then sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from automation.rollout.states import IN_FLIGHT, RETRIABLE, DeviceState
from console.client import Client
from console.errors import ConsoleError, UsageError
from console.queries import ViewsReader
from console.telling import counted, names, short, wave_name
from console.views import DeviceInRollout, Rollout
from events.authority import Authority, Halt
from events.commands import ApprovePlan, RejectPlan, RollBack
from events.control import AUTOMATIC, KeyEntry, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody is about to agree to besides the plan itself."""

    until: datetime
    note: str = ""
    accept_no_undo: tuple[str, ...] = ()
    save_foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The halts on a rollout: those that resuming it may lift, and those that are for somebody else, or wider."""

    liftable: tuple[Halt, ...]
    others: tuple[Halt, ...]


def signer_entry(client: Client, authority: Authority) -> KeyEntry:
    """What the key of whoever asks may do.

    Raises:
        ConsoleError: it is not registered, or was revoked.
    """
    entry = authority.keys.get(client.signer.key_id)
    if entry is None:
        raise ConsoleError(f"your key {client.signer.key_id} is not registered, or was revoked; ask an admin")
    return entry


def area_for(entry: KeyEntry, wanted: Sequence[str], area: str | None) -> str:
    """The area that somebody decides for: the one that was named, or the only one that can be meant.

    Raises:
        UsageError: none was named, and several or none could be meant.
    """
    if area is not None:
        return area
    mine = [name for name in wanted if name in entry.areas]
    if len(mine) != 1:
        yours = ", ".join(entry.areas) or "none"
        raise UsageError(f"for which area? Say --area; the plan needs {', '.join(wanted)}, yours are {yours}")
    return mine[0]


def approval(rollout: Rollout, plan: str, area: str, consent: Consent) -> ApprovePlan:
    """An approval of exactly the plan that was shown."""
    return ApprovePlan(
        rollout=rollout.id,
        plan=plan,
        area=area,
        until=consent.until,
        note=consent.note,
        accept_no_undo=consent.accept_no_undo,
        save_foreign=consent.save_foreign,
    )


def rejection(rollout: Rollout, area: str, reason: str) -> RejectPlan:
    """A refusal of the plan as it is.

    Raises:
        ConsoleError: there is none.
    """
    if rollout.plan is None:
        raise ConsoleError(f"rollout {rollout.id} is {rollout.state} and has no plan; it can be withdrawn")
    return RejectPlan(rollout=rollout.id, plan=rollout.plan, area=area, reason=reason)


def standing(authority: Authority, rollout: str, name: str) -> Standing:
    """The halts that keep a rollout from going on, as they are for somebody of that name.

    Only halts on this rollout alone are lifted by resuming it: lifting a wider one would let others go on too.
    """
    halts = authority.standing([Subject(kind="rollout", name=rollout)])
    liftable = tuple(
        halt
        for halt in halts
        if (halt.by == name or halt.id.startswith(AUTOMATIC)) and _only_on(halt, f"rollout:{rollout}")
    )
    return Standing(liftable=liftable, others=tuple(halt for halt in halts if halt not in liftable))


def _only_on(halt: Halt, subject: str) -> bool:
    return {str(each) for each in halt.subjects} == {subject}


def halt_line(halt: Halt) -> str:
    """A halt in one line."""
    subjects = names(str(subject).replace(":", " ", 1) for subject in halt.subjects)
    return f"halt {halt.id} on {subjects} by {halt.by}: {halt.reason}"


def resuming(rollout: Rollout, views: ViewsReader) -> Iterator[str]:
    """What goes on when a rollout does."""
    left = views.devices(rollout.id, states=[DeviceState.PLANNED])
    sites = {device.site for device in left}
    which = f"{wave_name(max(rollout.wave, 0))}, of {counted(rollout.waves, 'wave')}"
    yield f"Rollout {rollout.id} “{rollout.title}” goes on with {which}:"
    if not left:
        yield "No device is left to be changed."
        return
    are = "is" if len(left) == 1 else "are"
    yield f"{counted(len(left), 'device')} at {counted(len(sites), 'site')} {are} still to be changed."


def retried(views: ViewsReader, rollout: Rollout, devices: Sequence[str]) -> list[DeviceInRollout]:
    """The devices that are tried again: those that are named, or all of the plan that failed.

    Raises:
        ConsoleError: there is none.
    """
    states = [state.value for state in RETRIABLE]
    found = [device for device in views.devices(rollout.id, states=states, names=devices) if device.wave is not None]
    if not found:
        which = f"none of {names(devices)}" if devices else "no device of the plan"
        raise ConsoleError(f"{which} failed in rollout {rollout.id}; 'wavegate rollout show {rollout.id}' shows them")
    return found


def undone(views: ViewsReader, command: RollBack) -> list[DeviceInRollout]:
    """The devices that a roll-back is about, as the views have them; none where the whole rollout has changed none.

    Raises:
        ConsoleError: there is nothing to be brought back on what was named.
    """
    can = [DeviceState.VERIFIED.value, DeviceState.ROLLBACK_FAILED.value, *(state.value for state in IN_FLIGHT)]
    found = views.devices(command.rollout, states=can, names=command.devices)
    found = [device for device in found if command.wave is None or device.wave == command.wave]
    if not found and (command.devices or command.wave is not None):
        which = names(command.devices) if command.wave is None else wave_name(command.wave)
        raise ConsoleError(
            f"nothing that rollout {command.rollout} changed is on {which}: nothing was sent; "
            f"'wavegate rollout show {command.rollout}' tells where it stands"
        )
    return found


def reach(devices: Sequence[DeviceInRollout], countries: Sequence[str]) -> str:
    """How wide something reaches, in numbers."""
    sites = {device.site for device in devices}
    regions = sorted({device.region for device in devices})
    where = f" in {', '.join(countries)}" if countries else f" in {', '.join(regions)}" if regions else ""
    return f"{counted(len(devices), 'device')} at {counted(len(sites), 'site')}{where}"


def plan_of(rollout: Rollout) -> str:
    """How a confirmation names a rollout and its plan."""
    plan = f", plan {short(rollout.plan)}" if rollout.plan else ""
    return f"Rollout {rollout.id} “{rollout.title}” (ticket {rollout.ticket}{plan})"
