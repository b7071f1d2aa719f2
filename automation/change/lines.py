"""What can be told of configuration lines before any device is asked."""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.config.merge import AmbiguousChangeError, merged
from automation.config.reading import read_change
from automation.config.tree import Line, Tree
from automation.config.vendor import Vendor

#: Words that begin a command and never a line of configuration. Entered as one, they would be carried out.
_COMMANDS = frozenset({"configure", "conf", "copy", "delete", "do", "erase", "reload", "wr", "write"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with lines. ``detail`` has what differs from device to device."""

    message: str
    detail: str = ""
    hint: str = ""


def faults(text: str, vendor: Vendor, *, merge: bool) -> Iterator[Fault]:
    """What is wrong with the lines that a change has for a device; ``merge``: they are added to what is there."""
    tree = read_change(text, vendor)
    if not tree:
        yield Fault(message="no line is left for the device", hint="narrow the selector, or look at the conditions")
        return
    yield from _of_lines(tree, vendor)
    if merge:
        try:
            merged(Tree(), tree, vendor)
        except AmbiguousChangeError as error:
            yield Fault(message="what a line would do depends on the device", detail=str(error))


def _of_lines(tree: Tree, vendor: Vendor) -> Iterator[Fault]:
    for line in _configuration(tree.lines):
        if line.text.split(" ", 1)[0] in _COMMANDS:
            message = "a line is a command and no configuration"
            yield Fault(message=message, detail=repr(line.text), hint="a change holds what the device shall have")
        if any(pattern.search(line.text) for pattern in vendor.secrets):
            words = " ".join(line.text.split(" ")[:2])
            message = "a line sets a secret, which would go into the log with the change"
            yield Fault(message=message, detail=f"{words!r} ...", hint="set it with the tool that keeps it")


def _configuration(lines: tuple[Line, ...]) -> Iterator[Line]:
    """Every line at every depth, but for text of a person's own."""
    for line in lines:
        yield line
        if not line.verbatim:
            yield from _configuration(line.children)
