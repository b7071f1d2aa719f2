"""The same meaning gives the same tree, whoever wrote the text."""

from typing import Any

import pytest

from automation.config.difference import as_text, difference
from automation.config.reading import read_change, read_device
from automation.config.tree import Line, Tree
from automation.config.vendors.eos import EOS
from automation.config.vendors.ios import IOS

SHOWN = {
    "ios": """Building configuration...

Current configuration : 421 bytes
!
! Last configuration change at 14:05:33 UTC Mon May 4 2020 by netops
! NVRAM config last updated at 14:00:00 UTC Mon May 4 2020
!
version 17.9
boot-start-marker
boot-end-marker
hostname branch
vlan 10
 name STAFF
!
interface GigabitEthernet0/0/1
 description   two  blanks
 no shutdown
!
router bgp 1
 address-family ipv4
  network 10.0.0.0
 exit-address-family
!
banner motd ^C
!! kept
  as it is
^C
ntp clock-period 17179781
end
""",
    "eos": """! Command: show running-config
! device: branch (vEOS-lab, EOS-4.30.5M)
!
hostname branch
!
interface Ethernet1
   description   two  blanks
   no shutdown
!
management api http-commands
   no shutdown
!
banner motd
!! kept
  as it is
EOF
!
end
""",
}


def test_what_ios_shows_is_read_without_its_noise() -> None:
    assert read_device(SHOWN["ios"], IOS).render() == (
        "hostname branch\nvlan 10\n name STAFF\ninterface GigabitEthernet0/0/1\n description two blanks\n"
        "router bgp 1\n address-family ipv4\n  network 10.0.0.0\nbanner motd\n!! kept\n  as it is\n"
    )


def test_what_eos_shows_is_read_without_its_noise() -> None:
    assert read_device(SHOWN["eos"], EOS).render() == (
        "hostname branch\ninterface Ethernet1\n description two blanks\nmanagement api http-commands\n no shutdown\n"
        "banner motd\n!! kept\n  as it is\n"
    )


@pytest.mark.parametrize(("vendor", "name"), [(IOS, "ios"), (EOS, "eos")])
def test_reading_twice_changes_nothing(vendor: Any, name: str) -> None:
    once = read_device(SHOWN[name], vendor)
    assert read_device(SHOWN[name].replace("14:05:33", "15:06:34").replace("17179781", "17179999"), vendor) == once


@pytest.mark.parametrize(
    "text",
    [
        "vlan 10\n name X\nvlan 10\n state suspend\n",
        "vlan 10\n  name X\n  state suspend\n",
        "vlan 10\n\tname X\n\tstate suspend",
    ],
    ids=["in two parts", "indented by two", "indented by tabulators"],
)
def test_a_section_is_one_however_it_is_written(text: str) -> None:
    assert read_change(text, IOS) == Tree((Line("vlan 10", (Line("name X"), Line("state suspend"))),))


@pytest.mark.parametrize(
    "text",
    [
        "banner motd ^C\nhello\n^C\nhostname a",
        "banner motd @\nhello\n@\nhostname a",
        "banner motd ^C\nhello^C\nhostname a",
        "banner motd ^Chello^C\nhostname a",
        "banner motd \x03hello\x03\nhostname a",
    ],
)
def test_a_text_of_ios_ends_where_its_mark_is(text: str) -> None:
    tree = read_change(text, IOS)
    assert tree == Tree((Line("banner motd", (Line("hello"),), verbatim=True), Line("hostname a")))


def test_a_text_without_an_end_goes_on_to_the_last_line() -> None:
    tree = read_change("banner motd\nhello\nhostname a", EOS)
    assert tree == Tree((Line("banner motd", (Line("hello"), Line("hostname a")), verbatim=True),))


def test_a_change_keeps_what_goes_without_saying() -> None:
    text = "interface Ethernet1\n no shutdown\n"
    assert list(read_change(text, EOS).texts()) == ["interface Ethernet1", "no shutdown"]
    assert list(read_device(text, EOS).texts()) == ["interface Ethernet1"]


# Differences.


def compared(before: str, after: str, vendor: Any = IOS) -> str:
    return as_text(difference(read_device(before, vendor), read_device(after, vendor), vendor))


def test_a_difference_names_the_sections_of_its_lines() -> None:
    before = "vlan 10\n name A\nrouter bgp 1\n address-family ipv4\n  network 10.0.0.0\n"
    after = "vlan 10\n name B\nrouter bgp 1\n address-family ipv4\n  network 11.0.0.0\n  network 12.0.0.0\n"
    assert compared(before, after) == (
        "  vlan 10\n-  name A\n+  name B\n  router bgp 1\n   address-family ipv4\n-   network 10.0.0.0\n"
        "+   network 11.0.0.0\n+   network 12.0.0.0\n"
    )


def test_order_counts_where_it_has_a_meaning() -> None:
    entries = ("ip access-list standard A\n permit 10.0.0.0 0.255.255.255\n deny any\n", "vlan 10\nvlan 20\n")
    turned = ("ip access-list standard A\n deny any\n permit 10.0.0.0 0.255.255.255\n", "vlan 20\nvlan 10\n")
    assert "deny any" in compared(entries[0], turned[0])
    assert compared(entries[1], turned[1]) == ""


def test_numbers_of_entries_do_not_count() -> None:
    assert compared("ip access-list standard A\n 10 permit any\n", "ip access-list standard A\n 5 permit any\n") == ""


def test_a_text_is_compared_to_the_letter() -> None:
    assert compared("banner motd ^C\na\n^C\n", "banner motd ^C\n a\n^C\n") == "  banner motd\n-  a\n+   a\n"
