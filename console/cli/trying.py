"""``wavegate change try``. Part of the same group as ``change``."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from automation.change.errors import ChangeError
from console.changes import Checkout
from console.cli.options import Estate, Home, Json, Tasks
from console.errors import ConsoleError
from console.estates import estate_of, tasks_of
from console.exits import Exit
from console.output import Output
from console.telling import names
from console.trial.estate import choose
from console.trial.story import Story
from inventory.problems import Severity

app = typer.Typer()


@app.command("try")
def try_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The change file.")],
    *,
    devices: Annotated[int, typer.Option(min=1, max=50, help="So many devices of each role and platform.")] = 1,
    patience: Annotated[float, typer.Option(min=1, help="Seconds that a step may take.")] = 600.0,
    home: Home = None,
    estate: Estate = None,
    tasks: Tasks = None,
    as_json: Json = False,
) -> None:
    """Play the whole of a change against simulated devices: planned, approved, pushed, verified, rolled back.

    They have the names, roles, sites and variables of real ones, and the startup configuration of a lab's. Bakes are
    skipped. Nothing of it touches a real device or an installation.
    """
    output = Output(as_json=as_json)
    found = estate_of(home, estate)
    checkout = Checkout(file=file, tasks=tasks_of(home, tasks))
    problems = [each for each in checkout.problems(found) if each.severity is Severity.ERROR]
    if problems:
        raise ChangeError(problems)
    change = checkout.change()
    chosen = choose(found, change.select, devices)
    if not chosen.devices:
        raise ConsoleError(f"nothing can be tried: there is no simulation of {names(sorted(chosen.left_out))}")
    result = Story(
        change=change,
        bundle=checkout.bundle(),
        chosen=chosen,
        estate=found,
        output=output,
        tasks=checkout.tasks,
        patience=timedelta(seconds=patience),
    ).run()
    output.emit_if_json(result)
    raise typer.Exit(Exit.DONE if result.ok else Exit.FAILED)
