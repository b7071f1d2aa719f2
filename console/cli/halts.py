"""Halts: part of ``wavegate rollout``. ``halt`` stands alone too, for whoever has no time to look for it."""

from typing import Annotated

import typer

from console.cli.options import Home, Json, Key, Reason, Yes
from console.confirming import confirm
from console.deciding import halt_line, signer_entry
from console.errors import UsageError
from console.halting import in_flight, stop_for, stop_lines, unknown
from console.home import open_home
from console.outbox import Outbox
from console.output import Output, table
from events.control import HaltLifted, HaltRaised
from workers.control_watch import read_control

app = typer.Typer()


@app.command("halt")
def halt(
    rollout: Annotated[str | None, typer.Argument(metavar="[ID]", help="A rollout.")] = None,
    *,
    reason: Reason,
    site: Annotated[list[str] | None, typer.Option(help="All work at a site; repeatable.")] = None,
    device: Annotated[list[str] | None, typer.Option(help="All work on a device; repeatable.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
    revert: Annotated[bool, typer.Option("--revert", help="Undo what was in flight, also where it went well.")] = False,
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Stop: nothing new starts, what is in flight settles. Takes effect at once, without any coordinator.

    It stands until it is lifted; nobody else's halt goes with it.
    """
    output = Output(as_json=as_json)
    place = open_home(home, key)
    stop = stop_for(place, rollout, site or (), device or (), everything=everything)
    # With --yes nothing is looked at first: the views may be held, or without room, as much as the log.
    if (everything or revert) and not yes:
        confirm(output, stop_lines(stop, in_flight(place, stop.subjects), revert=revert), yes=False)
    with place.client() as client, Outbox(client=client) as outbox:
        identity = outbox.control(HaltRaised(subjects=stop.subjects, reason=reason, revert=revert))
    subjects = [str(subject) for subject in stop.subjects]
    doubts = [*stop.doubts, *unknown(place, site or (), device or ())]
    output.emit_if_json({"halt": identity, "subjects": subjects, "revert": revert, "doubts": doubts})
    output.say(f"Halted {', '.join(subjects)}. It stands until somebody lifts it: wavegate rollout lift {identity}")
    if revert:
        output.say("What was in flight and went well is undone too, at the rollout's own pace.")
    for doubt in doubts:
        output.complain(doubt)


@app.command("lift")
def lift(
    which: Annotated[str, typer.Argument(metavar="HALT", help="The halt's id.")],
    *,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Lift one halt. Rollouts that it stopped stay halted until somebody resumes them."""
    output = Output(as_json=as_json)
    with open_home(home, key).client() as client, Outbox(client=client) as outbox:
        authority = client.authority()
        standing = authority.halts.get(which)
        if standing is None:
            raise UsageError(f"no halt {which!r} stands; 'wavegate rollout halts' lists those that do")
        if standing.by != signer_entry(client, authority).name:
            confirm(output, [f"It is not yours: {halt_line(standing)}"], yes=yes, question="Lift it?")
        outbox.control(HaltLifted(halt=which, reason=reason))
    output.emit_if_json({"lifted": which})
    output.say(f"Lifted {halt_line(standing)}")


@app.command("halts")
def halts(*, home: Home = None, as_json: Json = False) -> None:
    """List the halts that stand."""
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.log() as log:
        authority = read_control(log, place.settings.log_name)
    found = sorted(authority.halts.values(), key=lambda each: each.position)
    for each in found:
        subjects = [str(subject) for subject in each.subjects]
        output.emit_if_json(
            {"halt": each.id, "subjects": subjects, "by": each.by, "reason": each.reason, "revert": each.revert}
        )
    rows = [
        (each.id, ", ".join(map(str, each.subjects)), each.by, "yes" if each.revert else "", each.reason)
        for each in found
    ]
    output.show(table(("HALT", "ON", "BY", "REVERT", "REASON"), rows))
