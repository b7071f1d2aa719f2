"""Which commands only look, and which lines would leave a configuration: what is refused before it is sent."""

import re

from automation.platforms.answers import controls
from automation.platforms.contract import ForbiddenCommandError, LineRejectedError

_LOOKING = re.compile(r"(?:show|ping|traceroute) \S", re.IGNORECASE)
_FILTER = re.compile(r"(?:i(?:nclude)?|e(?:xclude)?|b(?:egin)?|s(?:ection)?|c(?:ount)?|json|no-more)\b", re.IGNORECASE)
#: What writes to a file, or hands over to a shell, behind a command that looks.
_HANDED_ON = re.compile(r"[>;`]|\$\(|\|\||&&")


def only_looks(command: str) -> str:
    """The command, if it changes nothing.

    Raises:
        ForbiddenCommandError: it may change something.
    """
    head, *filters = (part.strip() for part in command.split("|"))
    harmless = all(_FILTER.match(each) for each in filters) and not _HANDED_ON.search(command)
    if controls(command) or not harmless or not _LOOKING.match(head):
        raise ForbiddenCommandError(
            f"{command[:200]!r} is not sent: checks are show, ping and traceroute, without output to files"
        )
    return command.strip()


def stays_inside(line: str, leaving: re.Pattern[str], *, text: bool) -> None:
    """Checks that a line is configuration and nothing else; ``text`` is one of a person's own text.

    Raises:
        LineRejectedError: it would leave the configuration, or press a key on the device.
    """
    if controls(line.replace("\t", " ") if text else line):
        raise LineRejectedError(line, "not sent: it holds control characters")
    if not text and leaving.match(line.strip()):
        raise LineRejectedError(line, "not sent: it is a command, not configuration")
