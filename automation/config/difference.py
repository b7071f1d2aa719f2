"""The one difference between two configurations: at planning, at the push, and when it is read back."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from automation.config.tree import Line, Tree
from automation.config.vendor import Vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One line that appears (``+``) or disappears (``-``), below the sections of ``path``.

    ``place`` is its number in a section whose order matters, otherwise -1.
    """

    sign: str
    path: tuple[str, ...]
    text: str
    place: int = -1


Difference = tuple[Edit, ...]


def difference(before: Tree, after: Tree, vendor: Vendor) -> Difference:
    """Every line that is on one side alone, section by section."""
    return tuple(_level(before.lines, after.lines, (), vendor))


def canonical(edits: Difference) -> bytes:
    """The bytes of a difference, alike wherever the device keeps a line whose order has no meaning."""
    rows = sorted((list(edit.path), edit.place, edit.sign, edit.text) for edit in edits)
    return json.dumps(rows, separators=(",", ":")).encode()


def as_text(edits: Difference) -> str:
    """A difference for people: each section's header once, then its lines, with the signs in the first column."""
    lines: list[str] = []
    shown: tuple[str, ...] = ()
    for edit in edits:
        for depth, header in enumerate(edit.path):
            if shown[: depth + 1] != edit.path[: depth + 1]:
                lines.append(f"  {' ' * depth}{header}")
        # A line that appears or disappears with what is below it is the header of that.
        shown = (*edit.path, edit.text)
        lines.append(f"{edit.sign} {' ' * len(edit.path)}{edit.text}")
    return "".join(f"{line}\n" for line in lines)


def _level(before: Iterable[Line], after: Iterable[Line], path: tuple[str, ...], vendor: Vendor) -> Iterator[Edit]:
    old = {line.text: line for line in before}
    new = {line.text: line for line in after}
    for text, line in old.items():
        if text not in new:
            yield from _all("-", line, path)
        else:
            yield from _section(line, new[text], (*path, text), vendor)
    for text, line in new.items():
        if text not in old:
            yield from _all("+", line, path)


def _section(before: Line, after: Line, path: tuple[str, ...], vendor: Vendor) -> Iterator[Edit]:
    if before.verbatim or after.verbatim or vendor.is_ordered(before.text):
        yield from _ordered(before, after, path)
    else:
        yield from _level(before.children, after.children, path, vendor)


def _ordered(before: Line, after: Line, path: tuple[str, ...]) -> Iterator[Edit]:
    old = [line.text for line in before.children]
    new = [line.text for line in after.children]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (Edit(sign="-", path=path, text=old[n], place=n) for n in range(i1, i2))
            yield from (Edit(sign="+", path=path, text=new[n], place=n) for n in range(j1, j2))


def _all(sign: str, line: Line, path: tuple[str, ...]) -> Iterator[Edit]:
    yield Edit(sign=sign, path=path, text=line.text)
    for place, child in enumerate(line.children):
        if line.verbatim:
            yield Edit(sign=sign, path=(*path, line.text), text=child.text, place=place)
        else:
            yield from _all(sign, child, (*path, line.text))
