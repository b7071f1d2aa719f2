"""The ``wavegate`` command, put together. What a command needs is imported when that command is called.

Everything together takes more than a second to import, most of it vendors' drivers; ``--help`` and most of what
operations ask all day need none of that. So the table below says what there is, and :func:`assembled` loads the
modules of those commands that the arguments name.
"""

import importlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from console.exits import EPILOG


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, or a group of commands with ``grouped``, and the module whose ``app`` has it.

    ``parts`` are those commands of a group that have a module of their own, since they need more than the others do.
    """

    name: str
    module: str
    help: str
    grouped: bool = True
    parts: tuple["Entry", ...] = ()


_REQUEST = Entry("request", "requesting", "Ask for a change to be planned over the devices that it is for now.")


TABLE = (
    Entry("init", "installation", "Make an installation: its folder, its keys, its log.", grouped=False),
    Entry("up", "processes", "Run everything in one process.", grouped=False),
    Entry("run", "processes", "Run one part: coordinator, worker or projector.", grouped=False),
    Entry("topics", "topics", "The topics of the log."),
    Entry("schema", "installation", "Print the JSON Schemas of all messages, or of one.", grouped=False),
    Entry("key", "keys", "Keys: who may do what."),
    Entry("inventory", "inventory", "The inventory: check, list, show, host keys."),
    Entry("change", "change", "Changes: write, check, try, submit."),
    Entry("rollout", "rollout", "Rollouts: request, look at, decide about.", parts=(_REQUEST,)),
    Entry("halt", "halts", "Stop: nothing new starts, what is in flight settles.", grouped=False),
    Entry("device", "device", "One device: what happened to it."),
    Entry("log", "history", "Show what happened, fact by fact, oldest first.", grouped=False),
    Entry("audit", "history", "Tell who did what to what, when and why, in sentences.", grouped=False),
    Entry("views", "views", "The read models."),
    Entry("platform", "platform", "Platforms: what is sent to devices."),
    Entry("lab", "lab", "Simulated devices."),
    Entry("demo", "demo", "Play the whole of it on simulated devices.", grouped=False),
)

_ABOUT = "Rolls configuration changes out to network devices, in waves, behind gates that operations own."


def assembled(arguments: Sequence[str]) -> typer.Typer:
    """The command, with the real thing for every entry that the arguments name and its help for the others."""
    app = typer.Typer(
        cls=_Guarded,
        help=_ABOUT,
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    named = [entry for entry in TABLE if entry.name in arguments]
    modules = {entry.module for entry in named}
    for entry in TABLE:
        if entry.module not in modules:
            app.command(entry.name, help=entry.help)(_unloaded)
        elif entry.grouped:
            app.add_typer(_group(entry, arguments), name=entry.name, help=entry.help, no_args_is_help=True)
    for module in sorted({entry.module for entry in named if not entry.grouped}):
        app.add_typer(loaded(module))
    return app


def loaded(module: str) -> typer.Typer:
    """The commands of one of this package's modules."""
    app: typer.Typer = importlib.import_module(f"console.cli.{module}").app
    return app


def _group(entry: Entry, arguments: Sequence[str]) -> typer.Typer:
    if not entry.parts:
        return loaded(entry.module)
    group = typer.Typer()
    for part in entry.parts:
        if part.name in arguments:
            group.add_typer(loaded(part.module))
        else:
            group.command(part.name, help=part.help)(_unloaded)
    group.add_typer(loaded(entry.module))
    return group


class _Guarded(TyperGroup):
    """Turns expected errors into messages, whichever command they come from."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own
        complaints = importlib.import_module("console.complaints")
        with complaints.complaining():
            return super().invoke(ctx)


def _version(asked: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if asked:
        typer.echo(f"wavegate {importlib.metadata.version('wavegate')}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Rolls configuration changes out to network devices, in waves, behind gates that operations own."""


def _unloaded() -> None:
    """Stands in the list of commands for one that was not loaded; cannot be reached by its name."""
