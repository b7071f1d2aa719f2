"""A configuration as an immutable tree of lines.

Every edit makes a new tree that shares what did not change, so running, startup, candidate and rollback
configurations of a device cost little more than one of them, and comparing or restoring is an assignment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

Path = tuple[str, ...]
"""The keys of the sections from the top down to one section; `()` is the top."""

Rank = tuple[int, tuple[tuple[int, int, str], ...]]
"""Where a line stands in its section: the rule's place in the grammar, then a natural sort key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One line and the lines below it.

    Within a section a key is there once: a line replaces the one with its key. `text` is the line as the device
    shows it, without indentation; a banner's text has several lines. `opens` says that the line opens a section,
    `trailer` closes it when shown.
    """

    text: str = ""
    key: str = ""
    rank: Rank = (0, ())
    opens: bool = False
    trailer: str = ""
    children: tuple["Node", ...] = ()

    def child(self, key: str) -> "Node | None":
        """The line of this section that has the key."""
        return next((node for node in self.children if node.key == key), None)

    def at(self, path: Path) -> "Node | None":
        """The section at a path below this one."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node else None
        return node

    def put(self, path: Path, line: "Node") -> "Node":
        """This tree with a line added to the section at the path; it takes the place of the one with its key.

        Raises KeyError where the section does not exist.
        """
        if path:
            below = self._below(path)
            return self._with(below.put(path[1:], line))
        return self._with(line)

    def drop(self, path: Path, key: str) -> "Node":
        """This tree without the line that has the key, in the section at the path."""
        if path:
            below = self._below(path)
            return self._with(below.drop(path[1:], key))
        return replace(self, children=tuple(node for node in self.children if node.key != key))

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, "Node"]]:
        """Every line below this one with the path of its section, in the order in which they are shown."""
        for node in self.children:
            yield path, node
            yield from node.walk((*path, node.key))

    def _below(self, path: Path) -> "Node":
        below = self.child(path[0])
        if below is None:
            raise KeyError(path[0])
        return below

    def _with(self, line: "Node") -> "Node":
        for index, node in enumerate(self.children):
            if node.key == line.key and node.rank == line.rank:
                return replace(self, children=(*self.children[:index], line, *self.children[index + 1 :]))
        # A line that changes its rank (another kind with the same key) moves to where the vendor shows that kind.
        others = [node for node in self.children if node.key != line.key]
        after = next((index for index, node in enumerate(others) if node.rank > line.rank), len(others))
        return replace(self, children=(*others[:after], line, *others[after:]))


EMPTY = Node()
"""A configuration with nothing in it."""
