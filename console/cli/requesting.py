"""``wavegate rollout request``, apart from its group: to check a change takes what looking at rollouts does not."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from console.changes import Checkout
from console.checking import see_that_usable
from console.cli.options import Home, Json, Key, Tasks, Unchecked, Within
from console.estates import tasks_of
from console.freshness import see_that_fresh
from console.home import Home as Installation
from console.home import open_home
from console.outbox import Outbox, report
from console.output import Output
from console.submitting import change_id, is_file, is_known, request, submit
from events.facts import RolloutProposed

app = typer.Typer()


@app.command("request")
def request_(
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="A change file, or a submitted change's id.")],
    *,
    only: Annotated[str | None, typer.Option(metavar="SELECTOR", help="Narrows the change's own selector.")] = None,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why now.")] = "",
    home: Home = None,
    key: Key = None,
    tasks: Tasks = None,
    unchecked: Unchecked = False,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Ask for a change to be planned over the devices that it is for now. Reads devices, and writes to none."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    checkout = Checkout(file=Path(change), tasks=tasks_of(home, tasks)) if is_file(change) else None
    if checkout is not None and not unchecked:
        see_that_usable(checkout, place, output)
    bundle = checkout.bundle() if checkout else None
    identity = bundle.id if bundle else _known_change(place, change, output)
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        if bundle is not None and not is_known(place, client, bundle):
            submitted = submit(outbox, bundle)
            if not submitted.decided or submitted.refusal:
                raise typer.Exit(report(submitted, output))
        answer = request(outbox, identity, only, reason)
    rollout = next((each.fact.rollout for each in answer.records if isinstance(each.fact, RolloutProposed)), None)
    code = report(answer, output, rollout=rollout, change=identity)
    if rollout is not None:
        output.say(f"Its plan: wavegate rollout plan {rollout}")
    raise typer.Exit(code)


def _known_change(place: Installation, text: str, output: Output) -> str:
    with place.views() as views:
        see_that_fresh(place, views, output)
        return change_id(views, text)
