"""Any change on any configuration: what is entered leads to what was predicted, and back again.

Configurations and changes are drawn from the lab's examples of every line; the lab's devices are the oracle.
"""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from automation.config.compare import compare_merge, compare_replace, compare_restore, observe, undo
from automation.config.difference import as_text, canonical, difference
from automation.config.reading import read_change
from automation.config.remedy import entered
from automation.config.secrets import Digester
from automation.config.tree import Line, Tree
from automation.config.vendors.eos import EOS
from automation.config.vendors.ios import IOS

EXAMPLES = Path(__file__).parents[2] / "lab" / "config"
DIGESTER = Digester(b"k" * 32)
VENDORS = {"ios": IOS, "eos": EOS}
PORTS = {
    "ios": "".join(f"interface GigabitEthernet0/0/{port}\n" for port in range(3)),
    "eos": "".join(f"interface {port}\n" for port in ("Ethernet1", "Ethernet2", "Ethernet3", "Management1")),
}
#: Sections and lines that stand by themselves in the lab as in the field (see test_every_line.py for others), and that
#: the lab reads line by line: in those that it takes as they are, it takes the next section's header too.
PLAIN = {
    "ios": re.compile(
        r"vrf definition|logging|aaa authentication|clock|ip (name-server|host|nat|route|ssh|access-list|prefix-list)|"
        r"vlan |interface (Gigabit|Tunnel)|router (ospf|bgp)|route-map|snmp-server|ntp|line con"
    ),
    "eos": re.compile(
        r"alias|logging|ip (name-server|host|access-list|prefix-list|route|community-list)|ntp|snmp-server|vlan |"
        r"vrf instance|interface (Ethernet|Vlan)|route-map|router bgp"
    ),
}
UNTOLD = (" login", "auto-summary", "synchronization", "negotiation auto", "passive-interface", "portfast", "shutdown")


@functools.cache
def sections(platform: str) -> tuple[Line, ...]:
    """The sections that changes are made of."""
    tree = read_change((EXAMPLES / f"{platform}.conf").read_text(), VENDORS[platform])
    return tuple(_told(line) for line in tree if PLAIN[platform].match(line.text) and not line.verbatim)


def _told(line: Line) -> Line:
    kept = (child for child in line.children if not any(part in f" {child.text}" for part in UNTOLD))
    return Line(line.text, tuple(_told(child) for child in kept))


def pruned(line: Line, keep: Iterator[bool], ordered: Callable[[str], bool]) -> Line:
    """A section with some of its lines; one whose order matters, with its first ones."""
    if ordered(line.text):
        return Line(line.text, line.children[: 1 + next(keep)])
    return Line(line.text, tuple(pruned(child, keep, ordered) for child in line.children if next(keep)))


@st.composite
def configurations(draw: st.DrawFn, platform: str, most: int = 12) -> Tree:
    """Some sections, with some of their lines."""
    picked = draw(st.lists(st.sampled_from(sections(platform)), max_size=most, unique_by=lambda line: line.text))
    random = draw(st.randoms(use_true_random=False))
    keep = iter(lambda: random.random() < 0.7, None)
    return Tree(tuple(pruned(line, keep, VENDORS[platform].is_ordered) for line in picked))


@st.composite
def changes(draw: st.DrawFn, platform: str) -> Tree:
    """Sections to add, and lines and whole sections to take away."""
    added = draw(configurations(platform, most=5))
    gone = draw(st.lists(st.sampled_from(sections(platform)), max_size=3, unique_by=lambda line: line.text))
    there = {line.text for line in added}
    lines = [taken_away(line, VENDORS[platform]) for line in gone if line.text not in there]
    return Tree((*added, *(line for line in lines if line is not None)))


def taken_away(line: Line, vendor: Any) -> Line | None:
    """The first line below a section, or all of it."""
    hardware = line.text.startswith(("interface GigabitEthernet", "interface Ethernet"))
    if line.negated or (hardware and not line.children):
        return None
    if line.children and not vendor.is_ordered(line.text):
        first = line.children[0]
        return Line(line.text, (Line(first.positive if first.negated else f"no {first.text}"),))
    return Line(f"no {line.text}")


#: Shrinking types thousands of configurations: whoever needs a short one takes the phases away.
QUIET = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def started(device: Any, platform: str, config: Tree) -> Any:
    """A device with its ports and a configuration."""
    found = device(platform).type(PORTS[platform]).type(entered(config, VENDORS[platform]))
    assert not found.refused
    return found


@pytest.mark.parametrize("platform", VENDORS)
@QUIET
@given(data=st.data())
def test_a_merge_leads_to_what_was_predicted_and_its_undo_back(platform: str, device: Any, data: st.DataObject) -> None:
    found = started(device, platform, data.draw(configurations(platform)))
    change, vendor, before = data.draw(changes(platform)), found.vendor, found.tree()
    comparison = compare_merge(before, change, vendor)
    found.type(comparison.lines)
    assert not found.refused
    after = found.tree()
    # What was predicted is what is seen, so the approved digest is the observed one
    seen = observe(before, after, comparison, vendor)
    assert canonical(seen.edits) == canonical(comparison.edits)
    assert DIGESTER.edits(seen.edits) == DIGESTER.edits(comparison.edits)
    assert (seen.strays, seen.foreign) == ((), ())
    # There is nothing left to do
    again = compare_merge(after, change, vendor)
    assert (again.reached, again.lines) == (True, ())
    # And back
    found.type(undo(after, before, comparison.touched, vendor))
    assert not found.refused
    assert as_text(difference(before, found.tree(), vendor)) == ""


@pytest.mark.parametrize("platform", VENDORS)
@QUIET
@given(data=st.data())
def test_a_replacement_leads_from_anywhere_to_anywhere(platform: str, device: Any, data: st.DataObject) -> None:
    start, end = (data.draw(configurations(platform)) for _ in range(2))
    found, wanted = started(device, platform, start), started(device, platform, end).tree()
    comparison = compare_replace(found.tree(), wanted, found.vendor)
    found.type(comparison.lines)
    assert not found.refused
    assert as_text(difference(wanted, found.tree(), found.vendor)) == ""


@pytest.mark.parametrize("platform", VENDORS)
@QUIET
@given(data=st.data())
def test_a_roll_back_brings_the_touched_sections_back_and_leaves_the_others(
    platform: str, device: Any, data: st.DataObject
) -> None:
    found = started(device, platform, data.draw(configurations(platform)))
    vendor, before = found.vendor, found.tree()
    comparison = compare_merge(before, data.draw(changes(platform)), vendor)
    found.type(comparison.lines).type("hostname somebody-elses")
    restored = compare_restore(found.tree(), before, comparison.touched, vendor)
    found.type(restored.lines)
    assert not found.refused
    left = difference(before, found.tree(), vendor)
    assert {edit.text for edit in left} <= {"hostname somebody-elses", "hostname Router", "hostname localhost"}


@pytest.mark.parametrize("platform", VENDORS)
@QUIET
@given(data=st.data())
def test_what_a_device_shows_is_read_as_it_is_whatever_order_it_has(
    platform: str, device: Any, data: st.DataObject
) -> None:
    tree = started(device, platform, data.draw(configurations(platform))).tree()
    turned = Tree(tuple(data.draw(st.permutations(tree.lines))))
    vendor = VENDORS[platform]
    assert difference(tree, turned, vendor) == ()
    assert DIGESTER.tree(tree, vendor) == DIGESTER.tree(turned, vendor)
    assert compare_replace(tree, turned, vendor).reached
    assert read_change(tree.render(), vendor) == tree


@QUIET
@given(data=st.data())
def test_a_difference_is_told_by_what_it_says_and_not_by_its_order(data: st.DataObject) -> None:
    one, other = (data.draw(configurations("ios")) for _ in range(2))
    edits = difference(one, other, IOS)
    turned: Sequence[Any] = data.draw(st.permutations(edits))
    assert canonical(tuple(turned)) == canonical(edits)
    assert bool(edits) is (DIGESTER.tree(one, IOS) != DIGESTER.tree(other, IOS))
    back = difference(other, one, IOS)
    assert {(edit.path, edit.text) for edit in back if edit.sign == "+"} == {
        (edit.path, edit.text) for edit in edits if edit.sign == "-"
    }
