"""The lines that bring a device from what it has to what it should have; computed by hier_config.

What hier_config does not know is ours: sections whose order matters, text of a person's own, and vendors it lacks.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from hier_config import HConfig
from hier_config.child import HConfigChild
from hier_config.platforms.driver_base import HConfigDriverBase, HConfigDriverRules

from automation.config.tree import Line, Tree
from automation.config.vendor import Vendor
from automation.errors import AutomationError


class UnsendableTextError(AutomationError):
    """A text of a person's own that a device cannot be given."""


class _Driver(HConfigDriverBase):
    """A hier_config driver that asks a vendor's data."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__()
        self._vendor = vendor

    @staticmethod
    def _instantiate_rules() -> HConfigDriverRules:
        return HConfigDriverRules()

    def idempotent_for(self, config: HConfigChild, other_children: Iterable[HConfigChild]) -> HConfigChild | None:
        key = self._vendor.single_key(tuple(config.path()))
        if key is None:
            return None
        return next((other for other in other_children if self._vendor.single_key(tuple(other.path())) == key), None)

    def negate_with(self, config: HConfigChild) -> str | None:
        path = tuple(config.path())
        for lineage, search, replacement in self._vendor.negations:
            if self._vendor.matches([lineage], path):
                return re.sub(search, replacement, config.text)
        return None


def remedy(now: Tree, target: Tree, vendor: Vendor, order: Sequence[str] = ()) -> Tree:
    """The sections and lines to enter, in order; empty where the target is reached.

    ``order`` has the headers in the order in which their lines are to be entered; what it lacks comes first.
    """
    return Tree(tuple(line for _, lines in _steps(now, target, vendor, order) for line in lines))


def remedy_backwards(now: Tree, target: Tree, vendor: Vendor) -> Tree:
    """The same for an undo: what was entered last is taken back first."""
    steps = _steps(now, target, vendor, ())[::-1]
    if vendor.last_out_first:
        steps.sort(key=lambda step: not step[1][0].negated)
    return Tree(tuple(line for _, lines in steps for line in lines))


def _steps(now: Tree, target: Tree, vendor: Vendor, order: Sequence[str]) -> list[tuple[str, tuple[Line, ...]]]:
    """Each header with the lines that put its section right."""
    driver = _Driver(vendor)
    wanted = Tree(_emptied(now.lines, target.lines, (), vendor)) if vendor.hollow else target
    computed = _loaded(_plain(now, vendor), driver).config_to_get_to(_loaded(_plain(wanted, vendor), driver))
    plain = [_line(child) for child in computed.children]
    in_turn = (
        (header, tuple(part for line in lines for part in _in_turn(line, wanted, vendor)))
        for header, lines in _exchanges(plain, now, vendor)
    )
    steps = [*in_turn, *_special(now, target, vendor)]
    rank = {header: number for number, header in enumerate(order)}
    return sorted(steps, key=lambda step: rank.get(step[0], -1))


def _exchanges(lines: Sequence[Line], now: Tree, vendor: Vendor) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """One step for each line; one that can only be entered once another is gone takes its removal along."""
    removals = {key: line for line in lines if line.negated and (key := _removed_key(line, now, vendor)) is not None}
    additions = {key for line in lines if not line.negated and (key := vendor.exclusive_key((line.text,))) is not None}
    for line in lines:
        if line.negated:
            if _removed_key(line, now, vendor) not in additions:
                yield line.positive, (line,)
            continue
        first = removals.get(vendor.exclusive_key((line.text,)) or ())
        yield line.positive, (line,) if first is None else (first, line)


def _removed_key(line: Line, now: Tree, vendor: Vendor) -> tuple[object, ...] | None:
    """What the line is about that a removal takes away; it may be named by its beginning alone."""
    gone = next((each.text for each in now if f"{each.text} ".startswith(f"{line.positive} ")), line.positive)
    return vendor.exclusive_key((gone,))


def _emptied(
    now: tuple[Line, ...], target: tuple[Line, ...], path: tuple[str, ...], vendor: Vendor
) -> tuple[Line, ...]:
    """The target with the bare headers of sections that cannot be taken away, only their lines can."""
    old, new = {line.text: line for line in now}, {line.text for line in target}
    deeper = (
        line if line.verbatim or line.text not in old
        else Line(line.text, _emptied(old[line.text].children, line.children, (*path, line.text), vendor))
        for line in target
    )  # fmt: skip
    bare = (Line(text) for text in old if text not in new and vendor.matches(vendor.hollow, (*path, text)))
    return (*deeper, *bare)


def _in_turn(line: Line, target: Tree, vendor: Vendor) -> tuple[Line, ...]:
    """A section's lines as they are entered: all at once, or what goes before what comes."""
    if not vendor.last_out_first or not line.children:
        return (line,)
    going, coming = _apart(line, target.get(line.text))
    return tuple(part for part in (going, coming) if part is not None)


def _apart(line: Line, wanted: Line | None) -> tuple[Line | None, Line | None]:
    """What goes of a section, the last line first, and what comes."""
    going: list[Line] = []
    coming: list[Line] = []
    there = {child.text: child for child in wanted.children} if wanted is not None else {}
    for child in line.children:
        if child.children:
            less, more = _apart(child, there.get(child.text))
            going += [less] if less is not None else []
            coming += [more] if more is not None else []
        else:
            (coming if child.text in there else going).append(child)
    less = Line(line.text, tuple(reversed(going))) if going else None
    return less, Line(line.text, tuple(coming)) if coming or less is None else None


def entered(lines: Tree, vendor: Vendor) -> tuple[str, ...]:
    """The lines as they are typed: one after the other, nested sections left or indented as the vendor has it."""
    return tuple(text for line in lines for text in (*_entered(line, 0, vendor), *_left(line, vendor)))


def _left(line: Line, vendor: Vendor) -> Iterator[str]:
    """The way out of a section that would take the next one's header for a line of its own."""
    if any(pattern.match(line.text) for pattern in vendor.greedy):
        if line.children:
            # The last line may have opened a section below: from there this leads back up.
            yield line.text
        yield vendor.nested_exit


def _entered(line: Line, depth: int, vendor: Vendor) -> Iterator[str]:
    if line.verbatim:
        yield from _entered_text(line, vendor)
        return
    yield vendor.indent * depth + line.text
    for child in line.children:
        yield from _entered(child, depth + 1, vendor)
    if line.children and depth and vendor.nested_exit:
        yield vendor.nested_exit


def _entered_text(line: Line, vendor: Vendor) -> Iterator[str]:
    text = [child.text for child in line.children]
    mark = _mark(text, vendor)
    yield f"{line.text} {mark}" if mark else line.text
    yield from text
    yield mark or vendor.text_end


def _mark(text: Sequence[str], vendor: Vendor) -> str:
    """The character that ends a text when it is sent; empty where the vendor has a word for that."""
    free = [mark for mark in vendor.text_marks if not any(mark in line for line in text)]
    if vendor.text_marks and not free:
        raise UnsendableTextError(
            f"a text holds every one of {' '.join(vendor.text_marks)}, of which one has to end it: leave one out"
        )
    return free[0] if free else ""


def _special(now: Tree, target: Tree, vendor: Vendor) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """The steps for sections that are not hier_config's."""
    for line in now:
        if _is_special(line, vendor) and target.get(line.text) is None:
            yield line.text, (Line(f"no {line.text}"),)
    for line in target:
        current = now.get(line.text)
        if not _is_special(line, vendor) or line == current:
            continue
        if current is None or line.verbatim:
            yield line.text, (line,)
        else:
            yield line.text, tuple(vendor.reorder(current, line))


def _is_special(line: Line, vendor: Vendor) -> bool:
    return line.verbatim or vendor.is_ordered(line.text)


def _plain(tree: Tree, vendor: Vendor) -> Tree:
    return tree.where(lambda line: not _is_special(line, vendor))


def _loaded(tree: Tree, driver: _Driver) -> HConfig:
    config = HConfig(driver)
    for line in tree:
        _load(config, line)
    return config


def _load(parent: HConfig | HConfigChild, line: Line) -> None:
    child = parent.add_child(line.text)
    for below in line.children:
        _load(child, below)


def _line(child: HConfigChild) -> Line:
    return Line(child.text, tuple(_line(below) for below in child.children))
