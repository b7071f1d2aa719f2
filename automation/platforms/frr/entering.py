"""Lines on their way into a router: what is refused before it is sent, and which section each belongs to.

vtysh tries a line that it does not know one level up, and stays there where that works: it takes the line, but not
where it belongs. So each line has its depth, and is held against the prompt that comes back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from automation.config.vendors.frr import FRR
from automation.platforms.commands import stays_inside
from automation.platforms.contract import LineRejectedError

#: Commands, and what vtysh completes to them. Sections are left by the session alone.
_LEAVING = re.compile(
    r"(?:do|end|ex(?:it?)?|exit-\S+|q(?:u(?:it?)?)?|conf(?:igure)?|wr(?:i|it|ite)?|copy|clear|terminal|disable|list|find|output|"
    r"sh(?:o|ow)?|ping|traceroute|ssh|telnet|start-shell|reload)(?: |$)|enable$"
)
#: vtysh's own line holds more; but a terminal has to show it as it was sent.
LONGEST = 1000
TOP = "(config)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line without its indentation, and how many sections it is in."""

    line: str
    depth: int


def entries(lines: Sequence[str]) -> tuple[Entry, ...]:
    """The lines as they are typed.

    Raises:
        LineRejectedError: a line is too long, would leave the configuration, or holds a key that vtysh acts on.
    """
    return tuple(_entry(line) for line in lines if line.strip())


def _entry(line: str) -> Entry:
    stays_inside(line, _LEAVING, text=False)
    if "?" in line or "\t" in line:
        raise LineRejectedError(line, "not sent: vtysh takes '?' and tabs for calls for help, wherever they stand")
    if len(line) > LONGEST:
        raise LineRejectedError(line, f"not sent: it has {len(line)} characters, {LONGEST} can be entered")
    text = line.lstrip(" ")
    return Entry(line=text.rstrip(), depth=(len(line) - len(text)) // len(FRR.indent))


class Place:
    """Where in the configuration the command line is, by the modes that its prompt went through."""

    def __init__(self) -> None:
        self._modes = [TOP]

    @property
    def depth(self) -> int:
        """How many sections it is in."""
        return len(self._modes) - 1

    def left(self) -> None:
        """A section was left."""
        self._modes.pop()

    def took(self, entry: Entry, mode: str) -> None:
        """A line was taken, after which the prompt showed this mode.

        Raises:
            LineRejectedError: it was taken one level up, outside its section.
        """
        if mode == self._modes[-1]:
            return
        if mode in self._modes:
            raise LineRejectedError(entry.line, f"it was taken outside its section, at {mode or 'the top'}")
        self._modes.append(mode)
