"""``wavegate rollout``: looked at. Requesting one is in ``requesting``, what is decided about one in ``decisions``."""

from typing import Annotated

import typer

from automation.rollout.states import RolloutState
from console.cli import decisions, halts
from console.cli.options import Home, Json, RolloutId
from console.freshness import see_that_fresh
from console.home import open_home
from console.output import Output
from console.plans import review
from console.reviewing import plan_lines
from console.rollout_page import read_page
from console.showing import rollout_page, rollout_table
from console.watching import Watch

app = typer.Typer()
app.add_typer(decisions.app)
app.add_typer(halts.app)

States = Annotated[list[RolloutState] | None, typer.Option("--state", help="Those in this state alone; repeatable.")]


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
