"""Lines on their way into an IOS device: what is refused before it is sent, and texts with their headers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.config.vendors.ios import IOS
from automation.platforms.commands import stays_inside
from automation.platforms.contract import LineRejectedError

_LEAVING = re.compile(r"(?:do(?:-exec)?|end|configure|tclsh)(?: |$)")
#: IOS takes no longer line.
_LONGEST = 510


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is typed before the next prompt: a line, or the header of a text with the text and the line that ends it."""

    line: str
    text: tuple[str, ...] = ()


def entries(lines: Sequence[str]) -> tuple[Entry, ...]:
    """The lines as they are typed.

    Raises:
        LineRejectedError: a line is too long, would leave the configuration, or begins a text that does not end.
    """
    return tuple(_entries(iter(lines)))


def _entries(todo: Iterator[str]) -> Iterator[Entry]:
    for line in todo:
        stays_inside(line, _LEAVING, text=False)
        if len(line) > _LONGEST:
            raise LineRejectedError(line, f"not sent: it has {len(line)} characters, IOS takes {_LONGEST}")
        mark = _mark(line)
        if line.strip():
            yield Entry(line=line, text=tuple(_text(line, mark, todo)) if mark else ())


def _mark(line: str) -> str:
    """The mark that ends the text which a line begins; empty where it begins none, or ends it itself."""
    for rule in IOS.multiline:
        match = rule.start.match(line)
        if match and match["mark"] not in line[match.end() :]:
            return match["mark"]
    return ""


def _text(header: str, mark: str, todo: Iterator[str]) -> Iterator[str]:
    for line in todo:
        stays_inside(line, _LEAVING, text=True)
        yield line
        if mark in line:
            return
    raise LineRejectedError(header, f"not sent: its text does not end with {mark!r}")
