"""The filters behind `|` of a show command."""

import re

from lab.ios.commands import CommandError

_FILTERS = ("begin", "count", "exclude", "include", "section")


def split(command: str) -> tuple[str, str]:
    """A command and what stands behind its first `|`."""
    command, _, pipe = command.partition("|")
    return command.rstrip(), pipe.strip()


def filtered(text: str, pipe: str) -> str:
    """The text with the filter applied; raises CommandError for a filter that there is not."""
    if not pipe:
        return text
    word, _, pattern = pipe.partition(" ")
    names = [name for name in _FILTERS if name.startswith(word.lower())]
    if len(names) != 1:
        raise CommandError("% Invalid input detected at '^' marker.")
    if not pattern:
        raise CommandError("% Incomplete command.")
    try:
        wanted = re.compile(pattern.strip())
    except re.error as error:
        raise CommandError(f"% Failed to compile regular expression: {pattern}") from error
    return "\n".join(_apply(names[0], text.splitlines(), wanted))


def _apply(name: str, lines: list[str], wanted: re.Pattern[str]) -> list[str]:
    if name == "begin":
        first = next((index for index, line in enumerate(lines) if wanted.search(line)), len(lines))
        return lines[first:]
    if name == "section":
        return _sections(lines, wanted)
    kept = [line for line in lines if bool(wanted.search(line)) == (name != "exclude")]
    return [f"Number of lines which match regexp = {len(kept)}"] if name == "count" else kept


def _sections(lines: list[str], wanted: re.Pattern[str]) -> list[str]:
    """The lines that match, each with the deeper ones below it."""
    kept: list[str] = []
    depth = -1
    for line in lines:
        own = len(line) - len(line.lstrip())
        if depth >= 0 and own > depth:
            kept.append(line)
        elif wanted.search(line):
            depth = own
            kept.append(line)
        else:
            depth = -1
    return kept
