"""The ports that a device has."""

import re

from lab.config.grammar import Grammar


def ports_of(grammar: Grammar, startup: str) -> frozenset[str]:
    """The ports that a startup config mentions, by their full names: configuration can neither add nor remove any."""
    names = re.findall(r"^\s*interface (\S+)", startup, re.MULTILINE)
    full = (grammar.interface.read(name) for name in names)
    return frozenset(name for name in full if name is not None and grammar.is_physical(name))
