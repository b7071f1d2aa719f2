"""Configuration text into normalised trees: the same meaning gives the same tree, whoever wrote the text."""

import re
from collections.abc import Iterator, Sequence

from automation.config.tree import Line, Tree, TreeBuilder
from automation.config.vendor import Lineage, Vendor


def read_device(text: str, vendor: Vendor) -> Tree:
    """The normalised tree of what a device shows as its configuration, without what goes without saying."""
    return vendor.solid(Tree(_level(_built(text, vendor).lines, (), vendor, vendor.defaults)))


def read_change(text: str, vendor: Vendor) -> Tree:
    """The normalised tree of the lines of a change."""
    return Tree(_level(_built(text, vendor).lines, (), vendor, ()))


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
