"""``wavegate init`` and ``wavegate schema``."""

import getpass
from pathlib import Path
from typing import Annotated, Literal

import typer

from console.cli.options import Json
from console.founding import Founding, found
from console.output import Output
from console.schemas import schema_of

app = typer.Typer()


@app.command("init")
def init(
    home: Annotated[Path, typer.Argument(help="The folder to be made.")],
    *,
    log: Annotated[Literal["sqlite", "kafka"], typer.Option(help="Where the log is.")] = "sqlite",
    kafka_bootstrap: Annotated[str | None, typer.Option(metavar="HOST:PORT,...", help="Where Kafka is.")] = None,
    kafka_prefix: Annotated[str | None, typer.Option(help="Goes before the names of topics on a shared Kafka.")] = None,
    admin: Annotated[str | None, typer.Option(metavar="NAME", help="The first admin; by default you.")] = None,
    team: Annotated[str, typer.Option(help="The first admin's team.")] = "platform",
    replicas: Annotated[int, typer.Option(min=1, help="On Kafka: how many brokers keep each topic.")] = 3,
    as_json: Json = False,
) -> None:
    """Make an installation: its folder, its keys, its log.

    The root key in keys/root.pem is the first admin's; register other keys with it, then take it off the machine.
    """
    founding = Founding(
        home=home,
        log=log,
        bootstrap=kafka_bootstrap,
        prefix=kafka_prefix,
        admin=admin or getpass.getuser(),
        team=team,
        replicas=replicas,
    )
    raise typer.Exit(found(founding, Output(as_json=as_json)))


@app.command("schema")
def schema(
    name: Annotated[str | None, typer.Argument(help="A message's wire name; all of them if left out.")] = None,
) -> None:
    """Print the JSON Schemas of all messages, or of one."""
    Output(as_json=True).emit(schema_of(name))
