"""Configuration text into normalised trees: the same meaning gives the same tree, whoever wrote the text."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.config.tree import Line, Tree, TreeBuilder
from automation.config.vendor import Lineage, Vendor

#: What closes a configuration as a device shows it. It belongs to no section.
_CLOSING = "end"


@dataclass(frozen=True, slots=True)
class Section:
    """A line on top with all that is below it, to the letter. ``header`` is that line as trees have it.

    What stands before the first section, and what closes a configuration, has no header.
    """

    header: str
    lines: tuple[str, ...]


def read_device(text: str, vendor: Vendor) -> Tree:
    """The normalised tree of what a device shows as its configuration, without what goes without saying."""
    return vendor.solid(Tree(_level(_built(text, vendor).lines, (), vendor, vendor.defaults)))


def read_change(text: str, vendor: Vendor) -> Tree:
    """The normalised tree of the lines of a change."""
    return Tree(_level(_built(text, vendor).lines, (), vendor, ()))


def read_sections(text: str, vendor: Vendor) -> Iterator[Section]:
    """The sections of a text in order; their lines one after the other are the text's own."""
    header, indent = "", -1
    taken: list[str] = []
    noted: list[str] = []
    lines = _noted(text.splitlines(), noted)
    for raw in lines:
        found, verbatim = _header(raw, lines, vendor)
        depth = len(raw) - len(raw.lstrip())
        closing = raw.strip() == _CLOSING
        if closing or verbatim or (found and (depth <= indent or indent < 0)):
            yield Section(header, tuple(taken))
            # Nothing stands below a text, however far to the right.
            header, indent, taken = ("", -1, []) if closing else (found, sys.maxsize if verbatim else depth, [])
        taken += noted
        noted.clear()
    yield Section(header, tuple(taken))


def _noted(lines: Sequence[str], noted: list[str]) -> Iterator[str]:
    """The lines, each noted as it is taken."""
    for line in lines:
        noted.append(line)
        yield line


def _header(raw: str, lines: Iterator[str], vendor: Vendor) -> tuple[str, bool]:
    """A line as trees have it, empty where they do not, and whether a text of a person's own was taken with it."""
    builder = TreeBuilder()
    if _multiline(raw, lines, builder, vendor):
        return builder.tree().lines[0].text, True
    return _clean(raw, vendor) or "", False


def _built(text: str, vendor: Vendor) -> Tree:
    builder = TreeBuilder()
    lines = iter(text.splitlines())
    for raw in lines:
        if _multiline(raw, lines, builder, vendor):
            continue
        line = _clean(raw, vendor)
        if line is not None:
            builder.add(len(raw) - len(raw.lstrip()), line)
    return builder.tree()


def _multiline(raw: str, lines: Iterator[str], builder: TreeBuilder, vendor: Vendor) -> bool:
    for rule in vendor.multiline:
        match = rule.start.match(raw)
        if match is None:
            continue
        groups = match.groupdict()
        end = groups.get("mark") or rule.end
        builder.add_verbatim(groups["head"], _until(end, raw[match.end() :], lines))
        return True
    return False


def _until(end: str, rest: str, lines: Iterator[str]) -> list[str]:
    """The text up to the end mark, which may stand on the header's own line or at the end of a line of text."""
    content: list[str] = []
    pending: str | None = rest or None
    while True:
        line = pending if pending is not None else next(lines, None)
        pending = None
        if line is None:
            return content
        if line.rstrip().endswith(end):
            last = line.rstrip().removesuffix(end)
            return [*content, last] if last else content
        content.append(line)


def _clean(raw: str, vendor: Vendor) -> str | None:
    text = " ".join(raw.split())
    if not text or text.startswith(vendor.comment) or any(pattern.match(text) for pattern in vendor.noise):
        return None
    for pattern, replacement in vendor.rewrites:
        text = pattern.sub(replacement, text)
    return text


def _level(
    lines: tuple[Line, ...], path: tuple[str, ...], vendor: Vendor, dropped: Sequence[Lineage]
) -> tuple[Line, ...]:
    kept: dict[str, Line] = {}
    ordered = bool(path) and vendor.is_ordered(path[-1])
    for line in _in_order(lines, vendor) if ordered else lines:
        text = _rewritten(vendor.entry_number.sub("", line.text) if ordered else line.text, path, vendor)
        here = (*path, text)
        if vendor.matches(dropped, here):
            continue
        children = line.children if line.verbatim else _level(line.children, here, vendor, dropped)
        kept[text] = Line(text, children, verbatim=line.verbatim)
    return tuple(kept.values())


def _in_order(lines: tuple[Line, ...], vendor: Vendor) -> tuple[Line, ...]:
    """The entries by their numbers, where all of them have one: that is where a device puts them."""
    numbers = [_number(line.text, vendor) for line in lines]
    if -1 in numbers:
        return lines
    return tuple(line for _, line in sorted(zip(numbers, lines, strict=True), key=lambda pair: pair[0]))


def _number(text: str, vendor: Vendor) -> int:
    match = vendor.entry_number.match(text)
    digits = re.search(r"\d+", match[0]) if match else None
    return int(digits[0]) if digits else -1


def _rewritten(text: str, path: tuple[str, ...], vendor: Vendor) -> str:
    for lineage, (pattern, replacement) in vendor.inside:
        if vendor.matches([lineage], path):
            text = pattern.sub(replacement, text)
    return text
