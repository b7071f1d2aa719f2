"""How each vendor's devices write what they are given: masks, wildcards, ranges, other names, noise and defaults."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.config.reading import read_change, read_device
from automation.config.vendors.eos import EOS
from automation.config.vendors.frr import FRR
from automation.config.vendors.ios import IOS

VENDORS = {"ios": IOS, "eos": EOS, "frr": FRR}

# Each case: the vendor, what is written, and what it is read as; headers as they are.
LINES: dict[str, tuple[str, str, str]] = {
    # Names
    "ios: shut": ("ios", "interface Vlan10\n shut", "shutdown"),
    "ios: no shut": ("ios", "interface Vlan10\n no shut", "no shutdown"),
    "ios: a log host without its word": ("ios", "logging 10.0.0.11", "logging host 10.0.0.11"),
    "ios: and without it": ("ios", "no logging 10.0.0.11", "no logging host 10.0.0.11"),
    "ios: a log level is no host": ("ios", "logging trap informational", "logging trap informational"),
    "eos: the old name of a domain": ("eos", "ip domain-name branch.example", "dns domain branch.example"),
    "eos: and without it": ("eos", "no ip domain-name branch.example", "no dns domain branch.example"),
    "eos: a list without a direction": ("eos", "management ssh\n   ip access-group A", "ip access-group A in"),
    "eos: and in a VRF": ("eos", "management ssh\n   ip access-group A vrf M", "ip access-group A vrf M in"),
    "eos: a list with one stays": ("eos", "interface Ethernet1\n   ip access-group A out", "ip access-group A out"),
    # Networks
    "ios: a network by its wildcard": (
        "ios",
        "router ospf 1\n network 10.1.2.3 0.0.0.255 area 0",
        "network 10.1.2.0 0.0.0.255 area 0",
    ),
    "ios: a network by its mask": (
        "ios",
        "router bgp 1\n network 10.1.2.3 mask 255.255.0.0",
        "network 10.1.0.0 mask 255.255.0.0",
    ),
    "ios: an address of an interface is no network": (
        "ios",
        "interface Vlan10\n ip address 10.1.2.3 255.255.255.0",
        "ip address 10.1.2.3 255.255.255.0",
    ),
    "eos: a network by its length": (
        "eos",
        "router ospf 1\n   network 10.1.2.3/16 area 0.0.0.0",
        "network 10.1.0.0/16 area 0.0.0.0",
    ),
    "eos: a route": ("eos", "ip route 10.9.9.9/16 10.0.0.1", "ip route 10.9.0.0/16 10.0.0.1"),
    "eos: a route in a VRF": ("eos", "ip route vrf M 10.9.9.9/16 10.0.0.1", "ip route vrf M 10.9.0.0/16 10.0.0.1"),
    "eos: a route taken away": ("eos", "no ip route 10.9.9.9/16", "no ip route 10.9.0.0/16"),
    "eos: an aggregate": ("eos", "router bgp 1\n   aggregate-address 10.1.2.3/8", "aggregate-address 10.0.0.0/8"),
    "frr: a network": ("frr", "router ospf\n network 10.9.0.1/16 area 0", "network 10.9.0.0/16 area 0"),
    "frr: a range of an area": ("frr", "router ospf\n area 1 range 10.9.0.1/16", "area 1 range 10.9.0.0/16"),
    "frr: a rule": ("frr", "ip prefix-list P seq 5 permit 10.9.0.1/16", "ip prefix-list P seq 5 permit 10.9.0.0/16"),
    # Entries of access lists
    "ios: an entry by its wildcard": (
        "ios",
        "ip access-list extended A\n permit ip 10.1.2.3 0.0.0.255 any",
        "permit ip 10.1.2.0 0.0.0.255 any",
    ),
    "ios: an entry about one host": (
        "ios",
        "ip access-list extended A\n permit tcp 10.1.2.3 0.0.0.0 any eq 22",
        "permit tcp host 10.1.2.3 any eq 22",
    ),
    "ios: an entry about everything": (
        "ios",
        "ip access-list extended A\n deny ip 0.0.0.0 255.255.255.255 any",
        "deny ip any any",
    ),
    "ios: a host of a standard list": ("ios", "ip access-list standard A\n permit host 10.1.2.3", "permit 10.1.2.3"),
    "ios: an entry's number": ("ios", "ip access-list standard A\n 10 permit any", "permit any"),
    "eos: an entry by its wildcard": (
        "eos",
        "ip access-list A\n   permit ip 10.1.2.3 0.0.0.255 any",
        "permit ip 10.1.2.0/24 any",
    ),
    "eos: a wildcard with holes": (
        "eos",
        "ip access-list A\n   permit ip 10.1.2.3 0.0.255.0 any",
        "permit ip 10.1.2.3 0.0.255.0 any",
    ),
    "eos: one host": ("eos", "ip access-list A\n   permit ip 10.1.2.3/32 any", "permit ip host 10.1.2.3 any"),
    "eos: everything": ("eos", "ip access-list A\n   permit ip 0.0.0.0/0 any", "permit ip any any"),
    "eos: a host of a standard list": ("eos", "ip access-list standard A\n   permit 10.1.2.3", "permit host 10.1.2.3"),
    "eos: a rule's number": ("eos", "ip prefix-list P\n   seq 10 permit 10.1.2.3/8 le 32", "permit 10.0.0.0/8 le 32"),
    # VLANs
    "ios: VLANs in order": (
        "ios",
        "interface Gi1\n switchport trunk allowed vlan 30,10,11,12,12",
        "switchport trunk allowed vlan 10-12,30",
    ),
    "eos: VLANs in order": (
        "eos",
        "interface Ethernet1\n   switchport trunk allowed vlan 5,7,6,1-3",
        "switchport trunk allowed vlan 1-3,5-7",
    ),
    "eos: all but none": (
        "eos",
        "interface Ethernet1\n   switchport trunk allowed vlan none",
        "switchport trunk allowed vlan none",
    ),
    # What is no address stays as it is
    "eos: a route to what is no prefix": ("eos", "ip route 10.9.0.0/99 10.0.0.1", "ip route 10.9.0.0/99 10.0.0.1"),
    "any: blanks": ("ios", "snmp-server   location  the   branch  ", "snmp-server location the branch"),
}


@pytest.mark.parametrize(("vendor", "written", "read"), LINES.values(), ids=LINES)
def test_what_is_written_is_read_as_the_device_shows_it(vendor: str, written: str, read: str) -> None:
    *headers, last = read_change(written, VENDORS[vendor]).texts()
    assert last == read
    assert headers == written.splitlines()[:-1]


@pytest.mark.parametrize(("vendor", "written", "read"), LINES.values(), ids=LINES)
def test_what_the_device_shows_is_read_as_it_is(vendor: str, written: str, read: str) -> None:
    """Once is enough: or what is read back would not be what was planned."""
    once = read_change(written, VENDORS[vendor])
    assert read_change(once.render(), VENDORS[vendor]) == once


NOISE = {
    "ios": (
        "Building configuration...",
        "Current configuration : 4321 bytes",
        "Using 1234 out of 262136 bytes",
        "! Last configuration change at 14:05:33 UTC Mon May 4 2020 by ann",
        "version 17.9",
        "boot-start-marker",
        "boot-end-marker",
        "ntp clock-period 17179781",
        "exit-address-family",
        "end",
        "",
    ),
    "eos": ("! Command: show running-config", "! device: sw1 (vEOS-lab, EOS-4.30.5M)", "exit", "end", "!", ""),
    "frr": (
        "Building configuration...",
        "Current configuration:",
        "frr version 8.4.4",
        "# a comment",
        "end",
        "!",
        "exit-vrf",
    ),
}
CASES = [(vendor, line) for vendor, lines in NOISE.items() for line in lines]


@pytest.mark.parametrize(
    ("vendor", "line"), CASES, ids=[f"{vendor}: {line or 'an empty line'}" for vendor, line in CASES]
)
def test_what_says_nothing_about_the_configuration_is_not_read(vendor: str, line: str) -> None:
    there = "ip route 10.0.0.0/8 192.0.2.1\n"
    for text in (f"{line}\n{there}", f"{there}{line}\n"):
        assert read_device(text, VENDORS[vendor]) == read_device(there, VENDORS[vendor])


# Ranges of VLANs, told by what they hold


def held(text: str) -> set[int]:
    """The VLANs of a list."""
    numbers: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        numbers |= set(range(int(low), int(high or low) + 1))
    return numbers


@settings(deadline=None)
@given(vlans=st.lists(st.integers(1, 4094), min_size=1, max_size=60), data=st.data())
def test_a_list_of_vlans_holds_the_same_and_is_the_shortest(vlans: list[int], data: Any) -> None:
    written = ",".join(map(str, data.draw(st.permutations(vlans))))
    line = "switchport trunk allowed vlan "
    (_, read) = read_change(f"interface Ethernet1\n {line}{written}\n", EOS).texts()
    listed = read.removeprefix(line)
    assert held(listed) == set(vlans)
    starts = sum(vlan - 1 not in vlans for vlan in set(vlans))
    assert len(listed.split(",")) == starts


@settings(deadline=None)
@given(address=st.ip_addresses(v=4), length=st.integers(0, 32))
def test_a_prefix_is_masked_alike_by_every_vendor(address: Any, length: int) -> None:
    texts = {
        next(read_change(f"{line} {address}/{length}\n", vendor).texts()).removeprefix(line)
        for line, vendor in (
            ("ip prefix-list P seq 5 permit", IOS),
            ("ip prefix-list P seq 5 permit", FRR),
            ("no ip route", EOS),
        )
    }
    (masked,) = texts
    shift = 32 - length
    network = (int(address) >> shift) << shift
    assert masked == f" {type(address)(network)}/{length}"
