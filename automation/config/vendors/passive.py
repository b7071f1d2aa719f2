"""Passive interfaces of a routing process on IOS and EOS: only what departs from its default is shown."""

import re
from collections.abc import Iterator

from automation.config.tree import Line, Tree

_PROCESS = re.compile(r"router (?:ospf|eigrp|rip|isis)\b")
_DEFAULT = "passive-interface default"
_NAMED = re.compile(r"(?:no )?passive-interface (?!default$)\S+$")


def without_idle_exceptions(predicted: Tree, _change: Tree, _running: Tree) -> Tree:
    """The prediction without the interfaces of which a process says what goes without saying."""
    return Tree(tuple(_settled(line) for line in predicted))


def _settled(line: Line) -> Line:
    if line.verbatim or not _PROCESS.match(line.text):
        return line
    return Line(line.text, tuple(_departing(line)))


def _departing(process: Line) -> Iterator[Line]:
    by_default = any(child.text == _DEFAULT for child in process.children)
    for child in process.children:
        if not _NAMED.match(child.text) or child.negated is by_default:
            yield child
