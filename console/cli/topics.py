"""``wavegate topics``."""

from typing import Annotated

import typer

from console.cli.options import Home, Json
from console.founding import apply
from console.home import open_home
from console.output import Output
from events.log.topics import DEFAULT_SPREAD

app = typer.Typer()


@app.callback()
def topics() -> None:
    """The topics of the log."""


@app.command("apply")
def apply_(
    *,
    spread: Annotated[int, typer.Option(min=1, max=1000, help="Partitions of orders and reports.")] = DEFAULT_SPREAD,
    replicas: Annotated[int, typer.Option(min=1, help="How many brokers keep each topic.")] = 3,
    in_sync: Annotated[int | None, typer.Option(min=1, help="How many of them must have a record.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make what is missing of the log: on Kafka its topics, on any its first records. Changes nothing that is there."""
    output = Output(as_json=as_json)
    made = apply(open_home(home).settings, spread=spread, replicas=replicas, in_sync=in_sync)
    output.emit_if_json(made)
    output.say(f"Made {', '.join(made.topics)}." if made.topics else "Every topic is there already.")
    output.say(f"Wrote {made.records} first records." if made.records else "The log is founded already.")
