"""Arista EOS."""

import re

from automation.config.vendor import Multiline, Vendor
from automation.config.vendors.addresses import entry_with_prefixes, vlan_ranges, without_host_bits
from automation.config.vendors.passive import without_idle_exceptions

_I = r"interface \S+"
_BGP = r"router bgp \S+"
_API = r"management api http-commands$"
_SPELL_OUT = "which ones that are depends on the device's own list; write each of them out"

EOS = Vendor(
    name="eos",
    noise=(re.compile(r"end$"), re.compile(r"exit$")),
    rewrites=(
        (re.compile(r"^no shut$"), "no shutdown"),
        (re.compile(r"^shut$"), "shutdown"),
        (re.compile(r"^(no )?ip domain-name\b"), r"\1dns domain"),
        (re.compile(r"^(?:no )?ip route (?:vrf \S+ )?(?P<prefix>\S+/\d+)"), without_host_bits),
        (re.compile(r"^(?:no )?(?:network|aggregate-address) (?P<prefix>\S+/\d+)"), without_host_bits),
        # A service's list may be named without a direction.
        (re.compile(r"^(ip access-group \S+(?: vrf \S+)?)$"), r"\1 in"),
        (re.compile(r"^(?:no )?switchport trunk allowed vlan (?P<vlans>\d[\d,-]*)$"), vlan_ranges),
    ),
    inside=(
        ((r"ip access-list ",), (re.compile(r"^(?:permit|deny) .*"), entry_with_prefixes)),
        ((r"ip prefix-list ",), (re.compile(r"^(?:permit|deny) (?P<prefix>\S+/\d+)"), without_host_bits)),
    ),
    ambiguous=(
        ((r"interface [^ ]*\d[-,]",), _SPELL_OUT),
        ((r"vlan \d+[-,]",), _SPELL_OUT),
        ((_I, r"switchport trunk allowed vlan (add|remove|except)"), "write the whole list as it shall be"),
        ((r"ip prefix-list \S+ (seq|permit|deny)",), "write the list as a section: its name, and its rules below it"),
        ((r"router (ospf|bgp) .*", r"network \S+ (mask )?\d+\.\d+\.\d+\.\d+"), "write the network as a prefix"),
    ),
    defaults=(
        (_I, r"no shutdown$"),
        (_API, r"shutdown$"),
        (_I, r"no ip address$"),
        (_I, r"mtu 1500$"),
        (_I, r"switchport mode access$"),
        (_I, r"switchport access vlan 1$"),
        (_I, r"switchport trunk allowed vlan (all|1-4094)$"),
        (r"vlan \d+", r"state active$"),
        (_I, r"(switchport|lldp (transmit|receive)|snmp trap link-change)$"),
        (r"logging (console|monitor)$",),
        (r"ip icmp redirect$",),
        (r"spanning-tree vlan-id \S+$",),
        (_BGP, r"bgp default ipv4-unicast$"),
        (_API, r"protocol https$"),
        (_API, r"vrf \S+", r"shutdown$"),
    ),
    native_negations=(
        (r"no aaa root$",),
        (r"no ip (routing( vrf \S+)?|icmp redirect)$",),
        (r"no lldp run$",),
        (r"no logging (console|monitor)$",),
        (r"no spanning-tree vlan-id \S+$",),
        (r"no service interface inactive port-id allocation disabled$",),
        (_I, r"no switchport$"),
        (_I, r"no (lldp (transmit|receive)|snmp trap link-change|spanning-tree portfast)$"),
        (r"management (api|ssh|telnet)", r"no shutdown$"),
        (r"management api http-commands$", r"no protocol https?$"),
        (r"management (api|ssh)", r"vrf \S+", r"no shutdown$"),
        (_BGP, r"no bgp default ipv4-unicast$"),
        (r"router ospf \d+", r"no passive-interface (?!default$)\S+$"),
    ),
    single=(
        (r"hostname ",),
        (r"ip domain-name |dns domain ",),
        (r"clock timezone ",),
        (r"enable (?:secret|password) ",),
        (r"username (\S+) (?!ssh-key)",),
        (r"logging (buffered|trap|facility|source-interface|console|monitor|format hostname) ?",),
        (r"ntp (local-interface|authentication-key \d+) ",),
        (r"ntp server (\S+(?: vrf \S+)?) ?",),
        (r"snmp-server (location|contact|chassis-id|local-interface) ",),
        (r"snmp-server community (\S+) ?",),
        (r"snmp-server user (\S+) ",),
        (r"spanning-tree mode ",),
        (r"ip (?:ssh|tacacs|radius) source-interface ",),
        (r"vlan \d+", r"name "),
        (_I, r"(description|mtu|speed|bandwidth|vrf) "),
        (_I, r"ip address \S+$"),
        (_I, r"ip (?:virtual-router )address (?!secondary)"),
        (_I, r"ip access-group \S+ (in|out)$"),
        (_I, r"switchport (mode|access vlan|trunk native vlan|trunk allowed vlan) "),
        (_I, r"ip ospf (cost|priority|hello-interval|dead-interval|network) "),
        (_I, r"vrrp (\d+) (priority-level|ipv4|advertisement interval|session description) "),
        (_I, r"(?:channel-group|encapsulation dot1q vlan) "),
        (_BGP, r"router-id "),
        (_BGP, r"(maximum-paths|timers bgp) "),
        (_BGP, r"neighbor (\S+) (remote-as|description|password|update-source|peer group|timers) "),
        (r"router ospf \d+", r"(router-id|max-lsa|maximum-paths|auto-cost reference-bandwidth) "),
        (r"management (?:api|ssh|console|telnet)", r"(idle-timeout|protocol https port) ?"),
        (r"management (?:api|ssh|telnet)", r"ip access-group \S+(?: vrf (\S+))? in$"),
        (r"management (?:api|ssh)", r"vrf \S+", r"ip access-group "),
        (r"route-map \S+ \S+ \d+", r"(description|set (?:local-preference|metric|ip next-hop)) "),
    ),
    apart=((_API, r"protocol https? "), (_I, r"switchport ")),
    negations=(((r"username \S+ (?!ssh-key)",), r"^(username \S+) .*", r"no \1"),),
    ordered=(
        re.compile(r"(ip|ipv6) access-list "),
        re.compile(r"ip prefix-list \S+$"),
        re.compile(r"policy-map "),
    ),
    multiline=(
        Multiline(start=re.compile(r"(?P<head>banner (motd|login))\s*$")),
        Multiline(start=re.compile(r"(?P<head>protocol https certificate)\s*$")),
    ),
    greedy=(re.compile(r"router bgp "),),
    secrets=(
        re.compile(r"^enable (?:secret|password)(?: \w+)? (?P<secret>\S+)$"),
        re.compile(r"^username \S+ .*secret(?: \w+)? (?P<secret>\S+)$"),
        re.compile(r"^snmp-server community (?P<secret>\S+)"),
        re.compile(r"^snmp-server host \S+ (?:version (?:1|2c) )?(?P<secret>(?!version|informs|traps|vrf)\S+)$"),
        re.compile(r"^snmp-server user .* auth (?P<secret>\S+.*)"),
        re.compile(r"^ntp authentication-key \d+ \S+(?: 7)? (?P<secret>\S+)"),
        re.compile(r"^(?:tacacs-server|radius-server) .*key(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^neighbor \S+ password(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^ip ospf (?:authentication-key|message-digest-key \d+ \S+)(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^vrrp \d+ peer authentication (?P<secret>\S+.*)"),
        re.compile(r"^shared-key(?: \d)? (?P<secret>\S+)"),
    ),
    salted=(
        re.compile(r"^enable (?:secret|password)(?: \w+)? (?P<secret>\S+)$"),
        re.compile(r"^username \S+ .*secret(?: \w+)? (?P<secret>\S+)$"),
        re.compile(r"^snmp-server user .* (?P<secret>auth .*)"),
    ),
    login=(
        re.compile(r"^username (?P<user>\S+) "),
        re.compile(r"^enable (secret|password) "),
        re.compile(r"^aaa (authentication login|authorization (exec|commands)) "),
    ),
    settle=without_idle_exceptions,
)
