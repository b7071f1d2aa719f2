"""Diff classes: differences that are the same once each device's own values are replaced by placeholders."""

import re
from collections.abc import Mapping

from automation.config.difference import Difference, as_text
from events.plans import digest

#: Shorter values would match by chance.
_SHORTEST = 2


def skeleton(edits: Difference, own: Mapping[str, str]) -> str:
    """A difference with the device's own values replaced by their names.

    ``own`` has the values by name; where one contains another, the longer one is replaced first.
    """
    names: dict[str, str] = {}
    for name, value in sorted(own.items(), key=lambda item: (-len(item[1]), item[0])):
        if len(value) >= _SHORTEST:
            names.setdefault(value, name)
    text = as_text(edits)
    if not names:
        return text
    # In one go: what was put in is not looked at again, be a value called like another one's name.
    values = "|".join(map(re.escape, names))
    return re.sub(rf"(?<![\w.])(?:{values})(?![\w.])", lambda match: f"<{names[match[0]]}>", text)


def diff_class(edits: Difference, own: Mapping[str, str]) -> str:
    """The class of a difference, as a digest of its skeleton."""
    return digest(skeleton(edits, own).encode())
