"""Every line that the lab's devices know, added and taken away: predicted, entered, reached, and undone.

The lab's examples have every line of both grammars once (see tests/lab/config). The oracle is the lab's device, which
knows nothing of how we compare.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from automation.config.compare import compare_merge, undo
from automation.config.difference import as_text, difference
from automation.config.merge import AmbiguousChangeError, merged
from automation.config.reading import read_change, read_device
from automation.config.tree import Line, Tree

EXAMPLES = Path(__file__).parents[2] / "lab" / "config"
PORTS = {
    "ios": [f"interface GigabitEthernet0/0/{port}" for port in range(3)],
    "eos": ["interface Ethernet1", "interface Ethernet2", "interface Ethernet3", "interface Management1"],
}

#: Lines of which the lab shows another default than devices in the field do, or none of two; and what there is only
#: one way of: hardware, and texts of certificates, which no change should carry.
NOT_TOLD = {
    "ios": (
        "service password-encryption",
        "service pad",
        "hostname",
        "aaa new-model",
        "lldp run",
        "ip http server",
        "auto-summary",
        "synchronization",
        "negotiation auto",
        "login",
        "crypto pki certificate chain",
        "passive-interface default",
        "no interface GigabitEthernet",
    ),
    "eos": (
        "lldp run",
        "spanning-tree mode",
        "spanning-tree portfast",
        "aaa root",
        "ip routing",
        "max-lsa",
        "management ssh / no shutdown",
        "management ssh / vrf MGMT / no shutdown",
        "passive-interface default",
        "no interface Ethernet",
        "no interface Management",
    ),
}


def example(platform: str, vendor: Any) -> Tree:
    return read_change((EXAMPLES / f"{platform}.conf").read_text(), vendor)


def every(lines: Sequence[Line], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Line]]:
    """Every line with the headers above it; texts of a person's own are one."""
    for line in lines:
        yield path, line
        if not line.verbatim:
            yield from every(line.children, (*path, line.text))


def written(path: Sequence[str], text: str) -> str:
    """A change of one line, with the headers above it."""
    return "".join(f"{' ' * depth}{header}\n" for depth, header in enumerate((*path, text)))


def is_told(platform: str, path: Sequence[str], text: str) -> bool:
    whole = " / ".join((*path, text))
    return not any(part in whole for part in NOT_TOLD[platform])


def changes_of(tree: Tree, platform: str) -> Iterator[tuple[str, str, Line]]:
    """Each line as a change that adds it and as one that takes it away, with the section that it is in."""
    for path, line in every(tree.lines):
        top = tree.get((*path, line.text)[0])
        assert top is not None
        opposite = line.positive if line.negated else f"no {line.text}"
        if not line.verbatim and is_told(platform, path, line.text) and is_told(platform, path, opposite):
            yield written(path, line.text), written(path, opposite), top


def is_given_whole(section: Line, take: str, vendor: Any) -> bool:
    """Whether a line is taken out of a section whose order has a meaning."""
    return vendor.is_ordered(section.text) and len(take.splitlines()) > 1


def check(found: Any, change: str) -> None:
    """Holds the change, and its undoing, against what the device makes of it."""
    vendor, before, start = found.vendor, found.tree(), found.shown()
    wanted = read_change(change, vendor)
    comparison = compare_merge(before, wanted, vendor)
    # The device is given the change itself, where it is one that is written as it is entered.
    if not any(vendor.is_ordered(line.text) for line in wanted):
        found.type(change)
        assert not found.refused, change
        assert as_text(difference(merged(before, wanted, vendor), found.tree(), vendor)) == "", change
        found.restart(start)
    found.type(comparison.lines)
    assert not found.refused, (change, comparison.lines)
    target = Tree((*comparison.rest, *comparison.target))
    assert as_text(difference(target, found.tree(), vendor)) == "", (change, comparison.lines)
    assert compare_merge(found.tree(), wanted, vendor).reached, change
    lines = undo(found.tree(), before, comparison.touched, vendor)
    found.type(lines)
    assert not found.refused, (change, lines)
    assert as_text(difference(before, found.tree(), vendor)) == "", (change, lines)


@pytest.mark.parametrize("platform", ["ios", "eos"])
def test_every_line_can_be_added_and_undone(platform: str, device: Any) -> None:
    vendor = device(platform).vendor
    bare = device(platform).type(PORTS[platform]).shown()
    count = 0
    for add, _, _ in changes_of(example(platform, vendor), platform):
        check(device(platform).restart(bare), add)
        count += 1
    assert count > 200


@pytest.mark.parametrize("platform", ["ios", "eos"])
def test_every_line_can_be_taken_away_and_undone(platform: str, device: Any) -> None:
    vendor = device(platform).vendor
    count = 0
    for _, take, section in changes_of(example(platform, vendor), platform):
        found = device(platform).type(PORTS[platform]).type(Tree((section,)).render())
        if is_given_whole(section, take, vendor):
            with pytest.raises(AmbiguousChangeError, match="is given as a whole"):
                check(found, take)
        else:
            check(found, take)
        count += 1
    assert count > 200


@pytest.mark.parametrize("platform", ["ios", "eos"])
def test_every_line_that_is_there_is_no_change(platform: str, device: Any) -> None:
    found = device(platform).type((EXAMPLES / f"{platform}.conf").read_text())
    assert not found.refused
    running = found.tree()
    # The example of these lines has two of which a device in the field shows one.
    whole = (line for line in running if not line.verbatim and line.text != "line vty 5 15")
    for section in whole:
        shown = read_change(Tree((section,)).render(), found.vendor)
        comparison = compare_merge(running, shown, found.vendor)
        assert (comparison.reached, comparison.lines) == (True, ()), section.text


@pytest.mark.parametrize("platform", ["ios", "eos"])
def test_what_is_read_and_rendered_is_read_alike(platform: str, device: Any) -> None:
    """As a device shows it, and as we do; a text's end mark is the vendor's, so texts are not rendered alike."""
    found = device(platform).type((EXAMPLES / f"{platform}.conf").read_text())
    tree = found.tree().where(lambda line: not line.verbatim)
    for indent in (" ", "   "):
        assert read_device(tree.render(indent), found.vendor) == tree


# What these walks found


# Each case: the platform, what is there, the change, and what is to be there then.
FOUND = {
    "a list for one direction leaves that for the other": (
        "ios",
        "line vty 0 4\n access-class IN in",
        "line vty 0 4\n access-class OUT out",
        "line vty 0 4\n access-class IN in\n access-class OUT out",
    ),
    "a list for one direction is taken away alone": (
        "ios",
        "line vty 0 4\n access-class IN in\n access-class OUT out",
        "line vty 0 4\n no access-class OUT out",
        "line vty 0 4\n access-class IN in",
    ),
    "what a line begins stays when that very line goes": (
        "ios",
        "ip dhcp snooping\nip dhcp snooping vlan 10,20",
        "no ip dhcp snooping",
        "ip dhcp snooping vlan 10,20",
    ),
    "a log host goes, the same one in a VRF stays": (
        "ios",
        "logging host 10.0.0.11\nlogging host 10.0.0.11 vrf MGMT",
        "no logging host 10.0.0.11",
        "logging host 10.0.0.11 vrf MGMT",
    ),
    "names are not looked up, the source stays": (
        "ios",
        "ip domain lookup source-interface Loopback0",
        "no ip domain lookup",
        "no ip domain lookup\nip domain lookup source-interface Loopback0",
    ),
    "a port is a switch's again": (
        "ios",
        "interface GigabitEthernet0/0/1\n no switchport\n switchport access vlan 10",
        "interface GigabitEthernet0/0/1\n switchport",
        "interface GigabitEthernet0/0/1\n switchport access vlan 10",
    ),
    "what was switched off is on again, and is not shown": (
        "ios",
        "interface GigabitEthernet0/0/1\n no cdp enable\n no lldp transmit\n no ip route-cache",
        "interface GigabitEthernet0/0/1\n cdp enable\n lldp transmit\n ip route-cache",
        "interface GigabitEthernet0/0/1",
    ),
    "no routing is shown": ("ios", "", "no ip routing\nno ip cef", "no ip routing\nno ip cef"),
    "an exception where there is no rule": (
        "ios",
        "router ospf 1\n router-id 10.0.0.1",
        "router ospf 1\n no passive-interface GigabitEthernet0/0/1",
        "router ospf 1\n router-id 10.0.0.1",
    ),
    "a rule that makes what it says superfluous": (
        "eos",
        "router ospf 1\n   passive-interface default\n   no passive-interface Ethernet1",
        "router ospf 1\n passive-interface Ethernet1",
        "router ospf 1\n   passive-interface default",
    ),
    "the API without HTTPS keeps its port": (
        "eos",
        "management api http-commands\n   protocol https port 8443",
        "management api http-commands\n no protocol https",
        "management api http-commands\n   protocol https port 8443\n   no protocol https",
    ),
    "no routing in a VRF": ("eos", "", "no ip routing vrf MGMT", "no ip routing vrf MGMT"),
    "neighbors without a family": (
        "eos",
        "router bgp 65000\n   no bgp default ipv4-unicast",
        "router bgp 65000\n bgp default ipv4-unicast",
        "router bgp 65000",
    ),
}


@pytest.mark.parametrize(("platform", "there", "change", "then"), FOUND.values(), ids=FOUND)
def test_what_was_once_predicted_wrongly(platform: str, there: str, change: str, then: str, device: Any) -> None:
    found = device(platform).type(there)
    predicted = merged(found.tree(), read_change(change, found.vendor), found.vendor)
    assert as_text(difference(read_device(then, found.vendor), predicted, found.vendor)) == ""
    found.type(change)
    assert as_text(difference(found.tree(), predicted, found.vendor)) == ""
