"""What a change would do to a device, and what it did.

A merge looks only at the sections that the change touches: foreign edits elsewhere stop nothing. A replace looks at
everything but what the device keeps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from automation.config.difference import Difference, Edit, difference
from automation.config.keeping import kept
from automation.config.merge import merged
from automation.config.remedy import entered, remedy, remedy_backwards
from automation.config.tree import Line, Tree
from automation.config.vendor import Vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A change held against a device's configuration.

    ``touched`` are the headers of the sections that the change is about, ``before`` and ``target`` these sections as
    they are and as they shall be, ``rest`` everything else, ``edits`` the difference, ``lines`` what is to be entered.
    """

    touched: frozenset[str]
    before: Tree
    target: Tree
    rest: Tree
    edits: Difference
    lines: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Whether the device has what it should have."""
        return not self.lines and not self.edits


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What has changed on a device between two readings.

    ``edits`` is the difference within the touched sections, ``strays`` are lines that we entered and that turned up
    elsewhere, with those whose place they took, ``foreign`` is what others changed meanwhile.
    """

    edits: Difference
    strays: Difference
    foreign: Difference


def compare_merge(running: Tree, change: Tree, vendor: Vendor) -> Comparison:
    """What merging the change's lines would do.

    Raises:
        AmbiguousChangeError: a line's effect cannot be told beforehand.
    """
    wanted = merged(running, change, vendor)
    touched = _touched(running, wanted, change)
    order = tuple(line.positive for line in change)
    return _compared(running, wanted, touched, vendor, order)


def compare_replace(running: Tree, wanted: Tree, vendor: Vendor, keep: Sequence[str] = ()) -> Comparison:
    """What replacing the whole configuration would do. It does not touch what the device keeps (``keep``: prefixes)."""
    everything = frozenset(line.text for line in (*running, *wanted))
    return _compared(running, wanted, everything - kept(running, wanted, keep, vendor), vendor, ())


def compare_restore(running: Tree, before: Tree, touched: frozenset[str], vendor: Vendor) -> Comparison:
    """What bringing these sections back to an earlier state would do; what was entered last is taken back first."""
    wanted = Tree((*_outside(running, touched), *_inside(before, touched)))
    return Comparison(
        touched=touched,
        before=_inside(running, touched),
        target=_inside(before, touched),
        rest=_outside(running, touched),
        edits=difference(_inside(running, touched), _inside(wanted, touched), vendor),
        lines=entered(remedy_backwards(_inside(running, touched), _inside(wanted, touched), vendor), vendor),
    )


def observe(before: Tree, after: Tree, comparison: Comparison, vendor: Vendor) -> Observation:
    """What happened between two readings of a device into which the comparison's lines were entered."""
    touched = comparison.touched
    elsewhere = difference(_outside(before, touched), _outside(after, touched), vendor)
    sent = {line.strip() for line in comparison.lines}
    landed = [edit for edit in elsewhere if edit.sign == "+" and edit.text in sent]
    taken = {key for edit in landed if (key := _place(edit, vendor)) is not None}
    strays = tuple(edit for edit in elsewhere if edit in landed or (edit.sign == "-" and _place(edit, vendor) in taken))
    return Observation(
        edits=difference(_inside(before, touched), _inside(after, touched), vendor),
        strays=strays,
        foreign=tuple(edit for edit in elsewhere if edit not in strays),
    )


def undo(now: Tree, before: Tree, touched: frozenset[str], vendor: Vendor, strays: Difference = ()) -> tuple[str, ...]:
    """The lines that bring the touched sections, as they are read now, back to what they were; strays go too."""
    wider = touched | {edit.path[0] if edit.path else edit.text for edit in strays}
    current = _inside(now, wider)
    wanted = _without_foreign(current, before, wider, touched, strays)
    return entered(remedy_backwards(current, wanted, vendor), vendor)


def _place(edit: Edit, vendor: Vendor) -> tuple[object, ...] | None:
    """What a line is about, together with where it stands; None where it takes nobody's place."""
    key = vendor.place_key((*edit.path, edit.text))
    return None if key is None else (edit.path, key)


def _compared(
    running: Tree, wanted: Tree, touched: frozenset[str], vendor: Vendor, order: tuple[str, ...]
) -> Comparison:
    before, target = _inside(running, touched), _inside(wanted, touched)
    return Comparison(
        touched=touched,
        before=before,
        target=target,
        rest=_outside(running, touched),
        edits=difference(before, target, vendor),
        lines=entered(remedy(before, target, vendor, order), vendor),
    )


def _touched(running: Tree, wanted: Tree, change: Tree) -> frozenset[str]:
    named = {line.text for line in change if not line.negated}
    old = {line.text: line for line in running}
    new = {line.text: line for line in wanted}
    moved = {text for text in (*old, *new) if old.get(text) != new.get(text)}
    return frozenset(moved | {text for text in named if text in new or text in old})


def _inside(tree: Tree, touched: frozenset[str]) -> Tree:
    return tree.where(lambda line: line.text in touched)


def _outside(tree: Tree, touched: frozenset[str]) -> Tree:
    return tree.where(lambda line: line.text not in touched)


def _without_foreign(
    now: Tree, before: Tree, wider: frozenset[str], touched: frozenset[str], strays: Difference
) -> Tree:
    """What the sections should be: the touched ones as before, the others as they are without what strays did."""
    others = _mended(_outside(now, touched).lines, (), strays)
    return Tree((*_inside(before, wider & touched), *others))


def _mended(lines: tuple[Line, ...], path: tuple[str, ...], strays: Difference) -> tuple[Line, ...]:
    """A level without the strays on it, and with the lines whose place they took."""
    here = [edit for edit in strays if edit.path == path]
    gone = {edit.text for edit in here if edit.sign == "+"}
    back = tuple(Line(edit.text) for edit in here if edit.sign == "-")
    kept = (line for line in lines if line.text not in gone)
    mended = (
        line if line.verbatim else Line(line.text, _mended(line.children, (*path, line.text), strays)) for line in kept
    )
    return (*mended, *back)
