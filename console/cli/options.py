"""Options that many commands have, written once."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", envvar="WAVEGATE_HOME", metavar="DIR", help="The installation's folder."),
]
Key = Annotated[
    Path | None,
    typer.Option("--key", envvar="WAVEGATE_KEY", metavar="FILE", help="Your private key, which signs what you ask."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or one in each line.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask back; for scripts.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; it is kept with the fact and shown in the audit.")]
Within = Annotated[float, typer.Option("--within", metavar="SECONDS", min=0.1, help="How long to wait for a decision.")]
RolloutId = Annotated[str, typer.Argument(metavar="ID", help="The rollout, or as much of its id as is unique.")]
Unchecked = Annotated[bool, typer.Option("--unchecked", help="Send the change though something is wrong with it.")]
Estate = Annotated[
    list[Path] | None,
    typer.Option("--estate", metavar="PATH", help="An inventory to use in place of the installation's; repeatable."),
]
Tasks = Annotated[
    Path | None, typer.Option("--tasks", metavar="DIR", help="The folder of engineers' tasks, without an installation.")
]
