"""What of a device's own configuration stays where all the rest is replaced: lines and sections, by how they begin."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from automation.config.reading import Section, read_change, read_sections
from automation.config.tree import Tree
from automation.config.vendor import Vendor


def normalised(prefix: str, vendor: Vendor) -> str:
    """A prefix in the words that trees have, since devices write some lines anew; empty where no line begins so."""
    return next((line.text for line in read_change(prefix, vendor)), "")


def falls_under(header: str, prefix: str) -> bool:
    """Whether a line on top begins with the words of a normalised prefix.

    ``username`` is no prefix of ``username-prompt``.
    """
    return bool(prefix) and f"{header} ".startswith(f"{prefix} ")


def kept(running: Tree, wanted: Tree, keep: Sequence[str], vendor: Vendor) -> frozenset[str]:
    """The headers of what a device keeps. What is wanted anyway is not the device's own any more.

    Args:
        running: what the device has.
        wanted: what takes the place of it.
        keep: prefixes of lines and of headers on top.
        vendor: in whose language all of them are.
    """
    if not keep:
        return frozenset()
    judge = _Judge.of((line.text for line in wanted), keep, vendor)
    return frozenset(line.text for line in running if judge.stays(line.text))


def with_kept(text: str, shown: str, keep: Sequence[str], vendor: Vendor) -> Iterator[str]:
    """The lines of a whole configuration, with what a device keeps, to the letter, where the device shows it.

    Each kept section follows the nearest section before it, as the device shows them, that ``text`` has as well or has
    another value for: what it refers to is there by then, and what refers to it comes later.
    """
    sections = tuple(read_sections(text, vendor))
    following = _by_anchor(sections, shown, keep, vendor)
    yield from following.pop("", ())
    for section in sections:
        yield from section.lines
        added = following.pop(section.header, ())
        if added:
            yield from (*_way_out(section, vendor), *added)


def _by_anchor(sections: Sequence[Section], shown: str, keep: Sequence[str], vendor: Vendor) -> dict[str, list[str]]:
    """The kept lines by the header of the section that they follow; under no header, those that come first."""
    judge = _Judge.of((section.header for section in sections), keep, vendor)
    following: dict[str, list[str]] = {}
    anchor = ""
    for section in read_sections(shown, vendor):
        if judge.stays(section.header):
            following.setdefault(anchor, []).extend((*section.lines, *_way_out(section, vendor)))
        else:
            anchor = judge.instead(section.header) or anchor
    return following


def _way_out(section: Section, vendor: Vendor) -> tuple[str, ...]:
    """Leads out of a section that would take the next one's header for a line of its own, however deep it ended."""
    if any(pattern.match(section.header) for pattern in vendor.greedy):
        return section.header, vendor.nested_exit
    return ()


@dataclass(frozen=True, slots=True)
class _Judge:
    """Tells what of a device's lines on top stays. ``wanted`` has the change's by themselves and by their places."""

    wanted: Mapping[object, str]
    prefixes: Sequence[str]
    vendor: Vendor

    @classmethod
    def of(cls, wanted: Iterable[str], keep: Sequence[str], vendor: Vendor) -> Self:
        found: dict[object, str] = {}
        for header in wanted:
            found |= {header: header, vendor.place_key((header,)): header}
        found.pop(None, None)
        return cls(found, [normalised(prefix, vendor) for prefix in keep], vendor)

    def stays(self, header: str) -> bool:
        """Whether a line is kept, and neither it nor another in its place is wanted."""
        return any(falls_under(header, prefix) for prefix in self.prefixes) and self.instead(header) is None

    def instead(self, header: str) -> str | None:
        """The line that is wanted, as it is or in its place."""
        return self.wanted.get(header) or self.wanted.get(self.vendor.place_key((header,)))
