"""What a change will make of a device is what the device makes of it, or it is not predicted at all."""

from typing import Any

import pytest

from automation.config.difference import as_text, difference
from automation.config.merge import AmbiguousChangeError, merged
from automation.config.reading import read_change

# Each case: the platform, what is there, and the change.
CASES = {
    "eos: prefixes are masked": (
        "eos",
        "",
        "ip route 10.9.0.1/16 10.0.0.254\nrouter ospf 1\n network 10.1.2.3/16 area 0.0.0.0",
    ),
    "eos: another name for the same line": ("eos", "", "ip domain-name branch.example"),
    "eos: entries are rewritten": (
        "eos",
        "",
        (
            "ip access-list A\n permit tcp 10.0.0.7 0.0.0.255 any eq ssh\n permit ip 10.0.0.7/32 0.0.0.0/0\n"
            " deny ip host 1.1.1.1 any log\nip access-list standard S\n permit 10.0.0.7/8\n deny 11.0.0.1"
        ),
    ),
    "eos: a prefix list is masked and everything keeps its length": (
        "eos",
        "",
        "ip prefix-list P\n permit 10.1.2.3/16 le 24\n deny 0.0.0.0/0",
    ),
    "eos: numbers put entries in their order": (
        "eos",
        "",
        "ip access-list standard S\n 20 deny any\n 10 permit 10.0.0.0/8",
    ),
    "eos: a service's list without a direction": (
        "eos",
        "management ssh\n ip access-group OLD in\n ip access-group V vrf MGMT in",
        "management ssh\n ip access-group NEW",
    ),
    "eos: a service's list in a VRF": (
        "eos",
        "management ssh\n ip access-group A in\n ip access-group V vrf MGMT in",
        "management ssh\n ip access-group W vrf MGMT",
    ),
    "eos: defaults are not shown": (
        "eos",
        "interface Ethernet1\n switchport access vlan 20\n shutdown\n mtu 9000",
        "interface Ethernet1\n switchport mode access\n switchport access vlan 1\n no shutdown\n mtu 1500",
    ),
    "eos: the API is shut by default": (
        "eos",
        "management api http-commands\n no shutdown",
        "management api http-commands\n shutdown",
    ),
    "eos: ranges of VLANs": ("eos", "", "interface Ethernet1\n switchport trunk allowed vlan 30,10,11,12"),
    "eos: a text": ("eos", "banner motd\nold\nEOF", "banner motd\n  # indented\n! kept\nEOF"),
    "ios: entries are rewritten": (
        "ios",
        "",
        (
            "ip access-list extended A\n permit ip 10.0.0.7 0.0.0.255 host 1.1.1.1\n"
            " deny ip 10.0.0.7 0.0.0.0 0.0.0.0 255.255.255.255\n"
            "ip access-list standard S\n permit host 10.0.0.1\n deny 10.2.3.4 0.0.255.255 log"
        ),
    ),
    "ios: networks are masked": (
        "ios",
        "",
        "router ospf 1\n network 10.0.0.9 0.0.0.255 area 0\nrouter bgp 1\n network 10.1.2.3 mask 255.255.0.0",
    ),
    "ios: prefix lists are masked and numbered": (
        "ios",
        "ip prefix-list P seq 5 permit 10.0.0.0/8",
        "ip prefix-list P permit 10.1.2.3/16\nip prefix-list P permit 10.0.0.0/8\nip prefix-list Q deny 1.0.0.0/9",
    ),
    "ios: a rule is taken from a prefix list": (
        "ios",
        "ip prefix-list P seq 5 permit 10.0.0.0/8\nip prefix-list P seq 10 permit 11.0.0.0/8",
        "no ip prefix-list P seq 5",
    ),
    "ios: defaults are not shown": (
        "ios",
        "no ip domain lookup\nno cdp run\ninterface GigabitEthernet0/0/1\n speed 100\n mtu 9000\n shutdown",
        "ip domain lookup\ncdp run\ninterface GigabitEthernet0/0/1\n speed auto\n duplex auto\n mtu 1500\n no shutdown",
    ),
    "ios: another name for the same line": ("ios", "", "logging 10.0.0.11"),
    "ios: numbers put entries in their order": (
        "ios",
        "",
        "ip access-list standard S\n 20 deny any\n 10 permit 10.0.0.0 0.255.255.255",
    ),
    "ios: a text": ("ios", "banner motd ^Cold^C", "banner motd #\n  indented\n@ kept\n#"),
    "ios: terminal lines as the device has them": (
        "ios",
        "line vty 0 4\n login local\nline vty 5 15\n login local",
        "line vty 0 4\n exec-timeout 5 0",
    ),
    "ios: an exception from the default": (
        "ios",
        "router ospf 1\n passive-interface default",
        "router ospf 1\n no passive-interface Vlan10",
    ),
}

# Each case: the platform, what is there, the change, and what is said to it.
AMBIGUOUS = {
    "eos: several interfaces": ("eos", "", "interface Ethernet1-2\n shutdown", "write each of them out"),
    "eos: several VLANs": ("eos", "", "vlan 10,20\n name X", "write each of them out"),
    "eos: more VLANs": (
        "eos",
        "",
        "interface Ethernet1\n switchport trunk allowed vlan add 20",
        "interface Ethernet1 / switchport trunk allowed vlan add 20': write the whole list",
    ),
    "eos: a prefix list in one line": ("eos", "", "ip prefix-list P permit 10.0.0.0/8", "write the list as a section"),
    "ios: a range": ("ios", "", "interface range GigabitEthernet0/0/0 - 1\n shutdown", "write each interface out"),
    "ios: a short name": ("ios", "", "interface gi0/0/1\n shutdown", "write the interface's name in full"),
    "ios: a numbered list": ("ios", "", "access-list 10 permit any", "write 'ip access-list standard'"),
    "ios: other terminal lines": (
        "ios",
        "line vty 0 4\n login local\nline vty 5 15\n login local",
        "line vty 0 15\n exec-timeout 5 0",
        "the device has 'line vty 0 4' and 'line vty 5 15'",
    ),
    "ios: a part of the terminal lines": (
        "ios",
        "line vty 0 4\n login local",
        "line vty 0 1\n exec-timeout 5 0",
        "the device has 'line vty 0 4'",
    ),
    "any: default": ("ios", "", "default interface GigabitEthernet0/0/1", "what 'default' leaves depends"),
    "any: an entry taken out of a list": (
        "eos",
        "ip access-list standard S\n permit 10.0.0.0/8",
        "ip access-list standard S\n no permit 10.0.0.0/8",
        "is given as a whole",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_predicted_is_what_happens(case: tuple[str, str, str], device: Any) -> None:
    platform, there, change = case
    found = device(platform).type(there)
    predicted = merged(found.tree(), read_change(change, found.vendor), found.vendor)
    after = found.type(change)
    assert after.refused == []
    assert as_text(difference(predicted, after.tree(), found.vendor)) == ""


@pytest.mark.parametrize("case", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_what_cannot_be_predicted_is_said(case: tuple[str, str, str, str], device: Any) -> None:
    platform, there, change, said = case
    found = device(platform).type(there)
    with pytest.raises(AmbiguousChangeError) as caught:
        merged(found.tree(), read_change(change, found.vendor), found.vendor)
    assert said in str(caught.value)
