"""Where a command writes: what was asked for to standard output, everything else to standard error.

Data is never interpreted: Rich's markup, highlighting and emoji codes are off, and text goes through ``escaping``.
"""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from console.escaping import block, visible

#: Nobody cuts lines that are not on a terminal.
_WIDE = 4_000


class Output:
    """One command's output. With ``as_json`` standard output has JSON only: an object, or one in each line."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out = made_console(sys.stdout)
        self._err = made_console(sys.stderr)

    @property
    def console(self) -> Console:
        """Standard output, for what is drawn."""
        return self._out

    def emit(self, content: object) -> None:
        """One line of JSON."""
        sys.stdout.write(json.dumps(plain(content), separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def emit_if_json(self, content: object) -> None:
        """One line of JSON, where JSON was asked for."""
        if self.as_json:
            self.emit(content)

    def say(self, text: str = "", style: str = "") -> None:
        """Lines of what was asked for; nothing where JSON was asked for."""
        if not self.as_json:
            self._out.print(Text(block(text), style=style), soft_wrap=True)

    def write(self, text: str) -> None:
        """A text that is to go into a file as it is; nothing where JSON was asked for."""
        if not self.as_json:
            sys.stdout.write(block(text))
            sys.stdout.flush()

    def show(self, drawn: RenderableType) -> None:
        """A table or a panel; nothing where JSON was asked for."""
        if not self.as_json:
            self._out.print(drawn)

    def note(self, text: str, style: str = "") -> None:
        """Something to know besides what was asked for."""
        self._err.print(Text(block(text), style=style), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Something to be careful about."""
        self.note(text, style="yellow")

    def complain(self, text: str) -> None:
        """Why something was not done."""
        self.note(text, style="red")


def made_console(stream: IO[str]) -> Console:
    """A console on a stream that interprets nothing of what it is given."""
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, markup=False, highlight=False, emoji=False, width=width)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Rows under headings; no cell is ever cut off."""
    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=any(headings))
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    return drawn


def plain(content: object) -> Any:  # noqa: ANN401 - JSON
    """Anything that the console shows, as JSON has it: times in ISO 8601 (UTC), time spans in seconds."""
    if dataclasses.is_dataclass(content) and not isinstance(content, type):
        return {field.name: plain(getattr(content, field.name)) for field in dataclasses.fields(content)}
    if isinstance(content, BaseModel):
        return content.model_dump(mode="json")
    if isinstance(content, Mapping):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple | set | frozenset):
        return [plain(value) for value in content]
    return _scalar(content)


def _scalar(content: object) -> object:
    match content:
        case Enum():
            return content.value
        case datetime():
            return content.isoformat().replace("+00:00", "Z")
        case timedelta():
            return content.total_seconds()
        case Path():
            return str(content)
    return content


def _cell(content: object) -> str:
    if content is None:
        return "-"
    if isinstance(content, datetime):
        return moment(content)
    return visible(str(plain(content)))


def moment(at: datetime) -> str:
    """A time as people read it here: UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
