"""``wavegate up`` and ``wavegate run``."""

import signal
import threading
from collections.abc import Sequence
from typing import Annotated

import typer

from console.cli.options import Home
from console.complaints import code_of
from console.exits import Exit
from console.home import open_home
from console.output import Output
from workers.logs import configure_logging
from workers.process import stop_on_signals
from workers.running import Kind, Ready, run
from workers.settings import Settings

app = typer.Typer()


@app.command("up")
def up(*, home: Home = None) -> None:
    """Run everything in one process: coordinator, worker and projector.

    Prints one line of JSON when it is ready; logs go to standard error as JSON. SIGTERM and Ctrl-C settle what is in
    flight and end it.
    """
    raise typer.Exit(_run(open_home(home).settings, tuple(Kind)))


@app.command("run")
def run_(kind: Annotated[Kind, typer.Argument(help="Which part.")], *, home: Home = None) -> None:
    """Run one part: coordinator, worker or projector.

    Prints one line of JSON when it is ready; logs go to standard error as JSON. SIGTERM and Ctrl-C settle what is in
    flight and end it.
    """
    raise typer.Exit(_run(open_home(home).settings, (kind,)))


def _run(settings: Settings, kinds: Sequence[Kind]) -> Exit:
    configure_logging(settings.log_level)
    stopping = threading.Event()
    with stop_on_signals(stopping.set) as came:
        failed = run(settings, kinds, stopping, _tell)
    if failed is not None:
        # It is logged, as everything that these processes say once they are ready.
        return code_of(failed)
    return Exit.INTERRUPTED if signal.SIGINT in came else Exit.DONE


def _tell(ready: Ready) -> None:
    Output(as_json=True).emit({"ready": True, **{name: getattr(ready, name) for name in ready.__dataclass_fields__}})
