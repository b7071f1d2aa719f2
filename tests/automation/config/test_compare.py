"""What a change would do, and what it did: touched sections, strays, what others changed."""

from typing import Any

import pytest

from automation.config.compare import compare_merge, compare_replace, observe, undo
from automation.config.difference import as_text
from automation.config.reading import read_change, read_device
from automation.config.tree import Tree
from automation.config.vendors.ios import IOS

RUNNING = """hostname branch
vlan 10
 name STAFF
interface GigabitEthernet0/0/1
 description desk
 shutdown
ntp server 10.0.0.1
ntp server 10.0.0.2 prefer
"""


def tree(text: str) -> Tree:
    return read_device(text, IOS)


def merge(change: str, running: str = RUNNING) -> Any:
    return compare_merge(tree(running), read_change(change, IOS), IOS)


# Each case: the change, which sections it touches, and what is to be entered.
MERGES = {
    "a line of its own": ("ip domain name a", {"ip domain name a"}, ("ip domain name a",)),
    "a single value takes another's place": ("hostname new", {"hostname branch", "hostname new"}, ("hostname new",)),
    "a line below a section": ("vlan 10\n name NEW", {"vlan 10"}, ("vlan 10", "name NEW")),
    "a new section": ("vlan 20\n name GUESTS", {"vlan 20"}, ("vlan 20", "name GUESTS")),
    "a section taken away": ("no vlan 10", {"vlan 10"}, ("no vlan 10",)),
    "a line taken away": ("no ntp server 10.0.0.1", {"ntp server 10.0.0.1"}, ("no ntp server 10.0.0.1",)),
    "a line taken away by its beginning": (
        "no ntp server 10.0.0.2",
        {"ntp server 10.0.0.2 prefer"},
        ("no ntp server 10.0.0.2 prefer",),
    ),
    "a line below a section taken away": (
        "interface GigabitEthernet0/0/1\n no shutdown",
        {"interface GigabitEthernet0/0/1"},
        ("interface GigabitEthernet0/0/1", "no shutdown"),
    ),
    "in the order of the change": (
        "ntp server 10.0.0.9\nvlan 20\nip domain name a",
        {"ntp server 10.0.0.9", "vlan 20", "ip domain name a"},
        ("ntp server 10.0.0.9", "vlan 20", "ip domain name a"),
    ),
}


@pytest.mark.parametrize(("change", "touched", "lines"), MERGES.values(), ids=MERGES.keys())
def test_a_merge_says_what_it_touches_and_what_it_enters(
    change: str, touched: set[str], lines: tuple[str, ...]
) -> None:
    comparison = merge(change)
    assert comparison.touched == touched
    assert comparison.lines == lines
    assert not comparison.reached


@pytest.mark.parametrize("change", ["hostname branch", "vlan 10\n name STAFF", "no vlan 99", "no ip domain name", ""])
def test_a_change_that_is_there_already_is_reached(change: str) -> None:
    assert merge(change).reached


def test_what_is_not_touched_is_the_rest() -> None:
    comparison = merge("vlan 10\n name NEW")
    assert [line.text for line in comparison.before] == ["vlan 10"]
    assert "vlan 10" not in [line.text for line in comparison.rest]
    assert len(comparison.rest.lines) == len(tree(RUNNING).lines) - 1


def test_a_replacement_touches_everything() -> None:
    comparison = compare_replace(tree(RUNNING), tree("hostname other\n"), IOS)
    assert not comparison.rest
    assert "no vlan 10" in comparison.lines


# Observing.


def observed(after: str, change: str = "vlan 20\n name GUESTS") -> Any:
    return observe(tree(RUNNING), tree(after), merge(change), IOS)


def test_what_took_effect_is_observed() -> None:
    seen = observed(RUNNING + "vlan 20\n name GUESTS\n")
    assert seen.edits == merge("vlan 20\n name GUESTS").edits
    assert not seen.strays
    assert not seen.foreign


def test_what_others_changed_is_told_apart() -> None:
    seen = observed(RUNNING.replace("desk", "moved") + "vlan 20\n name GUESTS\n")
    assert seen.edits == merge("vlan 20\n name GUESTS").edits
    assert as_text(seen.foreign) == ("  interface GigabitEthernet0/0/1\n-  description desk\n+  description moved\n")


def test_a_line_that_landed_elsewhere_is_a_stray_with_what_it_displaced() -> None:
    # The header was swallowed: its line fell into the section before it. Somebody else was at work, too.
    strange = RUNNING.replace(" name STAFF\n", " name GUESTS\n").replace("desk", "moved")
    seen = observed(strange)
    assert as_text(seen.strays) == "  vlan 10\n-  name STAFF\n+  name GUESTS\n"
    assert "moved" in as_text(seen.foreign)
    assert not seen.edits
    lines = undo(tree(strange), tree(RUNNING), merge("vlan 20\n name GUESTS").touched, IOS, seen.strays)
    assert lines == ("vlan 10", "name STAFF")


def test_a_line_that_landed_on_top_is_taken_away_there() -> None:
    change = "aaa group server tacacs+ OURS\n ip tacacs source-interface Loopback0"
    strange = RUNNING + "ip tacacs source-interface Loopback0\n"
    seen = observed(strange, change)
    assert as_text(seen.strays) == "+ ip tacacs source-interface Loopback0\n"
    lines = undo(tree(strange), tree(RUNNING), merge(change).touched, IOS, seen.strays)
    assert lines == ("no ip tacacs source-interface Loopback0",)
