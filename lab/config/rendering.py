"""A configuration as the text that a device shows."""

from collections.abc import Iterator

from lab.config.tree import Node


def rendered(config: Node, indent: int, depth: int = 0) -> Iterator[str]:
    """The lines of a configuration, `indent` blanks a level, with `!` where devices put it."""
    before: Node | None = None
    for node in config.children:
        if before is not None and _parted(before, node, depth):
            yield " " * (indent * depth) + "!"
        yield from _lines(node, indent, depth)
        before = node


def _parted(before: Node, node: Node, depth: int) -> bool:
    if depth > 0:
        return node.opens
    return node.opens or before.opens or before.rank[0] != node.rank[0]


def _lines(node: Node, indent: int, depth: int) -> Iterator[str]:
    # A text keeps its own columns after the first line.
    first, *text = node.text.split("\n")
    yield " " * (indent * depth) + first
    yield from text
    yield from rendered(node, indent, depth + 1)
    if node.trailer:
        yield " " * (indent * depth) + node.trailer
