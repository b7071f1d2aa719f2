"""Asking back before anything that is large or dangerous."""

import sys
from collections.abc import Iterable

import typer

from console.errors import ConsoleError, UsageError
from console.output import Output


def confirm(output: Output, shown: Iterable[str], *, yes: bool, question: str = "Go on?") -> None:
    """Shows what will happen and asks whether it shall.

    Raises:
        UsageError: nobody is there to be asked, and ``yes`` was not said.
        ConsoleError: the answer was no.
    """
    for line in shown:
        output.note(line)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was sent: nobody can be asked here (standard input is no terminal); say --yes")
    if not typer.confirm(question, default=False, err=True):
        raise ConsoleError("nothing was sent")
