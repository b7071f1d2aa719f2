"""One line on its way into a configuration, as a platform's rewriting functions see it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from lab.config.arguments import natural
from lab.config.grammar import Line, Mode, Shows
from lab.config.tree import Node, Path, Rank
from lab.errors import LabError


class RefusedLineError(LabError):
    """A line reads well and is refused all the same, with the device's own words."""


class MisplacedWordError(RefusedLineError):
    """A line that reads well with a word, counted from 0 after any `no`, that the device does not know after all."""

    def __init__(self, word: int) -> None:
        self.word = word
        super().__init__(f"word {word} is not known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A line that was read as one of a mode's, for the section at `path`; `negated` after `no` or `default`.

    `reset` is true after `default` alone.
    """

    config: Node
    path: Path
    mode: Mode
    rule: int
    text: str
    key: str
    rank: Rank
    negated: bool = False
    reset: bool = False

    @property
    def line(self) -> Line:
        """The line's entry in the grammar."""
        return self.mode.lines[self.rule]

    @property
    def section(self) -> Node:
        """The section that the line is for, as it is now."""
        found = self.config.at(self.path)
        if found is None:
            raise RefusedLineError(f"the section {self.path} is gone")
        return found

    def becomes(self, text: str, *, key: str | None = None, rank: Rank | None = None) -> "Draft":
        """The same draft with another stored form."""
        return replace(self, text=text, key=self.key if key is None else key, rank=rank or self.rank)

    def stored(self) -> Node:
        """The configuration with the draft carried out in the ordinary way."""
        if self.negated:
            return self._removed()
        if self.text in self.line.defaults or self.line.shows is Shows.UNSET:
            return self._without(self.key)
        return self._with(self.text)

    def without(self, keys: Iterable[str]) -> Node:
        """The configuration without the lines of this section that have these keys."""
        config = self.config
        for key in keys:
            config = config.drop(self.path, key)
        return config

    def _removed(self) -> Node:
        if not self.reset and self.line.shows is not Shows.SET and self.key:
            return self._with(f"no {self.key}")
        if self.line.absent is not None:
            return self._with(self.line.absent)
        return self._without(self.key)

    def _with(self, text: str) -> Node:
        old = self.section.child(self.key)
        if old is not None and old.text == text:
            return self.config
        opens = self.line.enter is not None
        children = old.children if old is not None and opens else ()
        node = Node(text=text, key=self.key, rank=self.rank, opens=opens, trailer=self.line.trailer, children=children)
        return self.config.put(self.path, node)

    def _without(self, key: str) -> Node:
        # Several kinds of line may share a key, since they replace each other; each takes only itself away.
        old = self.section.child(key)
        return self.config.drop(self.path, key) if old is not None and old.rank[0] == self.rank[0] else self.config


Rewrite = Callable[[Draft], Node]
"""Carries a draft out in a platform's own way; raises RefusedLineError with the device's words."""

Expand = Callable[[str, Node], list[str]]
"""The headers that one typed header stands for in a section as it is now; raises RefusedLineError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrites:
    """The functions that a platform's grammar names."""

    rewrite: Mapping[str, Rewrite]
    expand: Mapping[str, Expand]


def rank_of(line: Line, rule: int, text: str) -> Rank:
    """Where a line stands in its section."""
    return rule, natural(text) if line.natural else ()
