"""What IOS makes of configuration lines: stored forms, negation, defaults, refusals."""

from collections.abc import Callable
from typing import Any

import pytest

# Each case: what is typed, and every line that is shown afterwards.
STORED = {
    "a single value replaces the one before": ("hostname a\nhostname b", ["hostname b"]),
    "keywords may be shortened": ("ho a\nint vl10\ndes x y", ["hostname a", "interface Vlan10", " description x y"]),
    "an interface's name is completed": ("interface gi0/0/1", ["interface GigabitEthernet0/0/1"]),
    "an interface's number may stand apart": ("interface Vlan 7", ["interface Vlan7"]),
    "a range of interfaces is several": (
        "interface range gi0/0/0 - 1\n description x",
        ["interface GigabitEthernet0/0/0", " description x", "interface GigabitEthernet0/0/1", " description x"],
    ),
    "interfaces are shown in natural order": (
        "interface Vlan10\ninterface Vlan9\ninterface Loopback0",
        ["interface Loopback0", "interface Vlan9", "interface Vlan10"],
    ),
    "sections have the vendor's order": (
        "ntp server 10.0.0.1\nrouter ospf 1\nhostname a",
        ["hostname a", "router ospf 1", "ntp server 10.0.0.1"],
    ),
    "a global line leaves the section": ("interface Vlan10\nhostname a", ["hostname a", "interface Vlan10"]),
    "exit leaves one section": (
        "router bgp 1\naddress-family ipv4\nexit\nbgp router-id 1.1.1.1",
        ["router bgp 1", " bgp router-id 1.1.1.1", " address-family ipv4", " exit-address-family"],
    ),
    "exit-address-family is a way to leave": (
        "router bgp 1\naddress-family ipv4\n neighbor 1.1.1.1 activate\nexit-address-family\nbgp router-id 1.1.1.1",
        [
            "router bgp 1",
            " bgp router-id 1.1.1.1",
            " address-family ipv4",
            "  neighbor 1.1.1.1 activate",
            " exit-address-family",
        ],
    ),
    "defaults are dropped": ("interface Vlan10\nno shutdown\nmtu 1500", ["interface Vlan10"]),
    "a default that is on shows its negation": (
        "no ip domain lookup\ninterface Vlan10\nno ip redirects",
        ["no ip domain lookup", "interface Vlan10", " no ip redirects"],
    ),
    "setting such a default drops it": ("no ip domain lookup\nip domain lookup", []),
    "some lines show either form": (
        "ip http server\nno ip http secure-server",
        ["ip http server", "no ip http secure-server"],
    ),
    "an address needs no abbreviation": (
        "interface Vlan10\nip address 10.0.0.1 255.255.255.0",
        ["interface Vlan10", " ip address 10.0.0.1 255.255.255.0"],
    ),
    "a secondary address does not replace the first": (
        "interface Vlan10\nip address 10.0.0.1 255.255.255.0\nip address 10.0.1.1 255.255.255.0 secondary",
        ["interface Vlan10", " ip address 10.0.0.1 255.255.255.0", " ip address 10.0.1.1 255.255.255.0 secondary"],
    ),
    "entries are numbered by tens": (
        "ip access-list extended A\npermit tcp any any eq 22\ndeny ip any any log",
        ["ip access-list extended A", " 10 permit tcp any any eq 22", " 20 deny ip any any log"],
    ),
    "an entry goes where its number says": (
        "ip access-list standard A\n10 permit 10.0.0.1\n20 deny any\n15 permit 10.0.0.2",
        ["ip access-list standard A", " 10 permit 10.0.0.1", " 15 permit 10.0.0.2", " 20 deny any"],
    ),
    "an entry that is there is not added again": (
        "ip access-list standard A\npermit 10.0.0.1\npermit 10.0.0.1",
        ["ip access-list standard A", " 10 permit 10.0.0.1"],
    ),
    "host bits of an entry are cleared": (
        "ip access-list extended A\npermit ip 10.0.0.7 0.0.0.255 host 1.1.1.1",
        ["ip access-list extended A", " 10 permit ip 10.0.0.0 0.0.0.255 host 1.1.1.1"],
    ),
    "wildcards of one and of all have names": (
        "ip access-list extended A\npermit ip 10.0.0.7 0.0.0.0 0.0.0.0 255.255.255.255",
        ["ip access-list extended A", " 10 permit ip host 10.0.0.7 any"],
    ),
    "a standard entry for a host is shown without host": (
        "ip access-list standard A\npermit host 10.0.0.1",
        ["ip access-list standard A", " 10 permit 10.0.0.1"],
    ),
    "remarks are entries too": (
        "ip access-list standard A\nremark the tills\npermit 10.0.0.1",
        ["ip access-list standard A", " 10 remark the tills", " 20 permit 10.0.0.1"],
    ),
    "numbered lists are shown as named ones": (
        "access-list 10 permit 10.0.0.1\naccess-list 101 permit tcp any any",
        ["ip access-list standard 10", " 10 permit 10.0.0.1", "ip access-list extended 101", " 10 permit tcp any any"],
    ),
    "resequencing renumbers": (
        "ip access-list standard A\n3 permit 10.0.0.1\n4 deny any\nip access-list resequence A 100 5",
        ["ip access-list standard A", " 100 permit 10.0.0.1", " 105 deny any"],
    ),
    "prefixes are masked and numbered by fives": (
        "ip prefix-list P permit 10.1.2.3/16 le 24\nip prefix-list P deny 0.0.0.0/0 le 32",
        ["ip prefix-list P seq 5 permit 10.1.0.0/16 le 24", "ip prefix-list P seq 10 deny 0.0.0.0/0 le 32"],
    ),
    "trunks add and remove": (
        (
            "interface gi0/0/1\nswitchport trunk allowed vlan 10,20\nswitchport trunk allowed vlan add 21-23\n"
            "switchport trunk allowed vlan remove 22"
        ),
        ["interface GigabitEthernet0/0/1", " switchport trunk allowed vlan 10,20-21,23"],
    ),
    "a trunk of everything is the default": (
        "interface gi0/0/1\nswitchport trunk allowed vlan 10\nswitchport trunk allowed vlan all",
        ["interface GigabitEthernet0/0/1"],
    ),
    "except and none": (
        (
            "interface gi0/0/0\nswitchport trunk allowed vlan except 2-4094\n"
            "interface gi0/0/1\nswitchport trunk allowed vlan none"
        ),
        [
            "interface GigabitEthernet0/0/0",
            " switchport trunk allowed vlan 1",
            "interface GigabitEthernet0/0/1",
            " switchport trunk allowed vlan none",
        ],
    ),
    "several VLANs at once": ("vlan 20,10\n name X", ["vlan 10", " name X", "vlan 20", " name X"]),
    "passive by default shows the exceptions": (
        "router ospf 1\npassive-interface default\nno passive-interface Vlan10",
        ["router ospf 1", " passive-interface default", " no passive-interface Vlan10"],
    ),
    "an exception can be taken back": (
        "router ospf 1\npassive-interface default\nno passive-interface Vlan10\npassive-interface Vlan10",
        ["router ospf 1", " passive-interface default"],
    ),
    "networks of OSPF and BGP are masked": (
        "router ospf 1\nnetwork 10.0.0.9 0.0.0.255 area 0\nrouter bgp 1\nnetwork 10.1.2.3 mask 255.255.0.0",
        [
            "router ospf 1",
            " network 10.0.0.0 0.0.0.255 area 0",
            "router bgp 1",
            " network 10.1.0.0 mask 255.255.0.0",
        ],
    ),
    "a user's attributes add up": (
        "username bob privilege 15\nusername bob nopassword",
        ["username bob privilege 15 nopassword"],
    ),
    "a banner keeps its text": (
        "banner motd #\nA # is the end\nhostname a",
        ["hostname a", "banner motd ^C", "A ^C"],
    ),
    "a banner may be of one line": ("banner login ^Ckeep out^C", ["banner login ^Ckeep out^C"]),
    "a certificate is kept to its quit": (
        "crypto pki certificate chain TP\n certificate self-signed 01\n  30820330\n  \tquit\nhostname a",
        ["hostname a", "crypto pki certificate chain TP", " certificate self-signed 01", "  30820330", "  \tquit"],
    ),
    "lines of terminals are split where a part is entered": (
        "line vty 0 4\n login local\nline vty 0 1\n length 0",
        ["line vty 0 1", " login local", " length 0", "line vty 2 4", " login local"],
    ),
    "a range of lines covers those that are there": (
        "line vty 0 4\nline vty 5 15\nline vty 0 15\n exec-timeout 5 0",
        ["line vty 0 4", " exec-timeout 5 0", "line vty 5 15", " exec-timeout 5 0"],
    ),
    "gaps between lines are sections of their own": (
        "line vty 0 4\nline vty 10 11\nline vty 0 15\n exec-timeout 5 0",
        [
            "line vty 0 4",
            " exec-timeout 5 0",
            "line vty 5 9",
            " exec-timeout 5 0",
            "line vty 10 11",
            " exec-timeout 5 0",
            "line vty 12 15",
            " exec-timeout 5 0",
        ],
    ),
    "one line": ("line vty 7\n login local", ["line vty 7", " login local"]),
    "a network of the old classes": ("router bgp 1\nnetwork 10.0.0.0", ["router bgp 1", " network 10.0.0.0"]),
    "an interface of one area only": (
        "router ospf 1\npassive-interface Vlan10\nno passive-interface Vlan10",
        ["router ospf 1"],
    ),
    "comments are nothing": ("! a comment\nhostname a\n!", ["hostname a"]),
    "end ends": ("hostname a\nend\nhostname b", ["hostname a"]),
}


@pytest.mark.parametrize(("text", "shown"), STORED.values(), ids=STORED)
def test_stores(ios_types: Callable[..., Any], text: str, shown: list[str]) -> None:
    assert ios_types(text) == (shown, [])


# Each case: what is there, what is typed, what is left.
REMOVED = {
    "by its key alone": (
        "interface Vlan10\n description foo",
        "interface Vlan10\nno description",
        ["interface Vlan10"],
    ),
    "by its key and any value": (
        "interface Vlan10\n description foo",
        "interface Vlan10\nno description something else",
        ["interface Vlan10"],
    ),
    "a section with all of it": ("interface Vlan10\n description foo", "no interface Vlan10", []),
    "one of several": (
        "ntp server 1.1.1.1\nntp server 2.2.2.2 prefer",
        "no ntp server 2.2.2.2",
        ["ntp server 1.1.1.1"],
    ),
    "all of a kind": ("ntp server 1.1.1.1\nntp source Loopback0", "no ntp", []),
    "all addresses": (
        "interface Vlan10\nip address 10.0.0.1 255.255.255.0\nip address 10.0.1.1 255.255.255.0 secondary",
        "interface Vlan10\nno ip address",
        ["interface Vlan10"],
    ),
    "an entry by number": (
        "ip access-list standard A\npermit 10.0.0.1\ndeny any",
        "ip access-list standard A\nno 10",
        ["ip access-list standard A", " 20 deny any"],
    ),
    "an entry by content": (
        "ip access-list extended A\npermit tcp any any\ndeny ip any any",
        "ip access-list extended A\nno permit tcp any any",
        ["ip access-list extended A", " 20 deny ip any any"],
    ),
    "a whole list": ("ip access-list standard A\npermit any", "no ip access-list standard A", []),
    "a numbered list": ("access-list 10 permit any", "no access-list 10", []),
    "a prefix list": (
        "ip prefix-list P permit 10.0.0.0/8\nip prefix-list P deny 11.0.0.0/8",
        "no ip prefix-list P",
        [],
    ),
    "one entry of a prefix list": (
        "ip prefix-list P permit 10.0.0.0/8\nip prefix-list P deny 11.0.0.0/8",
        "no ip prefix-list P seq 5 permit 10.0.0.0/8",
        ["ip prefix-list P seq 10 deny 11.0.0.0/8"],
    ),
    "all routes to a prefix": (
        "ip route 10.0.0.0 255.0.0.0 1.1.1.1\nip route 10.0.0.0 255.0.0.0 2.2.2.2 200",
        "no ip route 10.0.0.0 255.0.0.0",
        [],
    ),
    "the name falls back": ("hostname a", "no hostname", ["hostname Router"]),
    "to its default": (
        "interface gi0/0/1\nshutdown\ndescription x",
        "default interface gi0/0/1",
        ["interface GigabitEthernet0/0/1"],
    ),
    "a negation to its default": ("no ip domain lookup", "default ip domain lookup", []),
    "what is not there is accepted": ("hostname a", "no ntp server 1.1.1.1\nno vlan 7", ["hostname a"]),
    "everything of a neighbour": (
        "router bgp 1\nneighbor 1.1.1.1 remote-as 2\nneighbor 1.1.1.1 description x\nneighbor 2.2.2.2 remote-as 3",
        "router bgp 1\nno neighbor 1.1.1.1",
        ["router bgp 1", " neighbor 2.2.2.2 remote-as 3"],
    ),
    "after its section is gone, lines go to the top": (
        "interface Vlan10",
        "interface Vlan10\nno interface Vlan10\nhostname a",
        ["hostname a"],
    ),
}


@pytest.mark.parametrize(("there", "text", "left"), REMOVED.values(), ids=REMOVED)
def test_removes(ios_types: Callable[..., Any], there: str, text: str, left: list[str]) -> None:
    assert ios_types(there, text) == (left, [])


REFUSED = {
    "an unknown line": ("no such thing", "invalid at 'such'"),
    "a wrong word": ("interface Vlan10\nip address 10.0.0.1 255.255.255.0 third", "invalid at 'third'"),
    "an incomplete line": ("ip route 10.0.0.0", "incomplete at its end"),
    "an ambiguous word": ("i 10", "ambiguous at 'i'"),
    "a number out of range": ("interface Vlan10\nmtu 10", "invalid at '10'"),
    "an address that is none": ("ntp source 300.1.1.1", "invalid at '300.1.1.1'"),
    "a mask with holes": ("interface Vlan10\nip address 10.0.0.1 255.0.255.0", "invalid at '255.0.255.0'"),
    "a VLAN that there cannot be": ("vlan 4095", "invalid at '4095'"),
    "a port that there is not": ("interface gi7/0/0", "invalid at 'gi7/0/0'"),
    "a port that is taken away": ("no interface gi0/0/1", "% Removal of physical interfaces is not permitted"),
    "a route with host bits": ("ip route 10.0.0.1 255.0.0.0 1.1.1.1", "%Inconsistent address and mask"),
    "the address of a network": (
        "interface Vlan10\nip address 10.0.0.0 255.255.255.0",
        "Bad mask /24 for address 10.0.0.0",
    ),
    "an address that overlaps": (
        "interface Vlan9\nip address 10.0.0.1 255.255.255.0\ninterface Vlan10\nip address 10.0.0.9 255.255.0.0",
        "% 10.0.0.0 overlaps with Vlan9",
    ),
    "a number that is taken": (
        "ip access-list standard A\n10 permit 10.0.0.1\n10 permit 10.0.0.2",
        "% Duplicate sequence number",
    ),
    "an entry that is there under another number": (
        "ip access-list standard A\n10 permit 10.0.0.1\n20 permit 10.0.0.1",
        (
            "% Access rule can't be configured at higher sequence num "
            "as it is part of the existing rule at sequence num 10"
        ),
    ),
    "a list of the other kind": (
        "ip access-list standard A\nip access-list extended A",
        "%A named Standard IP access list with this name already exists",
    ),
    "lines that run backwards": ("line vty 5 3", "% Bad VTY line range"),
    "a range of what is no interface": ("interface range nonsense1 - 2", "% Invalid interface range nonsense1 - 2"),
    "a list that is not there": ("ip access-list resequence A 10 10", "% Access-list A does not exist"),
    "an entry without an action": ("ip access-list standard A\n10", "incomplete at its end"),
    "a hash that is none": (
        "username bob secret 9 nonsense",
        "ERROR: The secret you entered is not a valid encrypted secret.",
    ),
    "a wrong entry of a numbered list": ("access-list 10 permit nowhere", "invalid at 'nowhere'"),
    "an unknown attribute of a user": ("username bob colour blue", "invalid at 'colour'"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refuses(ios_types: Callable[..., Any], text: str, reason: str) -> None:
    _, refused = ios_types(text)

    assert refused == [f"{text.splitlines()[-1]}: {reason}"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("username bob privilege 15 secret 0 clear", "username bob privilege 15 secret 9 $9$"),
        ("username bob secret clear", "username bob secret 9 $9$"),
        ("enable secret clear", "enable secret 9 $9$"),
    ],
    ids=["typed as clear", "without a type", "the enable secret"],
)
def test_salts_what_is_typed_in_clear(ios_types: Callable[..., Any], line: str, shown: str) -> None:
    once, _ = ios_types(line)
    twice, _ = ios_types(line, line)

    assert once[0].startswith(shown)
    assert "clear" not in once[0]
    # The same secret set again gets another salt, which looks like a change and is none.
    assert twice[0] != once[0]


def test_keeps_what_is_typed_as_a_hash(ios_types: Callable[..., Any]) -> None:
    line = "username bob privilege 15 secret 9 $9$abcdefgh.ijklm$4.iiWJmSzpGDbqoV/pWGPd9GIYoL.GxRuEDJSj5UC.M"

    assert ios_types(line) == ([line], [])


BRANCH = """
version 17.9
service timestamps debug datetime msec
no service pad
hostname r1
boot-start-marker
boot-end-marker
vrf definition MGMT
 address-family ipv4
logging buffered 16384 informational
no logging console
aaa new-model
aaa authentication login default group tacacs+ local
aaa authorization exec default group tacacs+ local if-authenticated
clock timezone CET 1 0
clock summer-time CEST recurring last Sun Mar 2:00 last Sun Oct 3:00
ip name-server 10.0.0.53 10.0.1.53
ip dhcp pool STAFF
 network 10.1.10.0 255.255.255.0
 default-router 10.1.10.1
crypto pki trustpoint TP-self-signed-1
spanning-tree mode rapid-pvst
archive
 path bootflash:backup
 write-memory
vlan 10
 name STAFF
class-map match-any VOICE
 match dscp ef
policy-map WAN
 class VOICE
interface GigabitEthernet0/0/0
 ip address 172.16.0.2 255.255.255.252
 ip nat outside
 negotiation auto
interface GigabitEthernet0/0/1.10
 encapsulation dot1q 10
 ip address 10.1.10.1 255.255.255.0
 ip access-group STAFF-IN in
 standby 10 ip 10.1.10.254
 standby 10 priority 110
router eigrp 100
 network 10.0.0.0
route-map RM permit 10
 match ip address prefix-list P
 set local-preference 200
tacacs server T1
 address ipv4 10.0.0.49
 key 7 0123
line con 0
 stopbits 1
line vty 0 4
 access-class MGMT-IN in vrf-also
 transport input ssh
ntp authenticate
ntp server vrf MGMT 10.0.0.1 prefer
"""


def test_takes_the_lines_of_a_real_branch(ios_types: Callable[..., Any]) -> None:
    shown, refused = ios_types(BRANCH)

    assert refused == []
    # What is shown is taken again and shown the same, so that a saved file can be loaded.
    assert ios_types("\n".join(shown)) == (shown, [])
