"""``wavegate lab``: simulated devices, run and handled."""

from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import Json
from console.lab_estates import write_lab_estate
from console.output import Output, moment
from console.telling import counted
from lab.__main__ import run
from lab.branches.estate import FIRST_ADDRESS
from lab.control import LabClient
from lab.faults import FaultKind, Moment, fault_from

app = typer.Typer()
app.command("run", help="The same as 'up'.", hidden=True)(run)
app.command("up", help="Run the lab that an estate file describes; prints one line of JSON when every device listens.")(
    run
)

_NEXT = """\
Next:
  1. Run the devices: wavegate lab up {made.lab} --folder {run}
  2. Look at the inventory: wavegate inventory check --estate {made.estate}
  3. To use it, name it in an installation's wavegate.toml: estate = ["{made.estate}"], and trust its devices:
     wavegate inventory enroll --known-hosts {run}/trust/known_hosts --certificates {run}/trust"""

Socket = Annotated[
    Path,
    typer.Option("--control", envvar="WAVEGATE_LAB", metavar="SOCKET", help="The lab's control socket, as 'up' told."),
]
Device = Annotated[str, typer.Argument(help="The device's name.")]


@app.command("new")
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to be made.")],
    *,
    sites: Annotated[int, typer.Option(min=1, help="How many sites.")] = 4,
    devices: Annotated[int, typer.Option(min=1, help="How many devices, a router and switches at each site.")] = 8,
    first: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where their addresses begin; two labs need different ones.")
    ] = FIRST_ADDRESS,
    as_json: Json = False,
) -> None:
    """Write an estate to try things on: simulated devices, and an inventory of the same."""
    output = Output(as_json=as_json)
    made = write_lab_estate(folder, sites, devices, first)
    output.emit_if_json(made)
    output.say(f"Wrote {counted(made.devices, 'device')} at {counted(made.sites, 'site')}.")
    output.say(_NEXT.format(made=made, run=folder / "run"))


@app.command("devices")
def devices(*, control: Socket, as_json: Json = False) -> None:
    """List the devices of a running lab."""
    output = Output(as_json=as_json)
    for each in LabClient(control).devices():
        output.emit_if_json(each)
        faults = ", ".join(fault.kind.value for fault in each.faults)
        state = "up" if each.up else "down"
        output.say(f"{each.name}  {each.platform.value}  {each.address} port {each.port}  {state}  {faults}".rstrip())


@app.command("fault")
def fault(
    device: Device,
    kind: Annotated[
        FaultKind | None, typer.Argument(help="What is to go wrong; with --clear, left out for all.")
    ] = None,
    *,
    control: Socket,
    clear: Annotated[bool, typer.Option("--clear", help="Take the fault away in place of setting it.")] = False,
    match: Annotated[str | None, typer.Option(help="Only at commands that this expression fits.")] = None,
    nth: Annotated[int | None, typer.Option(min=1, help="Only at the nth of them.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Only once.")] = False,
    seconds: Annotated[float, typer.Option(min=0, help="How long, where it takes time.")] = 1.0,
    when: Annotated[Moment, typer.Option(help="Before or after the command.")] = Moment.BEFORE,
    megabytes: Annotated[int, typer.Option(min=1, max=100, help="How much, for a flood.")] = 10,
) -> None:
    """Set a fault on a device of a running lab, or take it away."""
    lab = LabClient(control)
    if clear:
        lab.clear_faults(device, kind)
        return
    fields = {"match": match, "nth": nth, "once": once, "seconds": seconds, "moment": when, "megabytes": megabytes}
    lab.set_fault(device, fault_from({"kind": kind, **fields}))


@app.command("edit")
def edit(
    device: Device,
    lines: Annotated[list[str], typer.Argument(metavar="LINE...", help="Configuration lines.")],
    *,
    control: Socket,
) -> None:
    """Type configuration lines on a device's console, as a person would."""
    refused = LabClient(control).edit(device, lines)
    output = Output()
    for line in refused:
        output.complain(line)
    raise typer.Exit(1 if refused else 0)


@app.command("running")
def running(device: Device, *, control: Socket) -> None:
    """Print what a device runs."""
    Output().write(LabClient(control).running(device))


@app.command("journal")
def journal(device: Device, *, control: Socket, as_json: Json = False) -> None:
    """Show a device's accounting journal: who sent which command, and when."""
    output = Output(as_json=as_json)
    for entry in LabClient(control).journal(device):
        output.emit_if_json(entry)
        what = " ".join(part for part in (entry.line, entry.result, entry.detail) if part)
        output.say(f"{moment(entry.time)}  {entry.event.value:<18} {entry.user or '-':<10} {what}")
