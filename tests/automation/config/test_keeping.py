"""What a device keeps where all the rest is replaced: which lines, where they stand, and that they are its own."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.config.compare import compare_replace, compare_restore, observe
from automation.config.difference import as_text
from automation.config.reading import read_device, read_sections
from automation.config.replacement import Replacement
from automation.config.secrets import cut_logins, salted_edits
from automation.config.tree import Tree
from automation.config.vendor import Vendor
from automation.config.vendors.eos import EOS
from automation.config.vendors.frr import FRR
from automation.config.vendors.ios import IOS

#: A device as it shows itself: comments, a text of a person's own, sections in sections, an ordered section.
SHOWN = """\
! Command: show running-config
! device: branch-1
!
hostname branch-1
ip domain-name branch.example.net
!
snmp-server community canary-read ro MGMT-IN
snmp-server location here
!
enable password sha512 $6$canary$enable
username netops privilege 15 role network-admin secret sha512 $6$canary$netops
username   backup privilege 1 secret sha512 $6$canary$backup
username-prompt who
!
vlan 10
   name STAFF
!
interface Ethernet1
   description desk
!
ip access-list standard MGMT-IN
   10 permit 10.0.0.0/8
   20 deny any
!
router bgp 65000
   neighbor 10.0.0.1 remote-as 65001
   !
   address-family ipv4
      neighbor 10.0.0.1 activate
!
banner motd
hostname of the house
   keep out
EOF
!
management api http-commands
   no shutdown
   !
   vrf MGMT
      no shutdown
!
end
"""
TEMPLATE = """\
hostname branch-2
snmp-server location there
interface Ethernet1
   description desk
router bgp 65000
   neighbor 10.0.0.9 remote-as 65001
end
"""


def replaced(*keep: str, text: str = TEMPLATE, vendor: Vendor = EOS) -> Replacement:
    return Replacement(text=text, vendor=vendor, keep=keep)


def tree(text: str) -> Tree:
    return read_device(text, EOS)


# Each case: what is kept, and the headers that stay.
KEPT: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "nothing": ((), set()),
    "whole words": (
        ("username",),
        {
            "username netops privilege 15 role network-admin secret sha512 $6$canary$netops",
            "username backup privilege 1 secret sha512 $6$canary$backup",
        },
    ),
    "several words": (("snmp-server community",), {"snmp-server community canary-read ro MGMT-IN"}),
    "part of a word": (("user", "vlan 1"), set()),
    "what the device does not have": (("tacacs-server key",), set()),
    "a section": (("management api http-commands",), {"management api http-commands"}),
    "a text of a person's own": (("banner",), {"banner motd"}),
    "as the device had it written before": (("ip domain-name",), {"dns domain branch.example.net"}),
    "what the change has as well": (("hostname branch-2", "interface Ethernet1"), set()),
    "what the change has another value for": (("hostname", "snmp-server location"), set()),
    "lines below a section": (("description", "permit"), set()),
    "what closes it, and comments": (("end", "!"), set()),
}


@pytest.mark.parametrize(("keep", "stays"), KEPT.values(), ids=KEPT.keys())
def test_what_stays_is_not_touched(keep: tuple[str, ...], stays: set[str]) -> None:
    comparison = replaced(*keep).compare(tree(SHOWN))
    assert {line.text for line in comparison.rest} == stays
    assert stays.isdisjoint(comparison.touched)
    assert stays.isdisjoint(edit.text for edit in comparison.edits)


@pytest.mark.parametrize(("keep", "stays"), KEPT.values(), ids=KEPT.keys())
def test_what_is_entered_leads_to_what_was_predicted(keep: tuple[str, ...], stays: set[str]) -> None:
    replacement = replaced(*keep)
    comparison = replacement.compare(tree(SHOWN))
    # When the device takes all lines that are entered, in place of its own
    after = tree("\n".join(replacement.lines(SHOWN)))
    # Then it has what was predicted and what it kept, to the letter
    seen = observe(tree(SHOWN), after, comparison, EOS)
    assert seen.edits == comparison.edits
    assert (seen.foreign, seen.strays) == ((), ())
    assert all(after.get(header) == tree(SHOWN).get(header) for header in stays)
    assert replacement.compare(after).reached


def test_without_anything_kept_the_text_alone_is_entered() -> None:
    assert replaced().lines(SHOWN) == tuple(TEMPLATE.splitlines())
    assert replaced("tacacs-server key").lines(SHOWN) == tuple(TEMPLATE.splitlines())


def test_kept_lines_are_entered_as_they_are_shown_and_where() -> None:
    lines = replaced("username", "enable password", "snmp-server community", "banner", "vlan").lines(SHOWN)
    text = "\n".join(line for line in lines if line.strip() != "!")
    assert (
        text
        == """\
hostname branch-2
snmp-server community canary-read ro MGMT-IN
snmp-server location there
enable password sha512 $6$canary$enable
username netops privilege 15 role network-admin secret sha512 $6$canary$netops
username   backup privilege 1 secret sha512 $6$canary$backup
vlan 10
   name STAFF
interface Ethernet1
   description desk
router bgp 65000
   neighbor 10.0.0.9 remote-as 65001
router bgp 65000
exit
banner motd
hostname of the house
   keep out
EOF
end"""
    )


def test_a_section_that_takes_others_headers_is_left() -> None:
    lines = replaced("router bgp", text="hostname a\nvlan 20\n").lines(SHOWN)
    kept = [line for line in lines if line.strip() != "!"]
    # Its header once more leads out of what it holds, however deep that was
    assert kept[-4:] == ["      neighbor 10.0.0.1 activate", "router bgp 65000", "exit", "vlan 20"]


def test_what_comes_before_everything_that_both_have_comes_first() -> None:
    lines = replaced("hostname", text="ntp server 10.0.0.1\nend\n").lines(SHOWN)
    assert [line for line in lines if line != "!"] == ["hostname branch-1", "ntp server 10.0.0.1", "end"]


def test_kept_entries_keep_their_order_and_numbers() -> None:
    replacement = replaced("ip access-list")
    assert "   10 permit 10.0.0.0/8" in replacement.lines(SHOWN)
    # Given entries in another order by the time of the push
    now = SHOWN.replace("10 permit", "30 permit")
    comparison = replacement.compare(tree(now))
    assert comparison.edits == replacement.compare(tree(SHOWN)).edits
    after = tree("\n".join(replacement.lines(now)))
    assert after.get("ip access-list standard MGMT-IN") == tree(now).get("ip access-list standard MGMT-IN")


def test_kept_secrets_and_logins_are_no_part_of_the_difference() -> None:
    keep = ("username", "enable password", "snmp-server community")
    edits = replaced(*keep).compare(tree(SHOWN)).edits
    assert "canary" not in as_text(edits)
    assert cut_logins(edits, EOS, "netops") == ()
    assert salted_edits(edits, EOS) == ()
    # While whoever keeps nothing cuts off the login
    assert cut_logins(replaced().compare(tree(SHOWN)).edits, EOS, "netops")


def test_one_that_is_kept_too_little_of_is_told() -> None:
    edits = replaced("username backup").compare(tree(SHOWN)).edits
    assert [edit.sign for edit in cut_logins(edits, EOS, "netops")] == ["-", "-"]


def test_a_device_that_loses_a_kept_line_is_seen() -> None:
    replacement = replaced("username")
    comparison = replacement.compare(tree(SHOWN))
    lost = [line for line in replacement.lines(SHOWN) if not line.startswith("username   backup")]
    seen = observe(tree(SHOWN), tree("\n".join(lost)), comparison, EOS)
    assert [(edit.sign, edit.text.split()[1]) for edit in seen.foreign] == [("-", "backup")]


def test_a_way_back_leaves_alone_what_was_kept() -> None:
    # Given a password that was changed after a replacement which kept it
    replacement = replaced("username")
    comparison = replacement.compare(tree(SHOWN))
    later = "\n".join(replacement.lines(SHOWN)).replace("canary$netops", "canary$later")
    # When the replacement is rolled back
    back = compare_restore(tree(later), tree(SHOWN), comparison.touched, EOS)
    # Then all but that is as it was
    assert "username netops" not in as_text(back.edits)
    assert "branch-1" in as_text(back.edits)
    assert back.target == tree(SHOWN).where(lambda line: not line.text.startswith("username "))


def test_the_change_s_own_lines_are_told_from_kept_ones() -> None:
    replacement = replaced("username")
    ours = {line for line in replacement.lines(SHOWN) if not replacement.carries(line)}
    assert ours == set(TEMPLATE.splitlines())
    assert not replaced().carries("username netops")


# Reading sections.


@pytest.mark.parametrize(
    ("vendor", "text", "headers"),
    [
        (EOS, "hostname a\ninterface Ethernet1\n   mtu 9000\nend\n", ["hostname a", "interface Ethernet1", ""]),
        (IOS, "banner motd ^C\nhostname x\n^C\nhostname a\n", ["banner motd", "hostname a"]),
        (FRR, "hostname a\n!\nrouter ospf\n passive-interface x\nexit\n!\nend\n", ["hostname a", "router ospf", ""]),
        (EOS, "  vlan 10\n     name A\n  vlan 20\n", ["vlan 10", "vlan 20"]),
        (EOS, "banner motd\nEOF\n   vlan 10\n   vlan 20\n", ["banner motd", "vlan 10", "vlan 20"]),
        (EOS, "", []),
    ],
    ids=["a line and a section", "a text", "left by exit", "all of it indented", "indented after a text", "nothing"],
)
def test_sections_are_what_trees_have_on_top(vendor: Vendor, text: str, headers: list[str]) -> None:
    assert [section.header for section in read_sections(text, vendor)][1:] == headers


LINES = st.sampled_from([*dict.fromkeys(SHOWN.splitlines()), "", "   ", "exit", "\texit", "EOF", "^C"])


@pytest.mark.parametrize("vendor", [EOS, IOS, FRR], ids=lambda vendor: str(vendor.name))
@settings(max_examples=100, deadline=None)
@given(lines=st.lists(LINES, max_size=30))
def test_any_text_is_put_together_again(vendor: Vendor, lines: list[str]) -> None:
    sections = [*read_sections("\n".join(lines), vendor)]
    assert [line for section in sections for line in section.lines] == "\n".join(lines).splitlines()
    assert {line.text for line in read_device("\n".join(lines), vendor)} <= {section.header for section in sections}


def test_typed_on_a_device_it_is_what_was_predicted(device: Callable[[str], Any]) -> None:
    # Given a switch with users and a list, on which everything but these is replaced
    ports = "interface Ethernet1\n   description desk\ninterface Ethernet2\n"
    own = "username netops privilege 15 secret sha512 $6$canary$hash\nsnmp-server community canary ro\nvlan 10\n"
    before = device("eos").type(ports + own)
    text = "hostname new\ninterface Ethernet1\ninterface Ethernet2\nvlan 20\n   name NEW\n"
    replacement = replaced("username", "snmp-server community", text=text)
    comparison = compare_replace(before.tree(), read_device(text, EOS), EOS, ("username", "snmp-server community"))
    # When a device without a configuration is given what is entered
    after = device("eos").type("interface Ethernet1\ninterface Ethernet2").type(replacement.lines(before.shown()))
    # Then it is what was predicted
    assert not after.refused
    assert observe(before.tree(), after.tree(), comparison, EOS).edits == comparison.edits
    assert "username netops privilege 15 secret sha512 $6$canary$hash" in after.shown()
