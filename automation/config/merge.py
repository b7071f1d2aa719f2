"""What a device will have once it has been given the lines of a change."""

from automation.config.tree import Line, Tree
from automation.config.vendor import Vendor
from automation.errors import AutomationError


class AmbiguousChangeError(AutomationError):
    """A line of which it cannot be told beforehand what a device will make of it."""


def merged(running: Tree, change: Tree, vendor: Vendor) -> Tree:
    """The configuration after the change's lines, taken one after the other as the device takes them.

    Raises:
        AmbiguousChangeError: a line's effect cannot be told beforehand.
    """
    complete = vendor.complete(change, running)
    predicted = Tree(_merge(running.lines, complete.lines, (), vendor))
    return vendor.solid(vendor.settle(predicted, complete, running))


def _merge(now: tuple[Line, ...], change: tuple[Line, ...], path: tuple[str, ...], vendor: Vendor) -> tuple[Line, ...]:
    lines = {line.text: line for line in now}
    for line in change:
        _check(line, path, vendor)
        if line.negated:
            _take_away(lines, line, path, vendor)
        else:
            _put(lines, line, path, vendor)
    return tuple(lines.values())


def _check(line: Line, path: tuple[str, ...], vendor: Vendor) -> None:
    where = " / ".join((*path, line.text))
    if line.text.startswith("default "):
        raise AmbiguousChangeError(
            f"{where!r}: what 'default' leaves depends on the device; write the lines themselves"
        )
    for lineage, hint in vendor.ambiguous:
        if vendor.matches([lineage], (*path, line.positive)):
            raise AmbiguousChangeError(f"{where!r}: {hint}")


def _take_away(lines: dict[str, Line], line: Line, path: tuple[str, ...], vendor: Vendor) -> None:
    _remove(lines, line, path, vendor)
    if vendor.matches(vendor.native_negations, (*path, line.text)):
        lines[line.text] = line


def _remove(lines: dict[str, Line], line: Line, path: tuple[str, ...], vendor: Vendor) -> None:
    """Removes a line, those that have its place, and, where it is not there to the letter, those that it begins."""
    key = vendor.place_key((*path, line.positive))
    begins = line.positive not in lines
    for text in list(lines):
        same = text == line.positive or (begins and _is_begun(text, line, path, vendor))
        if same or (key is not None and vendor.place_key((*path, text)) == key):
            del lines[text]


def _is_begun(text: str, line: Line, path: tuple[str, ...], vendor: Vendor) -> bool:
    return text.startswith(f"{line.positive} ") and not vendor.matches(vendor.apart, (*path, text))


def _put(lines: dict[str, Line], line: Line, path: tuple[str, ...], vendor: Vendor) -> None:
    here = (*path, line.text)
    lines.pop(f"no {line.text}", None)
    if vendor.matches(vendor.defaults, here):
        _remove(lines, Line(f"no {line.text}"), path, vendor)
        return
    current = lines.get(line.text)
    if line.verbatim:
        lines[line.text] = line
    elif vendor.is_ordered(line.text):
        lines[line.text] = _whole(line, path)
    elif current is not None:
        lines[line.text] = Line(line.text, _merge(current.children, line.children, here, vendor))
    else:
        _displace(lines, here, vendor)
        lines[line.text] = Line(line.text, _merge((), line.children, here, vendor))


def _displace(lines: dict[str, Line], here: tuple[str, ...], vendor: Vendor) -> None:
    """Removes the line whose place a new single-valued line takes."""
    key = vendor.place_key(here)
    if key is None:
        return
    for text in list(lines):
        if vendor.place_key((*here[:-1], text)) == key:
            del lines[text]


def _whole(line: Line, path: tuple[str, ...]) -> Line:
    for entry in line.children:
        if entry.negated:
            where = " / ".join((*path, line.text, entry.text))
            raise AmbiguousChangeError(
                f"{where!r}: a section whose order matters is given as a whole; leave the entry out instead"
            )
        _whole(entry, (*path, line.text))
    return line
