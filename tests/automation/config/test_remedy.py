"""From one configuration to another and back: the lines that are computed, typed into a device."""

from typing import Any

import pytest

from automation.config.compare import compare_merge, compare_replace, compare_restore, undo
from automation.config.difference import as_text, difference
from automation.config.reading import read_change
from automation.config.remedy import UnsendableTextError, entered
from automation.config.tree import Line, Tree
from automation.config.vendors.eos import EOS
from automation.config.vendors.ios import IOS

BEFORE = {
    "eos": """
hostname branch
ntp server 10.0.0.1 prefer
vlan 10
   name STAFF
interface Ethernet1
   description desk
   switchport access vlan 10
   ip access-group GUARD in
interface Management1
   ip address 10.1.1.1/24
ip access-list GUARD
   permit tcp any any established
   permit icmp any any
   deny ip any any log
ip access-list standard MGMT
   permit 10.0.0.0/8
   deny any
ip routing
ip route 10.9.0.0/16 10.1.1.254
router ospf 1
   router-id 10.0.0.1
   network 10.1.0.0/16 area 0.0.0.0
router bgp 65000
   neighbor 10.1.1.2 remote-as 65001
   neighbor 10.1.1.2 description upstream
banner motd
# for staff
EOF
management api http-commands
   no shutdown
   ip access-group MGMT in
""",
    "ios": """
hostname branch
no ip domain lookup
archive
 path bootflash:archive
vlan 10
 name STAFF
interface GigabitEthernet0/0/1
 description desk
 ip address 10.1.1.1 255.255.255.0
 no ip redirects
router ospf 1
 router-id 10.0.0.1
 passive-interface default
 no passive-interface GigabitEthernet0/0/1
 network 10.1.0.0 0.0.255.255 area 0
ip prefix-list P seq 5 permit 10.0.0.0/8
ip access-list extended GUARD
 permit tcp any any established
 permit icmp any any
 deny ip any any log
ip access-list standard MGMT
 permit 10.0.0.0 0.255.255.255
 deny any
logging host 10.0.0.11
banner motd ^C
# for @ staff
^C
line vty 0 4
 access-class MGMT in
 exec-timeout 30 0
ntp server 10.0.0.1 prefer
""",
}
AFTER = {
    "eos": """
hostname branch-1
ntp server 10.0.0.1
ntp server 10.0.0.2
vlan 20
   name GUESTS
interface Ethernet1
   description guest desk
   switchport access vlan 20
   ip access-group GUARD in
   shutdown
interface Management1
   ip address 10.1.1.1/24
ip access-list GUARD
   permit icmp any any
   permit udp any any eq domain
   permit tcp any any established
   deny ip any any log
ip access-list standard MGMT
   permit 10.2.0.0/16
   permit 10.0.0.0/8
   deny any
no ip routing
ip route 10.9.0.0/16 10.1.1.253
router bgp 65000
   neighbor 10.1.1.2 remote-as 65001
   neighbor 10.1.1.3 remote-as 65001
banner motd
  # for guests
! and staff
EOF
management api http-commands
   no shutdown
   ip access-group MGMT in
""",
    "ios": """
hostname branch-1
archive
 path bootflash:archive
 maximum 5
vlan 20
 name GUESTS
interface GigabitEthernet0/0/1
 description guest desk
 ip address 10.1.2.1 255.255.255.0
 shutdown
router ospf 1
 router-id 10.0.0.2
 passive-interface default
 network 10.1.0.0 0.0.255.255 area 0
ip prefix-list P seq 5 permit 11.0.0.0/8
ip prefix-list P seq 10 deny 0.0.0.0/0
ip access-list extended GUARD
 permit icmp any any
 permit udp any any eq domain
 permit tcp any any established
 deny ip any any log
ip access-list standard MGMT
 permit 10.2.0.0 0.0.255.255
 permit 10.0.0.0 0.255.255.255
 deny any
logging host 10.0.0.12
banner motd ^C
  # for guests
^C
banner login ^C
hello
^C
line vty 0 4
 access-class MGMT in
 exec-timeout 10 0
ntp server 10.0.0.1
ntp server 10.0.0.2
""",
}
PLATFORMS = ("eos", "ios")


def differs(found: Any, wanted: Tree) -> str:
    return as_text(difference(wanted, found.tree(), found.vendor))


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(("start", "end"), [(BEFORE, AFTER), (AFTER, BEFORE)], ids=["there", "back"])
def test_the_lines_of_a_comparison_lead_to_its_target(platform: str, start: Any, end: Any, device: Any) -> None:
    found, wanted = device(platform).type(start[platform]), device(platform).type(end[platform]).tree()
    comparison = compare_replace(found.tree(), wanted, found.vendor)
    found.type(comparison.lines)
    assert found.refused == []
    assert differs(found, wanted) == ""
    assert compare_replace(found.tree(), wanted, found.vendor).reached


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_configuration_is_reached_where_it_is(platform: str, device: Any) -> None:
    found = device(platform).type(BEFORE[platform])
    assert found.refused == []
    assert compare_replace(found.tree(), found.tree(), found.vendor).lines == ()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_merge_is_undone_from_what_is_read_back(platform: str, device: Any) -> None:
    found = device(platform).type(BEFORE[platform])
    before = found.tree()
    comparison = compare_merge(before, read_change(AFTER[platform], found.vendor), found.vendor)
    found.type(comparison.lines)
    assert found.refused == []
    assert compare_merge(found.tree(), read_change(AFTER[platform], found.vendor), found.vendor).reached
    found.type(undo(found.tree(), before, comparison.touched, found.vendor))
    assert found.refused == []
    assert differs(found, before) == ""


def test_half_a_change_is_undone_too(device: Any) -> None:
    before = device("ios").type(BEFORE["ios"]).tree()
    # Texts come whole or not at all.
    change = read_change(AFTER["ios"], IOS).where(lambda line: not line.verbatim)
    comparison = compare_merge(before, change, IOS)
    for place in range(len(comparison.lines)):
        found = device("ios").type(BEFORE["ios"]).type(comparison.lines[:place])
        found.type(undo(found.tree(), before, comparison.touched, IOS))
        assert differs(found, before) == "", f"after {place} of {len(comparison.lines)} lines"


def test_a_rule_of_a_prefix_list_goes_before_another_takes_its_number(device: Any) -> None:
    found = device("ios").type("ip prefix-list P seq 5 permit 10.0.0.0/8")
    before = found.tree()
    comparison = compare_merge(before, read_change("ip prefix-list P seq 5 permit 11.0.0.0/8", IOS), IOS)
    forward = ("no ip prefix-list P seq 5 permit 10.0.0.0/8", "ip prefix-list P seq 5 permit 11.0.0.0/8")
    assert comparison.lines == forward
    found.type(comparison.lines)
    assert undo(found.tree(), before, comparison.touched, IOS) == (
        "no ip prefix-list P seq 5 permit 11.0.0.0/8",
        "ip prefix-list P seq 5 permit 10.0.0.0/8",
    )


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_restore_leaves_other_sections_alone(platform: str, device: Any) -> None:
    found = device(platform).type(BEFORE[platform])
    before = found.tree()
    comparison = compare_merge(before, read_change("vlan 77\n name X\n", found.vendor), found.vendor)
    found.type(comparison.lines).type("hostname renamed")
    restored = compare_restore(found.tree(), before, comparison.touched, found.vendor)
    found.type(restored.lines)
    assert "hostname renamed" in found.shown()
    assert "vlan 77" not in found.shown()


def test_an_access_list_of_ios_is_never_missing(device: Any) -> None:
    found, wanted = device("ios").type(BEFORE["ios"]), device("ios").type(AFTER["ios"]).tree()
    lines = compare_replace(found.tree(), wanted, found.vendor).lines
    assert not any(line.startswith("no ip access-list") for line in lines)


# Texts.


def text(*lines: str) -> Tree:
    return Tree((Line("banner motd", tuple(Line(line) for line in lines), verbatim=True),))


@pytest.mark.parametrize(
    ("lines", "mark"), [(("plain",), "@"), (("a@b",), "~"), (("@", "~ |"), "%")], ids=["first", "second", "fourth"]
)
def test_a_text_of_ios_ends_with_a_character_that_it_lacks(lines: tuple[str, ...], mark: str) -> None:
    assert entered(text(*lines), IOS) == (f"banner motd {mark}", *lines, mark)


def test_a_text_with_every_such_character_is_refused() -> None:
    with pytest.raises(UnsendableTextError, match="leave one out"):
        entered(text(IOS.text_marks), IOS)


def test_a_text_of_eos_ends_with_its_word() -> None:
    assert entered(text("a@b"), EOS) == ("banner motd", "a@b", "EOF")


# Sections that understand the headers of others.


def test_a_section_that_would_take_the_next_header_is_left_first(device: Any) -> None:
    """BGP of EOS has VLANs of its own; so has it VRFs."""
    change = "router bgp 65000\n   neighbor 10.1.1.2 description up\nvlan 20\n   state suspend\n"
    found = device("eos").type(BEFORE["eos"])
    before = found.tree()
    comparison = compare_merge(before, read_change(change, EOS), EOS)
    assert comparison.lines == (
        "router bgp 65000",
        "neighbor 10.1.1.2 description up",
        "router bgp 65000",
        "exit",
        "vlan 20",
        "state suspend",
    )
    found.type(comparison.lines)
    assert "vlan 20\n   state suspend" in found.shown()
    found.type(undo(found.tree(), before, comparison.touched, EOS))
    assert (found.refused, differs(found, before)) == ([], "")
