"""``wavegate rollout``: what is decided about a rollout. Part of the same group as ``rollout``."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from console.cli.options import Home, Json, Key, Reason, RolloutId, Within, Yes
from console.confirming import confirm
from console.deciding import (
    Consent,
    Standing,
    approval,
    area_for,
    halt_line,
    plan_of,
    reach,
    rejection,
    resuming,
    retried,
    signer_entry,
    standing,
    undone,
)
from console.errors import UsageError
from console.estates import countries
from console.exits import Exit
from console.freshness import see_that_fresh
from console.home import Home as Installation
from console.home import open_home
from console.moments import ahead
from console.outbox import Outbox, report
from console.output import Output
from console.plans import PlanReview, review
from console.reviewing import objections, summary
from console.telling import names
from console.views import DeviceInRollout, Rollout
from events.commands import (
    Command,
    HoldRollout,
    ResumeRollout,
    RetryDevices,
    RollBack,
    SkipDevices,
    WithdrawRollout,
)
from events.control import ApprovalRevoked, HaltLifted
from inventory.problems import InventoryError

app = typer.Typer()

Area = Annotated[str | None, typer.Option("--area", help="For which area; left out where only one can be meant.")]
OptionalReason = Annotated[str, typer.Option("--reason", "-r", help="Why.")]
Devices = Annotated[list[str], typer.Argument(metavar="DEVICE...", help="The devices' names.")]

SomeDevices = Annotated[
    list[str] | None, typer.Argument(metavar="[DEVICE...]", help="The devices' names; left out: all that failed.")
]


@app.command("approve")
def approve(
    rollout: RolloutId,
    *,
    area: Area = None,
    until: Annotated[str, typer.Option(help="When the approval runs out: 24h, 7d, or a moment.")] = "24h",
    accept_no_undo: Annotated[
        list[str] | None, typer.Option(metavar="DEVICE", help="Accept that nothing undoes it by itself; repeatable.")
    ] = None,
    save_foreign: Annotated[
        bool, typer.Option("--save-foreign", help="Save lines along that others left unsaved on the devices.")
    ] = False,
    note: Annotated[str, typer.Option(help="Kept with the approval.")] = "",
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Agree to exactly the plan that is shown, for an area. The author of a change cannot."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found, plan = _reviewed(place, rollout, output)
    consent = Consent(
        until=ahead(until, place.now()),
        note=note,
        accept_no_undo=tuple(accept_no_undo or ()),
        save_foreign=save_foreign,
    )
    unplanned = set(consent.accept_no_undo) - set(plan.no_undo)
    if unplanned:
        raise UsageError(f"--accept-no-undo {names(sorted(unplanned))}: these have an undo, or are not in the plan")
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        named = area_for(signer_entry(client, client.authority()), list(plan.wanted), area)
        shown = [
            *summary(plan, _countries(place, plan.sites)),
            *objections(plan, consent.accept_no_undo, save_foreign=save_foreign),
            f"You approve this plan for {named} until {consent.until:%Y-%m-%d %H:%M} UTC.",
        ]
        confirm(output, shown, yes=yes)
        code = report(outbox.ask(approval(found, plan.plan, named, consent)), output)
    raise typer.Exit(code)


@app.command("reject")
def reject(
    rollout: RolloutId,
    *,
    reason: Reason,
    area: Area = None,
    home: Home = None,
    key: Key = None,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Refuse a plan, for an area. The rollout ends."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found = _found(place, rollout, output)
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        named = area_for(signer_entry(client, client.authority()), list(found.wanted), area)
        code = report(outbox.ask(rejection(found, named, reason)), output)
    raise typer.Exit(code)


@app.command("revoke")
def revoke(
    rollout: RolloutId,
    which: Annotated[str, typer.Argument(metavar="APPROVAL", help="The approval's id, as 'rollout show' has it.")],
    *,
    reason: Reason,
    home: Home = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Take an approval back. Takes effect at once in every worker, also for what is released already."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found = _found(place, rollout, output)
    with place.views() as views:
        given = {each.id for each in views.approvals(found.id)}
    if which not in given:
        raise UsageError(f"rollout {found.id} has no approval {which!r}; it has {names(sorted(given)) or 'none'}")
    with place.client() as client, Outbox(client=client) as outbox:
        record = outbox.control(ApprovalRevoked(rollout=found.id, approval=which, reason=reason))
    output.emit_if_json({"record": record, "rollout": found.id, "approval": which})
    output.say(f"Approval {which} counts no more.")


@app.command("withdraw")
def withdraw(
    rollout: RolloutId,
    *,
    reason: Reason,
    home: Home = None,
    key: Key = None,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Give a rollout up before it started."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found = _found(place, rollout, output)
    raise typer.Exit(_asked(place, WithdrawRollout(rollout=found.id, reason=reason), within, output))


@app.command("hold")
def hold(
    rollout: RolloutId,
    *,
    reason: Reason,
    home: Home = None,
    key: Key = None,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Start nothing new; what is in flight finishes. Needs a coordinator: in an emergency, halt."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found = _found(place, rollout, output)
    raise typer.Exit(_asked(place, HoldRollout(rollout=found.id, reason=reason), within, output))


@app.command("resume")
def resume(
    rollout: RolloutId,
    *,
    reason: OptionalReason = "",
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Go on with a rollout that is held or halted. Lifts your own halts on it and the automatic ones, and no others.

    Ends with 4 where halts of others still stand.
    """
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found = _found(place, rollout, output)
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        authority = client.authority()
        halts = standing(authority, found.id, signer_entry(client, authority).name)
        with place.views() as views:
            lifted = [f"lifts {halt_line(halt)}" for halt in halts.liftable]
            confirm(output, [*lifted, *resuming(found, views)], yes=yes)
        for halt in halts.liftable:
            outbox.control(HaltLifted(halt=halt.id, reason=reason))
            output.say(f"Lifted {halt_line(halt)}")
        raise typer.Exit(_resumed(outbox, found, halts, reason, output))


@app.command("skip")
def skip(
    rollout: RolloutId,
    devices: Devices,
    *,
    reason: Reason,
    home: Home = None,
    key: Key = None,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Leave devices as they are; they no longer count as unhealthy."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found = _found(place, rollout, output)
    command = SkipDevices(rollout=found.id, devices=tuple(devices), reason=reason)
    raise typer.Exit(_asked(place, command, within, output))


@app.command("retry")
def retry(
    rollout: RolloutId,
    devices: Annotated[
        list[str] | None, typer.Argument(metavar="[DEVICE...]", help="Left out: all that failed.")
    ] = None,
    *,
    reason: OptionalReason = "",
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Push again to devices that failed, and to no others."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    found = _found(place, rollout, output)
    with place.views() as views:
        chosen = retried(views, found, devices or ())
    confirm(output, [plan_of(found), f"To be pushed to again: {_reach(place, chosen)}: {_names(chosen)}."], yes=yes)
    command = RetryDevices(rollout=found.id, devices=tuple(devices or ()), reason=reason)
    raise typer.Exit(_asked(place, command, within, output))


@app.command("rollback")
def rollback(
    rollout: RolloutId,
    *,
    reason: Reason,
    wave: Annotated[int | None, typer.Option(min=0, help="What one wave changed; the canary is 0.")] = None,
    device: Annotated[list[str] | None, typer.Option(help="What was changed on this device; repeatable.")] = None,
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Undo what a rollout changed: all of it, one wave, or some devices."""
    output = Output(as_json=as_json)
    if wave is not None and device:
        raise UsageError("either --wave or --device; neither means all that the rollout changed")
    place = open_home(home, key)
    found = _found(place, rollout, output)
    command = RollBack(rollout=found.id, wave=wave, devices=tuple(device or ()), reason=reason)
    with place.views() as views:
        chosen = undone(views, command)
    shown = f"To be brought back: {_reach(place, chosen)}: {_names(chosen)}."
    if not chosen:
        shown = "Nothing that it changed is on any device; it ends."
    confirm(output, [plan_of(found), shown], yes=yes)
    raise typer.Exit(_asked(place, command, within, output))


def _resumed(outbox: Outbox, rollout: Rollout, halts: Standing, reason: str, output: Output) -> Exit:
    lifted = [halt.id for halt in halts.liftable]
    if not halts.others:
        return report(outbox.ask(ResumeRollout(rollout=rollout.id, reason=reason)), output, lifted=lifted)
    others = [halt_line(halt) for halt in halts.others]
    output.emit_if_json({"rollout": rollout.id, "lifted": lifted, "standing": others})
    for line in others:
        output.complain(f"still stands: {line}")
    output.note(f"Ask them, or: wavegate rollout lift {halts.others[0].id}. Then resume again.")
    return Exit.WAITING


def _reviewed(place: Installation, rollout: str, output: Output) -> tuple[Rollout, PlanReview]:
    with place.views() as views:
        see_that_fresh(place, views, output)
        found = views.rollout(rollout)
        return found, review(views, place.blobs(), found)


def _found(place: Installation, rollout: str, output: Output) -> Rollout:
    with place.views() as views:
        see_that_fresh(place, views, output)
        return views.rollout(rollout)


def _asked(place: Installation, command: Command, within: float, output: Output) -> Exit:
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        return report(outbox.ask(command), output)


def _countries(place: Installation, sites: Sequence[str]) -> tuple[str, ...]:
    """Only to tell people: a decision must be possible while the inventory is being edited."""
    try:
        return countries(place, sites)
    except InventoryError:
        return ()


def _reach(place: Installation, devices: Sequence[DeviceInRollout]) -> str:
    return reach(devices, _countries(place, sorted({device.site for device in devices})))


def _names(devices: Sequence[DeviceInRollout]) -> str:
    return names([device.device for device in devices], 10)
