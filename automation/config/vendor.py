"""What has to be known of a vendor to compare its configurations: knowledge as data, one value per platform."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from automation.config.tree import Line, Tree

#: A line by patterns of its ancestors and of itself, from the top: one pattern per level, matched from the start.
Lineage = tuple[str, ...]

Rewrite = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiline:
    """A header after which text of a person's own follows, up to an end.

    ``start`` matches the header; its group ``head`` is what is kept of it. The end is its group ``mark`` where it has
    one, otherwise ``end``.
    """

    start: re.Pattern[str]
    end: str = "EOF"


def as_written(change: Tree, _running: Tree) -> Tree:
    """The change as it is: for vendors that add nothing to what they are sent."""
    return change


def as_predicted(predicted: Tree, _change: Tree, _running: Tree) -> Tree:
    """What was predicted, as it is: for vendors whose lines do the same whatever else is there."""
    return predicted


def rewritten_whole(_now: Line, wanted: Line) -> tuple[Line, ...]:
    """An ordered section taken away and written anew: for devices on which all lines take effect at once."""
    return (Line(f"no {wanted.text}"), wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One platform's configuration language.

    ``noise`` are lines that say nothing about the configuration (time stamps, byte counts, drifting clocks).
    ``rewrites`` are applied to every line, of the device and of the change: what the device itself rewrites. Those of
    ``inside`` are applied to the lines directly below these headers.
    ``ambiguous`` are lines of which nobody can tell beforehand what a device will make of them, with how to say it.
    ``defaults`` are lines that the device accepts and does not show.
    ``native_negations`` are the "no ..." lines that the device does show.
    ``single`` are lines of which a later one takes the place of an earlier one; groups in a pattern keep apart what
    lives side by side.
    ``exclusive`` are such lines of which the device takes the later one only once the earlier one is gone.
    ``apart`` are lines that stay when what they begin with is taken away: they are about something else.
    ``negations`` say how a line is taken away where "no" and the whole line is not the way.
    ``ordered`` are headers of sections in which the order of lines has a meaning; a change gives them as a whole.
    ``entry_number`` matches the number that the device puts before a line of such a section.
    ``secrets`` match lines with a secret in group ``secret``; ``salted`` those whose secret is stored with a salt, so
    that the same secret looks different each time.
    ``login`` match what the way in depends on, with the user's name in group ``user`` where there is one.
    ``text_marks`` are characters of which one that the text lacks stands behind the header of a text of a person's own
    and ends it, when it is sent; where there are none it ends with ``text_end``.
    ``nested_exit`` leaves a section inside a section. ``indent`` stands before a line for each section that it is in:
    for drivers that leave sections by themselves, and have to know where a line belongs.
    ``greedy`` are headers of sections that understand headers of others, and have to be left before these.
    ``hollow`` are headers that say nothing without a line below them. Such sections are emptied line by line, never
    taken away; the device may go on showing the bare header.
    ``last_out_first``: lines stand on earlier ones of their section, so what goes is taken away before anything comes,
    the last line first.
    ``complete`` adds to a change what the device will add by itself, seen what is there already.
    ``settle`` puts right what was predicted from the change (second) and from what is there already (third), where what
    a line does depends on others.
    ``reorder`` gives the lines that make an existing ordered section what it should be.
    """

    name: str
    comment: str = "!"
    noise: Sequence[re.Pattern[str]] = ()
    rewrites: Sequence[Rewrite] = ()
    inside: Sequence[tuple[Lineage, Rewrite]] = ()
    ambiguous: Sequence[tuple[Lineage, str]] = ()
    defaults: Sequence[Lineage] = ()
    native_negations: Sequence[Lineage] = ()
    single: Sequence[Lineage] = ()
    exclusive: Sequence[Lineage] = ()
    apart: Sequence[Lineage] = ()
    negations: Sequence[tuple[Lineage, str, str]] = ()
    ordered: Sequence[re.Pattern[str]] = ()
    entry_number: re.Pattern[str] = re.compile(r"^(?:seq(?:uence)? )?\d+ (?=\D)")
    multiline: Sequence[Multiline] = ()
    secrets: Sequence[re.Pattern[str]] = ()
    salted: Sequence[re.Pattern[str]] = ()
    login: Sequence[re.Pattern[str]] = ()
    text_marks: str = ""
    text_end: str = "EOF"
    nested_exit: str = "exit"
    indent: str = ""
    greedy: Sequence[re.Pattern[str]] = ()
    hollow: Sequence[Lineage] = ()
    last_out_first: bool = False
    complete: Callable[[Tree, Tree], Tree] = as_written
    settle: Callable[[Tree, Tree, Tree], Tree] = as_predicted
    reorder: Callable[[Line, Line], Sequence[Line]] = rewritten_whole

    def is_ordered(self, text: str) -> bool:
        """Whether the order of lines in the section with this header has a meaning."""
        return any(pattern.match(text) for pattern in self.ordered)

    def single_key(self, path: Sequence[str]) -> tuple[object, ...] | None:
        """What a single-valued line is about; lines with the same key take each other's place. None for others."""
        return _key(self.single, path)

    def exclusive_key(self, path: Sequence[str]) -> tuple[object, ...] | None:
        """The same for lines of which the earlier one has to go first."""
        return _key(self.exclusive, path)

    def place_key(self, path: Sequence[str]) -> tuple[object, ...] | None:
        """What a line is about, of either sort."""
        return _key((*self.single, *self.exclusive), path)

    def solid(self, tree: Tree) -> Tree:
        """The tree without headers that say nothing."""
        return Tree(self._solid(tree.lines, ())) if self.hollow else tree

    def _solid(self, lines: tuple[Line, ...], path: tuple[str, ...]) -> tuple[Line, ...]:
        weighed = (
            line if line.verbatim else Line(line.text, self._solid(line.children, (*path, line.text))) for line in lines
        )
        return tuple(line for line in weighed if line.children or not self.matches(self.hollow, (*path, line.text)))

    @staticmethod
    def matches(patterns: Sequence[Lineage], path: Sequence[str]) -> bool:
        """Whether a line, given by its ancestors' texts and its own, is one of these."""
        return any(
            len(lineage) == len(path)
            and all(re.match(pattern, text) for pattern, text in zip(lineage, path, strict=True))
            for lineage in patterns
        )


def _key(lineages: Sequence[Lineage], path: Sequence[str]) -> tuple[object, ...] | None:
    for number, lineage in enumerate(lineages):
        if len(lineage) != len(path):
            continue
        found = [re.match(pattern, text) for pattern, text in zip(lineage, path, strict=True)]
        if all(found):
            return (number, *(match.groups() for match in found if match))
    return None
