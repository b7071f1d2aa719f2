"""``wavegate device``."""

from typing import Annotated

import typer

from console.cli.options import Home, Json
from console.freshness import see_that_fresh
from console.home import open_home
from console.outbox import fact_told
from console.output import Output, moment
from console.telling import tell
from console.views import Filter

app = typer.Typer()


@app.callback()
def device() -> None:
    """One device: what happened to it."""


@app.command("history")
def history(
    name: Annotated[str, typer.Argument(metavar="DEVICE", help="The device's name.")],
    *,
    last: Annotated[int | None, typer.Option(min=1, help="So many of the newest facts alone.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show everything that happened to a device, oldest first."""
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.views() as views:
        see_that_fresh(place, views, output)
        found = views.timeline(Filter(device=name, last=last))
    for each in found:
        output.emit_if_json({"rollout": each.rollout, **fact_told(each.record)})
        output.say(f"{moment(each.record.at)}  {each.rollout or '-':<10}  {tell(each.record)}")
    if not found:
        output.note(f"nothing is recorded about {name}")
