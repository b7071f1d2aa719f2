"""What EOS makes of configuration lines: stored forms, negation, defaults, refusals."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.config.tree import EMPTY

# Each case: what is typed, and every line that is shown afterwards.
STORED = {
    "a single value replaces the one before": ("hostname a\nhostname b", ["hostname b"]),
    "an address has a prefix length": (
        "interface Vlan10\nip address 10.0.0.1/24",
        ["interface Vlan10", "   ip address 10.0.0.1/24"],
    ),
    "a range of interfaces is several": (
        "interface Ethernet1-2,Management1\ndescription x",
        [
            "interface Ethernet1",
            "   description x",
            "interface Ethernet2",
            "   description x",
            "interface Management1",
            "   description x",
        ],
    ),
    "a later part of a range needs no type": (
        "interface Ethernet1,3\nshutdown",
        ["interface Ethernet1", "   shutdown", "interface Ethernet3", "   shutdown"],
    ),
    "several VLANs at once": (
        "vlan 10-11\nname X",
        ["vlan 10", "   name X", "vlan 11", "   name X"],
    ),
    "defaults are dropped": (
        "interface Ethernet1\nswitchport mode access\nswitchport access vlan 1\nno shutdown\nmtu 1500",
        ["interface Ethernet1"],
    ),
    "a routed port": ("interface Ethernet1\nno switchport", ["interface Ethernet1", "   no switchport"]),
    "the API is shut by default": (
        "management api http-commands\nno shutdown",
        ["management api http-commands", "   no shutdown"],
    ),
    "shutting the API again drops the line": (
        "management api http-commands\nno shutdown\nshutdown",
        ["management api http-commands"],
    ),
    "a service's list may be named without a direction": (
        "management api http-commands\nip access-group A\nmanagement ssh\nip access-group B vrf MGMT",
        [
            "management api http-commands",
            "   ip access-group A in",
            "management ssh",
            "   ip access-group B vrf MGMT in",
        ],
    ),
    "a service has one list in each VRF": (
        (
            "management api http-commands\nip access-group A in\nip access-group B in\nip access-group C vrf X in\n"
            "vrf X\nno shutdown\nip access-group D"
        ),
        [
            "management api http-commands",
            "   ip access-group B in",
            "   ip access-group C vrf X in",
            "   vrf X",
            "      no shutdown",
            "      ip access-group D in",
        ],
    ),
    "an interface has one list in each direction": (
        "interface Ethernet1\nip access-group A in\nip access-group B in\nip access-group C out",
        ["interface Ethernet1", "   ip access-group B in", "   ip access-group C out"],
    ),
    "entries are numbered by tens, wildcards become prefixes": (
        "ip access-list A\npermit tcp 10.0.0.7 0.0.0.255 any eq ssh\n15 deny ip any host 1.1.1.1\npermit ip any any",
        [
            "ip access-list A",
            "   10 permit tcp 10.0.0.0/24 any eq ssh",
            "   15 deny ip any host 1.1.1.1",
            "   20 permit ip any any",
        ],
    ),
    "prefixes of one and of all have names": (
        "ip access-list A\npermit ip 10.0.0.7/32 0.0.0.0/0",
        ["ip access-list A", "   10 permit ip host 10.0.0.7 any"],
    ),
    "a standard list": (
        "ip access-list standard S\npermit 10.0.0.7/8\ndeny 11.0.0.1",
        ["ip access-list standard S", "   10 permit 10.0.0.0/8", "   20 deny host 11.0.0.1"],
    ),
    "a wildcard with holes stays one": (
        "ip access-list A\npermit ip 10.0.0.1 0.0.255.0 any",
        ["ip access-list A", "   10 permit ip 10.0.0.1 0.0.255.0 any"],
    ),
    "prefix lists are sections, typed either way": (
        "ip prefix-list P seq 10 permit 10.1.2.3/16 le 24\nip prefix-list P\ndeny 0.0.0.0/0",
        ["ip prefix-list P", "   seq 10 permit 10.1.0.0/16 le 24", "   seq 20 deny 0.0.0.0/0"],
    ),
    "routes are masked": (
        "ip route 10.9.0.1/16 10.0.0.254\nip route 10.9.0.0/16 10.0.0.253 200",
        ["ip route 10.9.0.0/16 10.0.0.254", "ip route 10.9.0.0/16 10.0.0.253 200"],
    ),
    "networks are masked": (
        (
            "router ospf 1\nnetwork 10.0.0.9/24 area 0.0.0.0\nnetwork 10.1.0.9 0.0.0.255 area 0.0.0.1\n"
            "router bgp 1\nnetwork 10.1.2.3 mask 255.255.0.0"
        ),
        [
            "router bgp 1",
            "   network 10.1.0.0/16",
            "router ospf 1",
            "   network 10.0.0.0/24 area 0.0.0.0",
            "   network 10.1.0.0/24 area 0.0.0.1",
        ],
    ),
    "a line of an outer section leaves the inner one": (
        (
            "router bgp 1\nvrf X\naddress-family ipv4\nneighbor 1.1.1.1 activate\nrd 1:1\nrouter-id 2.2.2.2\n"
            "timers bgp 3 9"
        ),
        [
            "router bgp 1",
            "   timers bgp 3 9",
            "   vrf X",
            "      rd 1:1",
            "      router-id 2.2.2.2",
            "      address-family ipv4",
            "         neighbor 1.1.1.1 activate",
        ],
    ),
    "a user's attributes add up, and low privilege is not shown": (
        "username bob privilege 15 nopassword\nusername bob role network-admin\nusername eve nopassword",
        ["username bob privilege 15 role network-admin nopassword", "username eve nopassword"],
    ),
    "a banner ends with EOF": (
        "banner motd\nkeep out\n  # really >\nEOF\nhostname a",
        ["hostname a", "banner motd", "keep out", "  # really >", "EOF"],
    ),
    "spanning tree has a mode": ("spanning-tree mode rstp\nno spanning-tree mode", ["spanning-tree mode mstp"]),
    "another name for the same line": ("ip domain-name a.example", ["dns domain a.example"]),
    "trunks add and remove": (
        "interface Ethernet1\nswitchport trunk allowed vlan 10\nswitchport trunk allowed vlan add 20",
        ["interface Ethernet1", "   switchport trunk allowed vlan 10,20"],
    ),
}


@pytest.mark.parametrize(("text", "shown"), STORED.values(), ids=STORED)
def test_stores(eos_types: Callable[..., Any], text: str, shown: list[str]) -> None:
    assert eos_types(text) == (shown, [])


# Each case: what is there, what is typed, what is left.
REMOVED = {
    "a description by its key": (
        "interface Ethernet1\ndescription x",
        "interface Ethernet1\nno description",
        ["interface Ethernet1"],
    ),
    "a port goes back to its defaults": (
        "interface Ethernet1\ndescription x",
        "no interface Ethernet1",
        ["interface Ethernet1"],
    ),
    "an interface that is no port goes away": ("interface Vlan10\nip address 10.0.0.1/24", "no interface Vlan10", []),
    "a service's list by its name": (
        "management ssh\nip access-group A in",
        "management ssh\nno ip access-group A",
        ["management ssh"],
    ),
    "a service's list in another VRF stays": (
        "management ssh\nip access-group A in\nip access-group A vrf X in",
        "management ssh\nno ip access-group A in",
        ["management ssh", "   ip access-group A vrf X in"],
    ),
    "an interface's list by name": (
        "interface Ethernet1\nip access-group A in\nip access-group B out",
        "interface Ethernet1\nno ip access-group A in",
        ["interface Ethernet1", "   ip access-group B out"],
    ),
    "an entry by number": (
        "ip access-list A\npermit ip any any\ndeny ip any any",
        "ip access-list A\nno 10",
        ["ip access-list A", "   20 deny ip any any"],
    ),
    "an entry of a prefix list, either way": (
        "ip prefix-list P\nseq 10 permit 10.0.0.0/8\nseq 20 permit 11.0.0.0/8\nseq 30 permit 12.0.0.0/8",
        "no ip prefix-list P seq 10\nip prefix-list P\nno seq 20",
        ["ip prefix-list P", "   seq 30 permit 12.0.0.0/8"],
    ),
    "the enable password by either name": ("enable secret sha512 $6$a$b", "no enable secret", []),
    "a user": ("username bob nopassword", "no username bob", []),
    "a VRF of BGP with all of it": ("router bgp 1\nvrf X\nrd 1:1", "router bgp 1\nno vrf X", ["router bgp 1"]),
}


@pytest.mark.parametrize(("there", "text", "left"), REMOVED.values(), ids=REMOVED)
def test_removes(eos_types: Callable[..., Any], there: str, text: str, left: list[str]) -> None:
    assert eos_types(there, text) == (left, [])


REFUSED = {
    "an unknown line": ("no such thing", "invalid at 'such'"),
    "a mask in place of a prefix length": (
        "interface Vlan10\nip address 10.0.0.1 255.255.255.0",
        "invalid at '10.0.0.1'",
    ),
    "a port that there is not": ("interface Ethernet99", "Interface does not exist"),
    "an address of a network": (
        "interface Vlan10\nip address 10.0.0.0/24",
        "Invalid IP address: 10.0.0.0 is not a host address of 10.0.0.0/24",
    ),
    "an address that overlaps": (
        "interface Vlan9\nip address 10.0.0.1/24\ninterface Vlan10\nip address 10.0.0.9/16",
        "Address 10.0.0.9/16 overlaps with the address of Vlan9",
    ),
    "a number that is taken": (
        "ip access-list A\n10 permit ip any any\n10 deny ip any any",
        "Duplicate sequence number",
    ),
    "a list of the other kind": (
        "ip access-list A\nip access-list standard A",
        "ACL type conflicts with existing ACL A",
    ),
    "a user without a password": ("username bob privilege 15", "User must have a secret or nopassword"),
    "an unknown attribute of a user": ("username bob colour blue", "Invalid input (at token 2: 'colour')"),
    "a hash that is none": ("username bob secret sha512 nonsense", "Invalid encrypted password"),
    "a number without an entry": ("ip access-list A\n10", "incomplete at its end"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refuses(eos_types: Callable[..., Any], text: str, reason: str) -> None:
    _, refused = eos_types(text)

    assert refused == [f"{text.splitlines()[-1]}: {reason}"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("username bob privilege 15 secret 0 clear", "username bob privilege 15 secret sha512 $6$"),
        ("username bob secret clear", "username bob secret sha512 $6$"),
        ("enable secret clear", "enable password sha512 $6$"),
        ("enable password clear", "enable password sha512 $6$"),
        ("aaa root secret clear", "aaa root secret sha512 $6$"),
    ],
    ids=["typed as clear", "without a type", "enable secret", "enable password", "root"],
)
def test_salts_what_is_typed_in_clear(eos_types: Callable[..., Any], line: str, shown: str) -> None:
    once, _ = eos_types(line)
    twice, _ = eos_types(line, line)

    assert once[0].startswith(shown)
    assert "clear" not in once[0]
    assert twice[0] != once[0]


def test_keywords_must_be_whole_where_the_api_asks_for_it(eos_editor: Any) -> None:
    from_api = eos_editor.apply(EMPTY, (), "host a", shorten=False)
    from_person = eos_editor.apply(EMPTY, (), "host a")

    assert from_api.reason() == "abbreviated at 'host'"
    assert [node.text for node in from_person.config.children] == ["hostname a"]


BRANCH = """
service routing protocols model multi-agent
logging buffered 1000
logging vrf MGMT host 10.0.0.11
logging vrf MGMT source-interface Management1
hostname sw1
ip name-server vrf MGMT 10.0.0.53
dns domain branch.example
ntp local-interface vrf MGMT Management1
ntp server vrf MGMT 10.0.0.1 prefer iburst
snmp-server community branch ro MGMT-IN
snmp-server host 10.0.0.12 vrf MGMT version 2c branch
tacacs-server host 10.0.0.49 vrf MGMT key 7 0123
spanning-tree mode mstp
no spanning-tree vlan-id 4094
spanning-tree mst 0 priority 4096
aaa group server tacacs+ T
   server 10.0.0.49 vrf MGMT
aaa authentication login default group T local
aaa authorization exec default group T local
no aaa root
clock timezone Europe/Berlin
vlan 10
   name STAFF
vrf instance MGMT
interface Port-Channel1
   switchport trunk allowed vlan 10,20
   switchport mode trunk
   mlag 1
interface Ethernet1
   channel-group 1 mode active
interface Ethernet2
   no switchport
   ip address 10.9.0.1/31
   ip ospf network point-to-point
interface Management1
   vrf MGMT
   ip address 10.0.9.1/24
ip virtual-router mac-address 00:1c:73:00:00:01
ip access-list standard MGMT-IN
   10 permit 10.0.0.0/8
ip routing
no ip routing vrf MGMT
mlag configuration
   domain-id X
   local-interface Vlan4094
   peer-address 10.255.255.2
   peer-link Port-Channel1
route-map RM permit 10
   match ip address prefix-list P
   set local-preference 200
router bgp 65000
   router-id 1.1.1.1
   maximum-paths 4 ecmp 4
   neighbor SPINE peer group
   neighbor SPINE remote-as 65001
   neighbor 10.9.0.0 peer group SPINE
   address-family ipv4
      neighbor SPINE activate
      network 10.0.0.0/8
   vrf BLUE
      rd 1:1
      redistribute connected
router ospf 1
   passive-interface default
   no passive-interface Ethernet2
   max-lsa 12000
management ssh
   ip access-group MGMT-IN in
   vrf MGMT
      no shutdown
"""


def test_takes_the_lines_of_a_real_branch(eos_types: Callable[..., Any]) -> None:
    shown, refused = eos_types(BRANCH.replace("00:1c:73:00:00:01", "001c.7300.0001"))

    assert refused == []
    assert eos_types("\n".join(shown)) == (shown, [])


def test_a_shown_config_loads_without_its_indentation(eos_types: Callable[..., Any]) -> None:
    """NAPALM strips every line that it sends."""
    shown, _ = eos_types(BRANCH.replace("00:1c:73:00:00:01", "001c.7300.0001"))

    assert eos_types("\n".join(line.strip() for line in shown)) == (shown, [])
