"""``wavegate change``."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from console.changes import Checkout, write_starter
from console.checking import errors_of, see_that_usable
from console.cli import trying
from console.cli.options import Estate, Home, Json, Key, Tasks, Unchecked, Within
from console.diffing import live_diff
from console.estates import estate_of, tasks_of
from console.exits import Exit
from console.freshness import see_that_fresh
from console.home import open_home
from console.outbox import Outbox, report
from console.output import Output
from console.submitting import submit
from console.telling import counted
from inventory.problems import Severity
from workers.bootstrap import opened

app = typer.Typer()
app.add_typer(trying.app)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The change file.")]
Device = Annotated[str, typer.Option("--device", "-d", help="The device's name.")]


@app.command("new")
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to be made.")],
    *,
    team: Annotated[str, typer.Option(help="Whose change it is.")] = "netauto",
    home: Home = None,
    estate: Estate = None,
    as_json: Json = False,
) -> None:
    """Write a change to begin with: commented, complete, for the platforms and sites of the inventory."""
    output = Output(as_json=as_json)
    written = write_starter(folder, estate_of(home, estate), team)
    output.emit_if_json({"files": written})
    output.say("\n".join(f"wrote {path}" for path in written))


@app.command("validate")
def validate(
    file: File, *, home: Home = None, estate: Estate = None, tasks: Tasks = None, as_json: Json = False
) -> None:
    """Tell everything that is wrong with a change at once, each with its file and line."""
    output = Output(as_json=as_json)
    problems = Checkout(file=file, tasks=tasks_of(home, tasks)).problems(estate_of(home, estate))
    errors = errors_of(problems)
    for problem in problems:
        output.emit_if_json(problem)
        text = f"{problem.severity.value}: {problem}"
        output.say(text, style="red" if problem.severity is Severity.ERROR else "yellow")
    others = len(problems) - len(errors)
    notes = f", {counted(others, 'warning')}" if others else ""
    output.note(f"{counted(len(errors), 'problem')}{notes}" if errors else f"the change can be used{notes}")
    raise typer.Exit(Exit.FAILED if errors else Exit.DONE)


@app.command("render")
def render(
    file: File,
    *,
    device: Device,
    home: Home = None,
    estate: Estate = None,
    tasks: Tasks = None,
    as_json: Json = False,
) -> None:
    """Print the lines of a change for a device."""
    output = Output(as_json=as_json)
    found = estate_of(home, estate)
    checkout = Checkout(file=file, tasks=tasks_of(home, tasks))
    text = checkout.render(checkout.change(), found, found.device(device))
    output.emit_if_json({"device": device, "lines": text.splitlines()})
    output.write(text)


@app.command("diff")
def diff(file: File, *, device: Device, home: Home = None, as_json: Json = False) -> None:
    """Read a live device and print what a change would do to it. Writes nothing to it."""
    output = Output(as_json=as_json)
    place = open_home(home)
    change = Checkout(file=file, tasks=tasks_of(home, None)).change()
    with place.views() as views:
        see_that_fresh(place, views, output)
        recorded = {known.device: known for known in views.host_keys()}
    installation = opened(place.settings)
    try:
        found = live_diff(installation, change, device, recorded)
    finally:
        installation.close()
    output.emit_if_json(found)
    output.write(found.diff)
    output.note(f"{device} has what the change wants" if found.reached else f"undo: {found.undo} ({found.access})")
    if found.unsaved:
        output.warn(f"others left these lines unsaved on {device}:\n{found.unsaved}")
    if found.refused:
        output.complain(f"it would be refused: {found.refused}")
    raise typer.Exit(Exit.FAILED if found.refused else Exit.DONE)


@app.command("submit")
def submit_(
    file: File,
    *,
    home: Home = None,
    key: Key = None,
    tasks: Tasks = None,
    unchecked: Unchecked = False,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Make a change known, so that rollouts of it can be requested. Nothing happens to any device."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    checkout = Checkout(file=file, tasks=tasks_of(home, tasks))
    if not unchecked:
        see_that_usable(checkout, place, output)
    bundle = checkout.bundle()
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        code = report(submit(outbox, bundle), output)
    if code is Exit.DONE:
        output.say(f"Request a rollout of it with: wavegate rollout request {bundle.id}")
    raise typer.Exit(code)
