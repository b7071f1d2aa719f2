"""``wavegate rollout``: requested and looked at. What is decided about one is in ``decisions``."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from automation.rollout.states import RolloutState
from console.cli import decisions, halts
from console.cli.options import Home, Json, Key, RolloutId, Tasks, Within
from console.estates import tasks_of
from console.freshness import see_that_fresh
from console.home import Home as Installation
from console.home import open_home
from console.outbox import Outbox, report
from console.output import Output
from console.plans import review
from console.reviewing import plan_lines
from console.rollout_page import read_page
from console.showing import rollout_page, rollout_table
from console.submitting import bundle_of, change_id, is_file, request, submit
from console.watching import Watch
from events.facts import RolloutProposed

app = typer.Typer()
app.add_typer(decisions.app)
app.add_typer(halts.app)

States = Annotated[list[RolloutState] | None, typer.Option("--state", help="Those in this state alone; repeatable.")]


@app.command("request")
def request_(
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="A change file, or a submitted change's id.")],
    *,
    only: Annotated[str | None, typer.Option(metavar="SELECTOR", help="Narrows the change's own selector.")] = None,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why now.")] = "",
    home: Home = None,
    key: Key = None,
    tasks: Tasks = None,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Ask for a change to be planned over the devices that it is for now. Reads devices, and writes to none."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    bundle = bundle_of(Path(change), tasks_of(home, tasks)) if is_file(change) else None
    identity = bundle.id if bundle else _known_change(place, change, output)
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        if bundle is not None:
            submitted = submit(outbox, bundle)
            if not submitted.decided or submitted.refusal:
                raise typer.Exit(report(submitted, output))
        answer = request(outbox, identity, only, reason)
    rollout = next((each.fact.rollout for each in answer.records if isinstance(each.fact, RolloutProposed)), None)
    code = report(answer, output, rollout=rollout, change=identity)
    if rollout is not None:
        output.say(f"Its plan: wavegate rollout plan {rollout}")
    raise typer.Exit(code)


@app.command("list")
def list_(*, state: States = None, home: Home = None, as_json: Json = False) -> None:
    """List rollouts, the newest first."""
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.views() as views:
        see_that_fresh(place, views, output)
        found = views.rollouts([each.value for each in state or ()])
    for rollout in found:
        output.emit_if_json(rollout)
    output.show(rollout_table(found))


@app.command("show")
def show(rollout: RolloutId, *, home: Home = None, as_json: Json = False) -> None:
    """Show a rollout: what it waits for and for whom, what went wrong, its waves, its approvals."""
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.views() as views:
        see_that_fresh(place, views, output)
        page = read_page(views, rollout)
    output.emit_if_json(page)
    output.show(rollout_page(page.rollout, page.waves, page.failures, page.approvals))


@app.command("plan")
def plan(rollout: RolloutId, *, home: Home = None, as_json: Json = False) -> None:
    """Show a rollout's plan: one difference for each class of identical ones, and all that is special."""
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.views() as views:
        see_that_fresh(place, views, output)
        found = review(views, place.blobs(), views.rollout(rollout))
    output.emit_if_json(found)
    for line in plan_lines(found):
        output.say(line)


@app.command("watch")
def watch(rollout: RolloutId, *, home: Home = None, as_json: Json = False) -> None:
    """Watch a rollout until it ends or waits for a person.

    Ends with 0 where it completed and every device is well, 1 where it ended otherwise, 4 where somebody has to act.
    """
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.views() as views, place.log() as log:
        see_that_fresh(place, views, output)
        found = views.rollout(rollout)
        code = Watch(views=views, log=log, rollout=found.id, output=output).run()
    raise typer.Exit(code)


def _known_change(place: Installation, text: str, output: Output) -> str:
    with place.views() as views:
        see_that_fresh(place, views, output)
        return change_id(views, text)
