"""A configuration as a tree of lines, as its indentation says."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """One line with what is indented below it.

    ``verbatim`` marks a header whose children are text of a person's own (a banner): kept to the character.
    """

    text: str
    children: tuple["Line", ...] = ()
    verbatim: bool = False

    @property
    def negated(self) -> bool:
        """Whether the line takes something away."""
        return self.text.startswith("no ")

    @property
    def positive(self) -> str:
        """The line's text without its negation."""
        return self.text.removeprefix("no ")


@dataclass(frozen=True, slots=True)
class Tree:
    """A configuration, or some sections of one."""

    lines: tuple[Line, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def get(self, text: str) -> Line | None:
        """The section with this header, or the line with this text."""
        return next((line for line in self.lines if line.text == text), None)

    def where(self, wanted: Callable[[Line], bool]) -> "Tree":
        """The sections of which ``wanted`` holds."""
        return Tree(tuple(line for line in self.lines if wanted(line)))

    def texts(self) -> Iterator[str]:
        """The text of every line at every depth."""
        return _texts(self.lines)

    def render(self, indent: str = " ") -> str:
        """The tree as indented text."""
        return "".join(f"{line}\n" for line in _render(self.lines, indent, 0))


@dataclass(slots=True)
class _Open:
    """A line that may still get children, while text is being read."""

    indent: int
    text: str
    children: dict[str, "_Open"] = field(default_factory=dict)
    verbatim: tuple[Line, ...] | None = None

    def close(self) -> Line:
        if self.verbatim is not None:
            return Line(self.text, self.verbatim, verbatim=True)
        return Line(self.text, tuple(child.close() for child in self.children.values()))


class TreeBuilder:
    """Builds a tree from lines in order. Two sections with one header become one, as on the device."""

    def __init__(self) -> None:
        self._root = _Open(-1, "")
        self._path = [self._root]

    def add(self, indent: int, text: str) -> None:
        """Adds a line that starts at column ``indent``: below the last one that starts further left."""
        while self._path[-1].indent >= indent:
            self._path.pop()
        parent = self._path[-1]
        line = parent.children.setdefault(text, _Open(indent, text))
        line.indent = indent
        self._path.append(line)

    def add_verbatim(self, text: str, content: Iterable[str]) -> None:
        """Adds a header with text that is kept to the character; a later one of the same header replaces it."""
        self._path = [self._root]
        self._root.children[text] = _Open(0, text, verbatim=tuple(Line(line) for line in content))

    def tree(self) -> Tree:
        """What has been built."""
        return Tree(tuple(child.close() for child in self._root.children.values()))


def _texts(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield line.text
        yield from _texts(line.children)


def _render(lines: Iterable[Line], indent: str, depth: int) -> Iterator[str]:
    for line in lines:
        yield indent * depth + line.text
        if line.verbatim:
            yield from (child.text for child in line.children)
        else:
            yield from _render(line.children, indent, depth + 1)
