"""`python -m lab`: an estate of simulated devices as a process of its own."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from lab.control import ControlServer
from lab.errors import LabError
from lab.estate import Estate, load_estate
from lab.runtime import Runtime

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Simulated IOS and EOS devices on real sockets.")


@app.callback()
def main() -> None:
    """Simulated IOS and EOS devices on real sockets."""


@app.command()
def run(
    estate: Annotated[Path, typer.Argument(help="The estate file of the lab, YAML or JSON.")],
    folder: Annotated[Path | None, typer.Option(help="Where journal/ and trust/ go; a new folder by default.")] = None,
    control: Annotated[Path | None, typer.Option(help="The control socket; FOLDER/control.sock by default.")] = None,
    *,
    attached: Annotated[bool, typer.Option("--attached", help="Stop when standard input ends.")] = False,
) -> None:
    """Runs the lab until it is stopped; prints one line of JSON when every device listens."""
    try:
        described = load_estate(estate)
        where = folder or Path(tempfile.mkdtemp(prefix="wavegate-lab-"))
        asyncio.run(_run(described, where, control or where / "control.sock", attached=attached))
    except LabError as error:
        typer.echo(f"lab: {error}", err=True)
        raise typer.Exit(1) from error


async def _run(estate: Estate, folder: Path, control: Path, *, attached: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    runtime = Runtime(estate, folder)
    server = ControlServer(runtime, control)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stopping.set)
    try:
        await runtime.start()
        await server.start()
        if attached:
            # Whoever started the lab may be killed: then nobody holds the other end any more.
            loop.add_reader(sys.stdin.fileno(), _until_end, server.stopping)
        ready = {"ready": True, "pid": os.getpid(), "folder": str(folder), "control": str(control)}
        typer.echo(json.dumps(ready | {"devices": len(estate.devices)}))
        sys.stdout.flush()
        await server.stopping.wait()
    finally:
        await runtime.stop()
        await server.stop()


def _until_end(stopping: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stopping.set()


if __name__ == "__main__":
    app()
