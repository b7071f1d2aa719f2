"""``wavegate demo``."""

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from console.cli.app import assembled
from console.cli.options import Json
from console.demo.result import Figures
from console.demo.story import EMBEDDED, Backend, Story, on_kafka
from console.errors import ConsoleError, UsageError
from console.exits import Exit
from console.output import Output

app = typer.Typer()

#: Marks a folder that a demonstration made, and the next one may delete.
_MARK = ".wavegate-demo"


@app.command("demo")
def demo(
    *,
    log: Annotated[Literal["sqlite", "kafka"], typer.Option(help="Where the log is.")] = "sqlite",
    folder: Annotated[Path, typer.Option(help="Where everything goes; left there to look at.")] = Path(
        ".wavegate/demo"
    ),
    as_json: Json = False,
) -> None:
    """Play the whole of it on simulated devices: 100 of them, over real SSH and HTTPS.

    A change is tried, planned, approved and rolled out; a device is hurt, undoes it by itself, and the rollout stops;
    operations decides and goes on; a second rollout is rolled back whole. With --log kafka on the broker that
    KAFKA_BOOTSTRAP names, with every part as a process of its own.
    """
    output = Output(as_json=as_json)
    backend = _backend(log)
    story = Story(folder=_emptied(folder), backend=backend, output=output, command=_run, quiet=as_json)
    found = story.play()
    if as_json:
        output.emit(found)
    else:
        _tell(found, output)
    raise typer.Exit(Exit.DONE if found.as_told else Exit.FAILED)


def _backend(log: str) -> Backend:
    if log == "sqlite":
        return EMBEDDED
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP")
    if not bootstrap:
        raise UsageError(
            "which Kafka? Set KAFKA_BOOTSTRAP to HOST:PORT; 'make kafka-up' starts one, 'make demo LOG=kafka' does both"
        )
    return on_kafka(bootstrap, f"demo-{secrets.token_hex(4)}-")


def _emptied(folder: Path) -> Path:
    """The folder, without what an earlier demonstration left in it."""
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise ConsoleError(f"{folder} holds something else; name another --folder, or empty it")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    return folder


def _run(arguments: Sequence[str]) -> int:
    """One command in this process; its errors are told as they always are."""
    try:
        code = assembled(arguments)(list(arguments), standalone_mode=False, prog_name="wavegate")
    except SystemExit as ended:
        code = ended.code
    return int(code or 0)


def _tell(found: Figures, output: Output) -> None:
    output.say()
    output.say(
        f"{found.devices} devices: {found.verified} verified, {found.unchanged} unchanged, {found.reverted} undone by "
        f"itself, {found.failed} failed, {found.unknown} unknown; {found.rolled_back} rolled back; "
        f"{found.facts} facts, {found.seconds:g} s",
        style="bold green" if found.as_told else "bold red",
    )
