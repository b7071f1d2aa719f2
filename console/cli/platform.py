"""``wavegate platform``."""

from typing import Annotated

import typer

from automation.platforms.contract import Abilities, Platform
from automation.platforms.ports import PORTS
from automation.platforms.registry import platforms
from console.cli.options import Json
from console.errors import UsageError
from console.output import Output, table
from inventory.problems import Suggester

app = typer.Typer()

_FLAGS = ("atomic", "candidate", "lock", "merge", "replace", "confirm_elsewhere")


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the platforms, and what each can do."""
    output = Output(as_json=as_json)
    rows = []
    for name, platform in sorted(platforms().items()):
        able = platform.abilities
        flags = [flag for flag in _FLAGS if getattr(able, flag)]
        undo = [rank.value for rank in able.undo]
        output.emit_if_json({"platform": name, "port": PORTS[name], "abilities": flags, "undo": undo})
        rows.append((name, PORTS[name], ", ".join(flags), " > ".join(undo), _longest(able)))
    output.show(table(("PLATFORM", "PORT", "CAN", "UNDO", "LONGEST TIMER"), rows))


@app.command("commands")
def commands(
    name: Annotated[str, typer.Argument(help="The platform's name.")],
    *,
    as_json: Json = False,
) -> None:
    """Print every command that may be sent, as regular expressions; for command authorization on AAA servers.

    Besides these, the lines and the checks of approved changes are sent.
    """
    output = Output(as_json=as_json)
    patterns = list(_platform(name).commands)
    output.emit_if_json({"platform": name, "commands": patterns})
    output.say("\n".join(patterns))


def _platform(name: str) -> Platform:
    known = platforms()
    if name not in known:
        hint = Suggester().hint(name, known) or f"there are {', '.join(sorted(known))}"
        raise UsageError(f"there is no platform {name!r}; {hint}")
    return known[name]


def _longest(abilities: Abilities) -> str:
    return f"{abilities.timer_longest.total_seconds() / 60:.0f} min"
