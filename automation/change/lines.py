"""What can be told of configuration lines before any device is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.config.keeping import falls_under, normalised
from automation.config.merge import AmbiguousChangeError, merged
from automation.config.reading import read_change
from automation.config.tree import Line, Tree
from automation.config.vendor import Vendor

#: Words that begin a command and never a line of configuration. Entered as one, they would be carried out.
_COMMANDS = frozenset({"configure", "conf", "copy", "delete", "do", "erase", "reload", "wr", "write"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with lines. ``detail`` has what differs from device to device.

    ``field`` is the field of the change file that the lines are at odds with, empty where they are wrong by themselves.
    """

    message: str
    detail: str = ""
    hint: str = ""
    field: tuple[str, ...] = ()


def faults(text: str, vendor: Vendor, *, merge: bool, keep: Sequence[str] = ()) -> Iterator[Fault]:
    """What is wrong with the lines that a change has for a device.

    ``merge``: they are added to what is there; otherwise ``keep`` has the prefixes of what stays of that.
    """
    tree = read_change(text, vendor)
    if not tree:
        yield Fault(message="no line is left for the device", hint="narrow the selector, or look at the conditions")
        return
    yield from _of_lines(tree, vendor)
    yield from _of_kept(tree, vendor, keep)
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


def _of_kept(tree: Tree, vendor: Vendor, keep: Sequence[str]) -> Iterator[Fault]:
    """Lines that devices are to keep as they are: either the change or the device says what they are."""
    for place, written in enumerate(keep):
        prefix = normalised(written, vendor)
        line = next((line for line in tree if falls_under(line.positive, prefix)), None)
        if line is not None:
            message = f"{written!r} is kept as each device has it, and the change has such a line as well"
            words = " ".join(line.text.split(" ")[:2])
            hint = "remove the line, or leave this out of keep"
            yield Fault(message=message, detail=f"it is {words!r} ...", hint=hint, field=("keep", str(place)))


def _configuration(lines: tuple[Line, ...]) -> Iterator[Line]:
    """Every line at every depth, but for text of a person's own."""
    for line in lines:
        yield line
        if not line.verbatim:
            yield from _configuration(line.children)
